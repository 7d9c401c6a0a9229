"""An emulator lives no longer than the sandbox that started it, however that one ended."""

from __future__ import annotations

import os
import signal
import threading
import time

CHECK_SECONDS = 1.0
GRACE_SECONDS = 3.0


def stop_with_parent() -> None:
    """Watches the parent process; once it is gone, ends this process and what it started."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_SECONDS)
        _signal_family(signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        _signal_family(signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _signal_family(number: signal.Signals) -> None:
    """The whole group if this process leads one (its workers are in it), else itself alone."""
    if os.getpgid(0) == os.getpid():
        os.killpg(os.getpid(), number)
    else:
        os.kill(os.getpid(), number)
