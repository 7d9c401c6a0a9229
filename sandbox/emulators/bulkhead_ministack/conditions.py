"""Conditions of IAM policies where MiniStack's evaluator is more generous than AWS."""

from __future__ import annotations

from ministack.core import iam_evaluator

from . import MENDS

ARN_PARTS = 6
EVALUATOR = "ministack.core.iam_evaluator"


def arn_like(actual: str, expected: str) -> bool:
    """ArnLike: each of the six parts between colons for itself, so that `*` stays within one.

    Source: IAM user guide, "Amazon Resource Name (ARN) condition operators".
    """
    left, right = actual.split(":", ARN_PARTS - 1), expected.split(":", ARN_PARTS - 1)
    if len(left) < ARN_PARTS or len(right) < ARN_PARTS:
        return expected == "*" or actual == expected
    return all(map(iam_evaluator.fnmatch_iam_cs, left, right))


@MENDS.mend(
    "ARN conditions",
    "a wildcard in ArnLike or ArnEquals does not reach over a colon",
    f"{EVALUATOR}:_op_arn_like",
    f"{EVALUATOR}:_op_arn_not_like",
    f"{EVALUATOR}:_evaluate_single_condition",
)
def _wildcards_stay_in_their_part() -> None:
    operators = iam_evaluator._CONDITION_OPS
    for name in ("arnlike", "arnequals"):
        operators[name] = arn_like
    for name in ("arnnotlike", "arnnotequals"):
        operators[name] = lambda actual, expected: not arn_like(actual, expected)
