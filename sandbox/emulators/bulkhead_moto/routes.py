"""moto's server with the routes that only the front door may call, one request at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from internal_route import PREFIX, is_trusted

from . import MENDS
from .clock import LOCK
from .instance_profiles import mirror_profile
from .lookup import all_backends, find_resource, resource_arn, tags_of

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class Door:
    """WSGI middleware: internal routes are answered here, everything else by moto under the lock."""

    def __init__(self, moto: Application) -> None:
        self._moto = moto

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size) if size else b""
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            return self._internal(environ, start_response, path, body)
        environ["wsgi.input"] = io.BytesIO(body)
        with LOCK:
            return list(self._moto(environ, start_response))

    def _internal(
        self, environ: Environ, start_response: Any, path: str, body: bytes
    ) -> Iterable[bytes]:
        status, answer = "200 OK", b""
        if not is_trusted(environ.get("HTTP_X_BULKHEAD_TOKEN")):
            status, answer = "403 Forbidden", b'{"message":"no sandbox token"}'
        else:
            query = parse_qs(environ.get("QUERY_STRING", ""))
            with LOCK:
                found = respond(path, query, body)
            if found is None:
                status, answer = "404 Not Found", b'{"message":"no such route"}'
            else:
                answer = json.dumps(found).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(answer)))]
        start_response(status, headers)
        return [answer]


def respond(path: str, query: dict[str, list[str]], body: bytes) -> Any | None:
    """The answer of an internal route as JSON, or None if there is no such route."""
    if path == "/_bulkhead/resource":
        ids = [one for text in query.get("ids", []) for one in text.split(",") if one]
        return {one: view for one in ids if (view := describe(one)) is not None}
    if path == "/_bulkhead/checks":
        return MENDS.checks()
    if path == "/_bulkhead/iam":
        return mirror(json.loads(body or b"{}"))
    return None


def describe(resource_id: str) -> dict[str, Any] | None:
    """What IAM conditions need to know: `{arn, tags, vpc?, subnet?, instance?}`, or None."""
    for backend in all_backends():
        resource = find_resource(backend, resource_id)
        if resource is None:
            continue
        view = {
            "arn": resource_arn(backend, resource_id),
            "tags": tags_of(backend, resource_id),
            "vpc": _vpc(resource, resource_id),
            "subnet": _subnet(resource, resource_id),
            "instance": _instance(resource, resource_id),
            "group": getattr(resource, "group_id", None) if resource_id[:4] == "sgr-" else None,
        }
        return {key: value for key, value in view.items() if value is not None}
    return None


def _vpc(resource: Any, resource_id: str) -> str | None:
    return resource_id if resource_id.startswith("vpc-") else getattr(resource, "vpc_id", None)


def _subnet(resource: Any, resource_id: str) -> str | None:
    if resource_id.startswith("subnet-"):
        return resource_id
    return getattr(resource, "subnet_id", None)


def _instance(resource: Any, resource_id: str) -> str | None:
    if resource_id.startswith("i-"):
        return resource_id
    holder = getattr(resource, "instance", None)
    return holder.id if holder is not None else None


def mirror(document: dict[str, Any]) -> dict[str, int]:
    """Copies `{instanceProfiles: [{name, path?, id?}]}` into moto's IAM ahead of their use."""
    profiles = document.get("instanceProfiles") or []
    for backend in all_backends():
        for profile in profiles:
            name = profile["name"]
            mirror_profile(
                backend.account_id, name, profile.get("path", "/"), profile.get("id", f"AIPA{name}")
            )
    return {"instanceProfiles": len(profiles)}
