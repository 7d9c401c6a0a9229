"""Step Functions: task tokens belong to a state machine, and a stopped execution stops."""

from __future__ import annotations

import threading
from typing import Any

from ministack.core import iam_actions
from ministack.services import stepfunctions

from . import MENDS

SERVICE = "ministack.services.stepfunctions"
TOKENS_MAX = 10_000

_here = threading.local()
_machine_by_token: dict[str, str] = {}


@MENDS.mend(
    "task token authorization",
    "SendTask* is authorised for the state machine that the token belongs to, not for `*`",
    f"{SERVICE}:_execute_task",
    f"{SERVICE}:_invoke_with_callback",
    "ministack.core.iam_actions:extract_resource_arn",
)
def _tokens_name_their_machine() -> None:
    # Source: service authorization reference, AWS Step Functions, resource type of SendTaskSuccess.
    execute = stepfunctions._execute_task
    invoke = stepfunctions._invoke_with_callback
    extract = iam_actions.extract_resource_arn

    def execute_task(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        _here.machine = (ctx.get("StateMachine") or {}).get("Id")
        return execute(state_def, raw_input, execution, ctx)

    def invoke_with_callback(resource: Any, input_data: Any, token: str, state_def: Any) -> Any:
        while len(_machine_by_token) >= TOKENS_MAX:
            _machine_by_token.pop(next(iter(_machine_by_token)))
        _machine_by_token[token] = getattr(_here, "machine", None) or "*"
        return invoke(resource, input_data, token, state_def)

    def extract_resource_arn(service: str, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        found = extract(service, method, path, *args, **kwargs)
        if service != "states" or found != "*":
            return found
        bodies = [one for one in (*args, *kwargs.values()) if isinstance(one, bytes)]
        tokens = [iam_actions._safe_json_field(body, "taskToken") for body in bodies]
        return next((_machine_by_token[one] for one in tokens if one in _machine_by_token), found)

    stepfunctions._execute_task = execute_task
    stepfunctions._invoke_with_callback = invoke_with_callback
    iam_actions.extract_resource_arn = extract_resource_arn


@MENDS.mend(
    "stopped executions",
    "after StopExecution no further state is entered and no task is retried",
    f"{SERVICE}:_execute_task",
    f"{SERVICE}:_scaled_sleep",
)
def _stopped_is_stopped() -> None:
    execute = stepfunctions._execute_task
    pause = stepfunctions._scaled_sleep

    def end_if_stopped() -> None:
        execution = getattr(_here, "execution", None)
        if execution is not None and execution.get("status") == "ABORTED":
            # Ends the execution's own thread, and no handler of errors takes it for one.
            raise SystemExit

    def execute_task(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        _here.execution = execution
        end_if_stopped()
        return execute(state_def, raw_input, execution, ctx)

    def scaled_sleep(*args: Any, **kwargs: Any) -> Any:
        result = pause(*args, **kwargs)
        end_if_stopped()
        return result

    stepfunctions._execute_task = execute_task
    stepfunctions._scaled_sleep = scaled_sleep
