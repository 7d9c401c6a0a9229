"""Judges many policies by many calls with MiniStack's evaluator, mended as the sandbox has it.

    python judge_iam.py < question.json > answer.json

The question is `{account, region, roles: [{calls: [{action, resource, context}], variants: [[statement]]}]}`;
the answer has a list per role with a string per variant, one `1` (allowed) or `0` per call.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bulkhead_ministack import MENDS, conditions  # noqa: F401
from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext


def _context_of(call: dict[str, Any], account: str, region: str) -> EvalContext:
    context = {name.lower(): value for name, value in call["context"].items()}
    context.setdefault("aws:tagkeys", None)
    return EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/replayed/replayed",
        principal_type="AssumedRole",
        principal_account=account,
        action=call["action"],
        resource_arn=call["resource"],
        region=region,
        service_context=context,
    )


def judge(question: dict[str, Any]) -> list[list[str]]:
    """One string of `1` and `0` for every variant of every role, in the order of the question."""
    answer = []
    for role in question["roles"]:
        calls = [_context_of(one, question["account"], question["region"]) for one in role["calls"]]
        verdicts = []
        for statements in role["variants"]:
            policies = [iam_evaluator.parse_policy_document({"Statement": statements})]
            allowed = (iam_evaluator.evaluate(one, policies).decision == "Allow" for one in calls)
            verdicts.append("".join("1" if one else "0" for one in allowed))
        answer.append(verdicts)
    return answer


if __name__ == "__main__":
    MENDS.apply()
    json.dump(judge(json.load(sys.stdin)), sys.stdout)
