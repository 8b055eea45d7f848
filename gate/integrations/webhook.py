"""Events to a web address, from the same outbox, signed with HMAC-SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from contextlib import suppress
from typing import Any

import httpx

from gate.errors import BrokerError, StoreError
from gate.integrations.settings import WebhookSettings
from gate.store.store import Store

log = logging.getLogger(__name__)

RECEIVER = "webhook"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What ``X-Gate-Signature`` must be: over time and body, so that neither can be exchanged."""
    return "v1=" + hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


def verify(secret: str, timestamp: str, body: bytes, given: str) -> bool:
    """For receivers; they also refuse a timestamp that is older than five minutes."""
    return hmac.compare_digest(signature(secret, timestamp, body), given)


TIMEOUT = 5.0  # seconds to wait for an answer
BATCH = 50  # events in one request at most: some 30 kB
_ANSWER = 65_536  # bytes of an answer that are read
RETRY_MOST = 300.0  # the longest wait between two attempts, seconds


class Webhook:
    """One thread that posts batches in order. An event leaves the outbox on a 2xx answer."""

    def __init__(
        self,
        settings: WebhookSettings,
        gate: str,
        store: Store,
        *,
        retry_most: float = RETRY_MOST,
        batch: int = BATCH,
    ) -> None:
        self.fault: BrokerError | None = None
        self.delivered = 0
        self._settings = settings
        self._retry_most, self._batch = retry_most, batch
        self._gate = gate
        self._store = store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(TIMEOUT + 5.0)

    def _run(self) -> None:
        wait = 1.0
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            while not self._stopping.is_set():
                try:
                    sent = self._deliver(client)
                except StoreError as error:
                    log.warning("webhook.store", extra={"cause": error.what})
                    sent = None
                except BrokerError as error:
                    if self.fault is None:
                        log.warning("webhook.fault", extra={"cause": error.what})
                    self.fault = error
                    sent = None
                except Exception:  # whatever it is, events wait in the outbox
                    log.exception("webhook.failed")
                    sent = None
                wait = 1.0 if sent is not None else min(2 * wait, self._retry_most)
                if not sent:
                    self._stopping.wait(wait if sent is None else 0.5)

    def _deliver(self, client: httpx.Client) -> int:
        """Post the next batch. How many; raises BrokerError when the receiver does not take it."""
        events = self._store.outbox.next(self._gate, RECEIVER, limit=self._batch)
        if not events:
            return 0
        self._post(client, events)
        self._store.outbox.delivered(
            self._gate, RECEIVER, [int(event["sequence"]) for event in events]
        )
        self.fault = None
        self.delivered += len(events)
        return len(events)

    def _post(self, client: httpx.Client, events: list[dict[str, Any]]) -> None:
        body = json.dumps({"events": events}, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Gate": self._gate,
            "X-Gate-Timestamp": timestamp,
            "X-Gate-Signature": signature(
                self._settings.secret.get_secret_value(), timestamp, body
            ),
            # the same for a repeated attempt
            "Idempotency-Key": hashlib.sha256(body).hexdigest()[:32],
        }
        where = str(httpx.URL(self._settings.url).copy_with(userinfo=b"", query=None))
        try:
            with client.stream("POST", self._settings.url, content=body, headers=headers) as answer:
                status, taken = answer.status_code, answer.is_success
                _read(answer)
        except httpx.HTTPError as error:
            raise BrokerError(
                f"the webhook does not answer: {type(error).__name__}",
                where=where,
                hint="check [webhook] url; events wait meanwhile",
            ) from error
        if not taken:
            raise BrokerError(
                f"the webhook answers {status}",
                where=where,
                hint="check the receiver and [webhook] secret; events wait meanwhile",
            )


def _read(answer: httpx.Response) -> None:
    """The rest of an answer, so that the connection serves again; one without end is cut off."""
    size, end = 0, time.monotonic() + TIMEOUT
    with suppress(httpx.HTTPError):  # it has said whether it took them
        for chunk in answer.iter_raw():
            size += len(chunk)
            if size > _ANSWER or time.monotonic() > end:
                return
