"""PutEvents: the sandbox itself may speak for AWS services, and an event keeps its time."""

from __future__ import annotations

import contextvars
import json
from datetime import datetime
from typing import Any

from ministack.core.iam_evaluator import is_root_access_key
from ministack.core.router import extract_access_key_id
from ministack.services import eventbridge

from . import MENDS

SERVICE = "ministack.services.eventbridge"

_may_speak_for_aws: contextvars.ContextVar[bool] = contextvars.ContextVar("speaks", default=False)
_time: contextvars.ContextVar[float | None] = contextvars.ContextVar("event_time", default=None)


def seconds(given: Any) -> float | None:
    """An entry's `Time` (epoch seconds, or ISO 8601) as epoch seconds; None if it has none."""
    if isinstance(given, bool) or given in (None, ""):
        return None
    if isinstance(given, (int, float)):
        return float(given)
    try:
        return datetime.fromisoformat(str(given).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


@MENDS.mend(
    "event sources",
    "the account's root (the front door) may put events of `aws.*`, so that deployed rules match them",
    f"{SERVICE}:handle_request",
    f"{SERVICE}:_put_events",
    "ministack.core.iam_evaluator:is_root_access_key",
    "ministack.core.router:extract_access_key_id",
)
def _root_speaks_for_aws() -> None:
    handle = eventbridge.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Any:
        key = extract_access_key_id(headers, query_params) or ""
        token = _may_speak_for_aws.set(bool(key) and is_root_access_key(key))
        try:
            return await handle(method, path, headers, body, query_params)
        finally:
            _may_speak_for_aws.reset(token)

    eventbridge.handle_request = handle_request


@MENDS.mend(
    "event time",
    "`time` is the entry's Time in whole seconds, not the moment of the call",
    f"{SERVICE}:_put_events",
    f"{SERVICE}:_now_ts",
)
def _events_keep_their_time() -> None:
    put, now = eventbridge._put_events, eventbridge._now_ts

    def put_events(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        entries = data.get("Entries", [])
        allowed = allow_aws_source or _may_speak_for_aws.get()
        if len(entries) != 1:
            if not any(seconds(entry.get("Time")) for entry in entries) or len(entries) > 10:
                return put(data, allowed)
            return _one_by_one(entries, put_events)
        token = _time.set(seconds(entries[0].get("Time")))
        try:
            return put(data, allowed)
        finally:
            _time.reset(token)

    def now_or_event_time() -> float:
        stated = _time.get()
        return now() if stated is None else stated

    eventbridge._put_events = put_events
    eventbridge._now_ts = now_or_event_time


def _one_by_one(entries: list[dict[str, Any]], put_events: Any) -> Any:
    """Each entry with its own time, in order; one answer for all."""
    results: list[dict[str, Any]] = []
    failed = 0
    answer: Any = None
    for entry in entries:
        answer = put_events({"Entries": [entry]})
        document = json.loads(answer[2])
        results += document["Entries"]
        failed += document["FailedEntryCount"]
    whole = json.dumps({"FailedEntryCount": failed, "Entries": results}).encode()
    return (answer[0], answer[1], whole)
