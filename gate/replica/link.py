"""The connection to the hub: one of its addresses at a time, the next one when that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gate.errors import StoreError
from gate.replica.identity import Identity
from gate.replica.reach import why_not, why_status

_CONNECT, _READ = 3.0, 10.0  # seconds
_POLL_MORE = 5.0  # seconds beyond a long poll after which the link counts as frozen


class ShutOutError(Exception):
    """The hub knows this box and no longer accepts it; the reason is the message."""


class UnreachableError(Exception):
    """No answer, or none that can be used; the cause in words is the message.

    ``answered``: by the hub, which cannot do it now (its disk is full, its database away).
    """

    answered = False


class Link:
    """Belongs to one event loop. ``get`` and ``post`` raise ShutOutError and UnreachableError."""

    def __init__(
        self, identity: Identity, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._urls = list(identity.urls)
        self._client = httpx.AsyncClient(
            verify=identity.tls(),
            timeout=httpx.Timeout(_READ, connect=_CONNECT),
            limits=httpx.Limits(max_keepalive_connections=4, keepalive_expiry=55),
            transport=transport,
            trust_env=False,
        )

    @property
    def url(self) -> str:
        return self._urls[0]

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, hold: float = 0.0, **query: Any) -> dict[str, Any]:
        """``hold`` is for how long the hub may hold the answer back."""
        timeout = httpx.Timeout(max(_READ, hold + _POLL_MORE), connect=_CONNECT)
        return await self._call("GET", path, params=query, timeout=timeout)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._call("POST", path, json=body)

    async def piece(self, path: str, start: int) -> bytes | None:
        """Bytes of a file from ``start``; None where the hub does not have it."""
        try:
            response = await self._client.get(self.url + path, params={"start": start})
        except (httpx.HTTPError, OSError) as error:
            raise self._failed(why_not(error)) from error
        if response.status_code == 404:
            return None
        self._judge(response)
        return response.content

    @asynccontextmanager
    async def stream(self, path: str, **query: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of a long answer, piece by piece as it comes."""
        try:
            async with self._client.stream("GET", self.url + path, params=query) as response:
                if response.status_code != 200:
                    await response.aread()
                    self._judge(response)
                yield response.aiter_bytes()
        except (httpx.HTTPError, OSError) as error:
            raise self._failed(why_not(error)) from error

    async def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, self.url + path, **more)
        except (httpx.HTTPError, OSError) as error:
            raise self._failed(why_not(error)) from error
        self._judge(response)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError as error:
            raise self._failed(why_not(error)) from error
        return answer

    def _judge(self, response: httpx.Response) -> None:
        if response.status_code == 410:
            raise ShutOutError(str(_detail(response).get("detail", "revoked")))
        if response.status_code == 422 and "error" in (detail := _detail(response)):
            raise StoreError(
                f"the hub refuses: {detail['error']}",
                where=f"{self.url}, {detail.get('where', '')}",
                hint=str(detail.get("hint", "")),
            )
        if response.status_code != 200:
            failed = self._failed(why_status(response.status_code))
            failed.answered = response.status_code == 503
            raise failed

    def _failed(self, why: StoreError) -> UnreachableError:
        """The next address is tried from now on."""
        self._urls.append(self._urls.pop(0))
        return UnreachableError(why.what)


def _detail(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
