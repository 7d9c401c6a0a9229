"""What roles asked of IAM, kept for whoever wants to replay it (test/e2e/iam.e2e.ts)."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, EvalResult

from . import MENDS

EVALUATOR = "ministack.core.iam_evaluator"
# Taken out of the environment, which functions inherit.
WANTED = os.environ.pop("BULKHEAD_RECORD_IAM", "") == "1"

_judging_resource = threading.local()
_lock = threading.Lock()
_calls: dict[str, dict[str, Any]] = {}


@MENDS.mend(
    "IAM record",
    "every question about an assumed role, whichever emulator serves the call, is kept (once each)",
    f"{EVALUATOR}:evaluate",
    f"{EVALUATOR}:evaluate_resource_policy",
    f"{EVALUATOR}:EvalContext",
)
def _questions_are_kept() -> None:
    if not WANTED:
        return
    evaluate = iam_evaluator.evaluate
    evaluate_resource_policy = iam_evaluator.evaluate_resource_policy

    def evaluate_and_keep(ctx: EvalContext, policies: Any, *limits: Any) -> EvalResult:
        result = evaluate(ctx, policies, *limits)
        if ctx.principal_type == "AssumedRole" and not getattr(_judging_resource, "on", False):
            _keep(ctx, result.decision)
        return result

    def resource_policy(*args: Any, **kwargs: Any) -> EvalResult:
        # The same question to another document: a queue's or a bucket's own policy.
        before = getattr(_judging_resource, "on", False)
        _judging_resource.on = True
        try:
            return evaluate_resource_policy(*args, **kwargs)
        finally:
            _judging_resource.on = before

    iam_evaluator.evaluate = evaluate_and_keep
    iam_evaluator.evaluate_resource_policy = resource_policy


def _keep(ctx: EvalContext, decision: str) -> None:
    context = {name: value for name, value in ctx.service_context.items() if value is not None}
    call = {
        "role": ctx.principal_arn.split("/")[1],
        "action": ctx.action,
        "resource": ctx.resource_arn,
        "context": context,
        "decision": decision,
    }
    key = json.dumps(call, sort_keys=True, default=str)
    with _lock:
        _calls.setdefault(key, {**call, "count": 0})["count"] += 1


def recorded_calls() -> list[dict[str, Any]]:
    """`[{role, action, resource, context, decision, count}]`, context keys in lower case.

    `decision` is that of the role's own policies: Allow, Deny or ImplicitDeny. Empty unless this
    process was started with BULKHEAD_RECORD_IAM=1.
    """
    with _lock:
        return [dict(call) for call in _calls.values()]
