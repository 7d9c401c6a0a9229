"""Starts moto, mended: EC2, ECS and Auto Scaling as the sandbox needs them.

    python moto_launch.py [-H HOST] [-p PORT]      serve (default 127.0.0.1:5000)
    python moto_launch.py --shapes                 print the fingerprints for shapes.json

Environment: BULKHEAD_FRONT_DOOR and BULKHEAD_SANDBOX_TOKEN (where events go, and the secret that
guards internal routes), MOTO_ACCOUNT_ID, BULKHEAD_STATE_SECONDS (how long passing states last).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from typing import Any

from internal_route import front_door
from lifeline import stop_with_parent
from mending import MendRefused

EXIT_MEND_REFUSED = 3


def _load_mends() -> Any:
    from bulkhead_moto import (  # noqa: F401
        MENDS,
        acls,
        authorize,
        filters,
        groups,
        instance_profiles,
        instances,
        interfaces,
        launch,
        paging,
        peering,
        scaling,
        services,
        tagging,
        tasks,
    )

    return MENDS


def _serve(host: str, port: int) -> None:
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import run_simple

    from bulkhead_moto.routes import Door

    class Handler(MotoRequestHandler):
        """Keeps connections open and logs errors only."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if str(code).startswith("5"):
                super().log_request(code, size)

    os.environ.setdefault("MOTO_PORT", str(port))
    application = Door(DomainDispatcherApplication(create_backend_app))
    run_simple(host, port, application, threaded=True, request_handler=Handler)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-H", "--host", default="127.0.0.1")
    parser.add_argument("-p", "--port", type=int, default=int(os.environ.get("MOTO_PORT", "5000")))
    parser.add_argument("--shapes", action="store_true")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    mends = _load_mends()
    try:
        if options.shapes:
            print(json.dumps(mends.shapes(), indent=2))
            return 0
        mends.apply()
    except MendRefused as error:
        print(f"moto cannot be started: {error}", file=sys.stderr)
        return EXIT_MEND_REFUSED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if front_door() is not None:
        stop_with_parent()
    _serve(options.host, options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
