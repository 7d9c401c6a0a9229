"""One lock for all state, and things that happen a little later.

moto's backends are plain dictionaries without locks. Every request and every later step runs under
LOCK, so that each API call is atomic and no reader meets a half-made change.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable

LOCK = threading.RLock()

logger = logging.getLogger("bulkhead.moto")

STEP_SECONDS = float(os.environ.get("BULKHEAD_STATE_SECONDS", "0.25"))
"""How long an instance or task stays in a passing state; on AWS this takes seconds to minutes."""


class Clock:
    """Runs actions in the order of their due times, each under LOCK, on one thread of its own."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Runs `action` once, `seconds` from now; an error in it is logged and hurts nobody else."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                if not self._due:
                    self._changed.wait()
                    continue
                wait = self._due[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)

    def _run(self) -> None:
        while True:
            action = self._next()
            try:
                with LOCK:
                    action()
            except Exception:
                logger.exception("a later step failed")


CLOCK = Clock()
