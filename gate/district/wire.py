"""The way between a box and its hub, with what can happen on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from gate.replica.identity import Identity
from gate.replica.link import Link


@dataclass(slots=True)
class Wire:
    """State of one box's way to the hub; changed from any thread.

    Attributes:
        cut: connections fail at once.
        frozen: nothing comes back before the time-out of whoever asked.
        twice: every message arrives twice, as when an answer was lost and it is sent again.
    """

    cut: bool = False
    frozen: bool = False
    twice: bool = False

    def connect(self, identity: Identity) -> Link:
        """For ``Replica``: a link that goes over this wire."""
        return Link(identity, _Transport(self, identity))


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, wire: Wire, identity: Identity) -> None:
        self._wire = wire
        limits = httpx.Limits(max_keepalive_connections=4, keepalive_expiry=55)
        self._real = httpx.AsyncHTTPTransport(verify=identity.tls(), limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wire = self._wire
        if wire.cut:
            raise httpx.ConnectError("cut", request=request)
        if wire.frozen:
            await self._freeze(request)
        if wire.twice and request.method == "POST":
            first = await self._real.handle_async_request(request)
            await first.aread()
            await first.aclose()
        response = await self._real.handle_async_request(request)
        if wire.cut or wire.frozen:  # it was asked before: the answer is lost on its way
            await response.aclose()
            raise httpx.ReadError("cut", request=request)
        return response

    async def _freeze(self, request: httpx.Request) -> None:
        patience = request.extensions.get("timeout", {}).get("read") or 10.0
        end = asyncio.get_running_loop().time() + patience
        while self._wire.frozen:
            if asyncio.get_running_loop().time() > end:
                raise httpx.ReadTimeout("frozen", request=request)
            await asyncio.sleep(0.1)

    async def aclose(self) -> None:
        await self._real.aclose()
