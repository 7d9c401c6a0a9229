"""Lambda: errors keep their names, and FIFO groups do not wait for each other."""

from __future__ import annotations

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from . import MENDS

SERVICE = "ministack.services.lambda_svc"
IDLE_GAP_SECONDS = 0.002
GENERIC_ERROR = "Runtime.HandlerError"

_last = threading.local()


@MENDS.mend(
    "Lambda error names",
    "errorType is the JavaScript error's name, so that Step Functions can catch it",
    "ministack.core.lambda_runtime:_NODEJS_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:Worker.invoke",
    f"{SERVICE}:_execute_function_warm",
)
def _errors_keep_their_names() -> None:
    lambda_runtime._NODEJS_WORKER_SCRIPT = (
        lambda_runtime._NODEJS_WORKER_SCRIPT
    ).replace(
        'trace: err.stack || ""',
        'trace: err.stack || "", errorType: (err && err.name) || "Error"',
    ).replace(
        "error: e.message, trace: e.stack\n",
        'error: e.message, trace: e.stack, errorType: (e && e.name) || "Error"\n',
    )
    invoke = lambda_runtime.Worker.invoke
    execute = lambda_svc._execute_function_warm

    def invoke_and_note(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        result = invoke(self, *args, **kwargs)
        _last.error_type = result.get("errorType") if result.get("status") == "error" else None
        return result

    def execute_with_name(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _last.error_type = None
        result = execute(func, event, request_id)
        body = result.get("body")
        named = getattr(_last, "error_type", None)
        if result.get("error") and named and isinstance(body, dict):
            if body.get("errorType") == GENERIC_ERROR:
                body["errorType"] = named
        return result

    lambda_runtime.Worker.invoke = invoke_and_note
    lambda_svc._execute_function_warm = execute_with_name


@MENDS.mend(
    "FIFO event source",
    "batches of different message groups run side by side, up to MaximumConcurrency",
    f"{SERVICE}:_sqs_esm_concurrency",
    f"{SERVICE}:_poll_sqs",
    f"{SERVICE}:_run_sqs_batch",
    "ministack.services.sqs:_collect_fifo",
    "ministack.services.sqs:_receive_messages_for_esm",
)
def _groups_run_side_by_side() -> None:
    # SQS hands out no message of a group that has one in flight (_collect_fifo), so two batches
    # never share a group and the order within each group holds.
    original = lambda_svc._sqs_esm_concurrency

    def concurrency(esm: Any, func_rec: Any, config: Any, queue: Any = None) -> int:
        return original(esm, func_rec, config, None)

    lambda_svc._sqs_esm_concurrency = concurrency


@MENDS.mend(
    "event source wake-up",
    "after a batch the poller listens again within 2 ms instead of 50 (speed only)",
    f"{SERVICE}:_poll_loop",
    f"{SERVICE}:_ESM_IDLE_WAKE_GAP_SECONDS",
)
def _poller_listens_soon() -> None:
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = IDLE_GAP_SECONDS
