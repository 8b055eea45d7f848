"""Records to an HTTP(S) address. Nothing the receiver answers is believed without a check."""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from typing import Any

import httpx

from gate.errors import ConfigurationError
from gate.exporting.formats import flat
from gate.exporting.mapping import Mapping
from gate.exporting.settings import ExportSettings
from gate.exporting.signing import signer
from gate.exporting.target import Batch, DeliveryError, Receipt, RefusedError
from gate.integrations.tls import client_context

_LONGEST = 64 << 10  # bytes of an answer that are read
_REFUSING = frozenset({400, 409, 413, 415, 422})  # of the records, not of the sender


class HttpTarget:
    """One client with its connection kept open. Raises ConfigurationError: certificates, key."""

    def __init__(self, settings: ExportSettings, gate: str, mapping: Mapping) -> None:
        self._settings = settings
        self._gate = gate
        self._mapping = mapping
        self._sign = signer(settings)
        self._base = str(httpx.URL(settings.url)).rstrip("/")
        self._where = settings.place
        self._client = httpx.AsyncClient(
            verify=_context(settings), timeout=settings.timeout, follow_redirects=False
        )

    async def deliver(self, batch: Batch) -> Receipt:
        headers = {"Content-Type": batch.content_type, "Idempotency-Key": batch.key}
        headers["X-Gate-Kind"] = batch.kind
        headers["X-Gate-Digest"] = "sha-256=" + hashlib.sha256(batch.body).hexdigest()
        if batch.kind != "person":
            headers["X-Gate-Epoch"] = str(batch.epoch)
            headers["X-Gate-Sequence"] = f"{batch.positions[0]}-{batch.positions[-1]}"
        status, body, wait = await self._ask("POST", batch.path, batch.body, headers)
        self._judge(status, wait)
        answer = self._json(body)
        code = self._mapping.answer.field
        if code:
            value = flat(answer, code)
            # 1 == True in Python; a platform means them differently
            if not any(v == value and type(v) is type(value) for v in self._mapping.answer.success):
                raise self._not_taken(f"the platform answers {_short(value)} in {code}", wait)
        return Receipt(self._acknowledged(answer, batch))

    async def position(self) -> tuple[int, int] | None:
        resume = self._mapping.resume
        if not resume.path:
            return None
        status, body, wait = await self._ask("GET", resume.path, b"", {})
        if status == 404:
            return None
        self._judge(status, wait)
        answer = self._json(body)
        epoch, sequence = flat(answer, resume.epoch), flat(answer, resume.position)
        if epoch is None and sequence is None:
            return (0, 0)  # it has nothing yet
        if not isinstance(epoch, int) or not isinstance(sequence, int):
            raise self._not_taken("the platform does not say which record came last")
        return (epoch, sequence)

    async def close(self) -> None:
        await self._client.aclose()

    def _acknowledged(self, answer: Any, batch: Batch) -> int | None:
        """The position the answer names. It must be one of the batch, or just before it."""
        field = self._mapping.answer.position
        if not field or batch.kind == "person":
            return None
        position = flat(answer, field)
        if not isinstance(position, int) or isinstance(position, bool):
            raise self._not_taken(f"the platform does not answer {field}")
        if position > batch.positions[-1]:
            raise self._not_taken("the platform acknowledges records it was not sent")
        if position < batch.positions[0]:
            raise self._not_taken("the platform acknowledges none of the records")
        return position

    async def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes, float]:
        timestamp = str(int(time.time()))
        headers = {
            **self._mapping.headers,
            "X-Gate": self._gate,
            "X-Gate-Timestamp": timestamp,
            **headers,
        }
        if self._sign is not None:
            headers["X-Gate-Signature"] = self._sign(timestamp, body)
        if token := self._settings.token.get_secret_value():
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self._base}/{path.lstrip('/')}" if path else self._base
        try:
            async with self._client.stream(method, url, content=body, headers=headers) as answer:
                got = b""
                async for piece in answer.aiter_bytes():
                    got += piece
                    if len(got) > _LONGEST:
                        raise self._not_taken("the platform's answer does not end")
                return answer.status_code, got, _retry_after(answer.headers)
        except httpx.ConnectError as error:
            raise self._not_taken(_cause(error), certain=True) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._not_taken(_cause(error)) from None

    def _judge(self, status: int, wait: float) -> None:
        if 200 <= status < 300:
            return
        if status in _REFUSING:
            raise RefusedError(
                f"the platform refuses the records: {status}",
                where=self._where,
                hint="compare the mapping with the platform's description",
            )
        # a client error or a redirection took nothing; after a server error nobody knows
        raise self._not_taken(f"the platform answers {status}", wait, certain=status < 500)

    def _json(self, body: bytes) -> Any:
        if (
            not self._mapping.answer.field
            and not self._mapping.answer.position
            and body[:1] != b"{"
        ):
            return {}
        try:
            return json.loads(body)
        except ValueError:
            raise self._not_taken("the platform's answer is cut short or not JSON") from None

    def _not_taken(self, what: str, wait: float = 0.0, *, certain: bool = False) -> DeliveryError:
        return DeliveryError(
            what,
            where=self._where,
            hint="records wait meanwhile; check url, token and the platform",
            certain=certain,
            wait=wait,
        )


def _context(settings: ExportSettings) -> ssl.SSLContext | bool:
    if not settings.url.startswith("https"):
        return True
    try:
        return client_context(settings.ca, settings.certificate, settings.key)
    except OSError as error:
        raise ConfigurationError(
            f"the certificates of the export cannot be used: {type(error).__name__}",
            where=f"[[export]] {settings.name}",
            hint="check ca, certificate and key",
        ) from None


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds only: a date would depend on the platform's clock."""
    given = headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() and len(given) < 7 else 0.0


def _cause(error: Exception) -> str:
    return f"the platform cannot be reached: {type(error).__name__}"


def _short(value: object) -> str:
    return repr(value)[:40]
