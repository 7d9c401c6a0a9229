"""What both emulators need to answer the front door on routes that are no part of AWS."""

from __future__ import annotations

import hmac
import os

PREFIX = "/_bulkhead/"
TOKEN_HEADER = "x-bulkhead-token"

_TOKEN = os.environ.get("BULKHEAD_SANDBOX_TOKEN", "")


def front_door() -> str | None:
    """Address of the front door, `http://host:port`, or None when the emulator runs by itself."""
    return os.environ.get("BULKHEAD_FRONT_DOOR") or None


def sandbox_token() -> str:
    """The secret that this sandbox's processes share; empty when none was given."""
    return _TOKEN


def hide_token() -> None:
    """Takes the secret out of the environment, which Lambda functions would inherit."""
    os.environ.pop("BULKHEAD_SANDBOX_TOKEN", None)


def is_trusted(given: str | None) -> bool:
    """Whether a request carries this sandbox's token. Without a token nobody is trusted."""
    return bool(_TOKEN) and hmac.compare_digest((given or "").encode(), _TOKEN.encode())
