"""Starts MiniStack, mended: everything of AWS that the sandbox needs but EC2, ECS and Auto Scaling.

    python ministack_launch.py                     serve (MiniStack's own environment variables)
    python ministack_launch.py --shapes            print the fingerprints for shapes.json

Environment: BIND_HOST, GATEWAY_PORT, AWS_ENDPOINT_URL, AUTH, NODE_PATH as MiniStack reads them, and
BULKHEAD_SANDBOX_TOKEN, the secret that guards internal routes; BULKHEAD_RECORD_IAM=1 keeps what roles
ask of IAM (record.py). Functions inherit this environment, so both are taken out of it before
anything runs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from internal_route import front_door, hide_token
from lifeline import stop_with_parent
from mending import MendRefused

EXIT_MEND_REFUSED = 3


def _load_mends() -> Any:
    from bulkhead_ministack import (  # noqa: F401
        MENDS,
        conditions,
        events,
        functions,
        record,
        routes,
        state_machines,
    )

    return MENDS


def _stand_apart() -> None:
    """Keeps this process to itself: no life after the sandbox, no other
    listener, no secret for functions to inherit.

    Functions are unpacked below TMPDIR; a package.json there, empty as on AWS, says that their
    plain `.js` files are not of the module type of whatever project TMPDIR lies in.
    """
    hide_token()
    if front_door() is not None:
        stop_with_parent()
    os.environ.setdefault("IOT_MTLS_ENABLED", "0")
    scratch = os.environ.get("TMPDIR")
    if scratch:
        Path(scratch, "package.json").write_text("{}\n", "utf-8")


def main() -> int:
    _stand_apart()
    mends = _load_mends()
    try:
        if "--shapes" in sys.argv[1:]:
            print(json.dumps(mends.shapes(), indent=2))
            return 0
        mends.apply()
    except MendRefused as error:
        print(f"MiniStack cannot be started: {error}", file=sys.stderr)
        return EXIT_MEND_REFUSED
    from ministack import app

    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
