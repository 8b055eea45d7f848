"""The entry status over HTTP.

Request: POST with ``{"person": pseudonym}``. Answer: 200 with
``{"items": {"code": {"good": true, "value": "green"}, …}}``; docs/status.md has the details.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from gate.access.entry_status import Answer, StatusItem
from gate.access.status_settings import THREADS, StatusSettings
from gate.errors import AccessError

_MOST_BYTES = 16_384
_MOST_ITEMS = 40
_MOST_CHARACTERS = 24  # of a value; it has to fit the screen


class StatusError(AccessError):
    """The status service does not answer as it should."""


class HttpStatus:
    """Shared by the threads that ask; connections are kept open.

    ``monotonic`` is the clock the budget is measured by: it bounds the whole answer, where
    time-outs of a socket would restart with every byte a slow service sends.
    """

    def __init__(self, settings: StatusSettings, monotonic: Callable[[], float]) -> None:
        self._url, self._budget, self._monotonic = settings.url, settings.budget, monotonic
        token = settings.token.get_secret_value()
        self._client = httpx.Client(
            headers={
                "Accept-Encoding": "identity",  # read as it comes, byte by byte
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            timeout=settings.budget,
            limits=httpx.Limits(max_connections=THREADS),
            trust_env=False,
        )

    def ask(self, ref: str) -> Answer:
        """Raises StatusError."""
        until = self._monotonic() + self._budget
        body = b""
        try:
            with self._client.stream("POST", self._url, json={"person": ref}) as response:
                if response.status_code != 200:
                    raise self._wrong(f"it answered {response.status_code}")
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise self._wrong(f"its answer is longer than {_MOST_BYTES} bytes")
                    if self._monotonic() > until:
                        raise self._wrong("it did not finish in time")
        except httpx.TimeoutException:
            raise self._wrong(f"it did not answer within {self._budget:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:
            raise self._wrong(str(error) or type(error).__name__) from None
        return self._read(body)

    def close(self) -> None:
        self._client.close()

    def _read(self, body: bytes) -> Answer:
        """Whatever the answer calls itself, it has to be JSON of the right shape."""
        try:
            items = json.loads(body)["items"]
            if len(items) > _MOST_ITEMS:
                raise self._wrong(f"it lists more than {_MOST_ITEMS} items")
            return {str(name): _item(said) for name, said in items.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._wrong("its answer does not have the agreed form") from None

    def _wrong(self, why: str) -> StatusError:
        return StatusError(
            f"the status service cannot be used: {why}",
            where=f"[status] url {self._url}",
            hint="check the service; people pass meanwhile as [[status.items]] unavailable says",
        )


def _item(said: Any) -> StatusItem:
    good = said["good"]
    if good is not None and not isinstance(good, bool):
        raise TypeError("good is true, false or null")
    value = said.get("value", "")
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise TypeError("value is a word or a number")
    words = "".join(c for c in str(value) if c.isprintable())
    return StatusItem(good, words[:_MOST_CHARACTERS])
