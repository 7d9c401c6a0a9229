"""Events on their way to the front door: an ordered queue that no API call ever waits for."""

from __future__ import annotations

import http.client
import json
import logging
import queue
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from internal_route import TOKEN_HEADER, front_door, sandbox_token

logger = logging.getLogger("bulkhead.moto")

EVENTS_PATH = "/_bulkhead/events"
BATCH_MAX = 10
RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0)
SEND_TIMEOUT_SECONDS = 10

Entry = dict[str, Any]


class Outbox:
    """Sends entries in the order they were put, a few at a time; a lost one is logged by name."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: http.client.HTTPConnection | None = None

    def put(self, source: str, detail_type: str, resources: list[str], detail: Entry) -> None:
        """Queues one event, stamped with the present second, as EventBridge stamps it."""
        if front_door() is None:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._waiting.put(
            {
                "Source": source,
                "DetailType": detail_type,
                "Detail": detail,
                "Resources": resources,
                "Time": now,
            }
        )
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < BATCH_MAX and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._deliver(batch)

    def _deliver(self, batch: list[Entry]) -> None:
        body = json.dumps({"entries": batch}).encode()
        problem = ""
        for pause in (0.0, *RETRY_SECONDS):
            time.sleep(pause)
            try:
                status = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                problem = str(error) or type(error).__name__
                self._connection = None
                continue
            if status < 300:
                return
            problem = f"status {status}"
            if status < 500 and status != 429:
                break
        for entry in batch:
            logger.error(
                "event lost: %s %s (%s)", entry["DetailType"], entry["Resources"], problem
            )

    def _post(self, body: bytes) -> int:
        address = urlsplit(front_door() or "")
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                address.hostname or "127.0.0.1", address.port, timeout=SEND_TIMEOUT_SECONDS
            )
        headers = {"content-type": "application/json", TOKEN_HEADER: sandbox_token()}
        self._connection.request("POST", EVENTS_PATH, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


OUTBOX = Outbox()
