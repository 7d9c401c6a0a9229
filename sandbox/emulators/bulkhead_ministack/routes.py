"""MiniStack's server with the routes that only the front door may call."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from internal_route import PREFIX, TOKEN_HEADER, is_trusted
from ministack import app as ministack_app

from . import MENDS
from .authorize import authorize
from .record import recorded_calls

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@MENDS.mend(
    "internal routes",
    "POST /_bulkhead/authorize, GET /_bulkhead/checks and /_bulkhead/iam-record, for the front door alone",
    "ministack.app:app",
    "ministack.app:main",
    "ministack.core.iam_evaluator:resolve_principal",
    "ministack.core.iam_evaluator:resolve_credential",
    "ministack.core.iam_evaluator:evaluate",
    "ministack.core.iam_evaluator:EvalContext",
    "ministack.core.lambda_runtime:execution_credentials",
)
def _routes_are_added() -> None:
    original = ministack_app.app

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await _answer(scope, receive, send)
        else:
            await original(scope, receive, send)

    ministack_app.app = app


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    body = await _read(receive)
    status, document = 404, {"message": "no such route"}
    if not is_trusted(headers.get(TOKEN_HEADER, b"").decode("latin-1")):
        status, document = 403, {"message": "no sandbox token"}
    elif (scope["method"], scope["path"]) == ("POST", "/_bulkhead/authorize"):
        status, document = _try_authorize(body)
    elif (scope["method"], scope["path"]) == ("GET", "/_bulkhead/checks"):
        status, document = 200, MENDS.checks()
    elif (scope["method"], scope["path"]) == ("GET", "/_bulkhead/iam-record"):
        status, document = 200, recorded_calls()
    payload = json.dumps(document).encode()
    plain = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))]
    await send({"type": "http.response.start", "status": status, "headers": plain})
    await send({"type": "http.response.body", "body": payload})


def _try_authorize(body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        question = json.loads(body)
        if not isinstance(question, dict):
            raise ValueError("an object was expected")
        return 200, authorize(question)
    except (ValueError, KeyError, TypeError) as error:
        return 400, {"message": f"the question cannot be read: {error}"}


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
