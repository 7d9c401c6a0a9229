"""Starts MiniStack, mended: everything of AWS that the sandbox needs but EC2, ECS and Auto Scaling.

    python ministack_launch.py                     serve (MiniStack's own environment variables)
    python ministack_launch.py --shapes            print the fingerprints for shapes.json

Environment: BIND_HOST, GATEWAY_PORT, AWS_ENDPOINT_URL, AUTH, NODE_PATH as MiniStack reads them, and
BULKHEAD_SANDBOX_TOKEN, the secret that guards internal routes. Functions inherit this environment,
so the token is taken out of it before anything runs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mending import MendRefused

EXIT_MEND_REFUSED = 3


def _load_mends() -> Any:
    from bulkhead_ministack import (  # noqa: F401
        MENDS,
        conditions,
        events,
        functions,
        routes,
    )

    return MENDS


def main() -> int:
    from internal_route import hide_token

    hide_token()
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
