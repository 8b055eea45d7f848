"""What a box asks its hub for over a link that may break, and how it takes in everything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from gate.clock import Clock
from gate.errors import ModelError, StoreError
from gate.replica.apply import STOPPED, Applier, Cursor
from gate.replica.configuration import EVERY, Configurer
from gate.replica.contact import State
from gate.replica.link import Link, UnreachableError
from gate.replica.models import MissingFile
from gate.replica.snapshot import Arriving, apply_snapshot
from gate.store.engine import pieces
from gate.store.store import Store

log = logging.getLogger(__name__)

_MOST, _FEWEST = 500, 8  # changes
_TOLD = 60.0  # seconds between two lines of the log
_PROOFS = 500  # signatures in one message


class Portions:
    """How many changes to ask the feed for: half as many after each answer that did not come, for
    the link may break before all of it has, and twice as many after one that did."""

    def __init__(self) -> None:
        self._next = _MOST

    def asked(self) -> int:
        now, self._next = self._next, max(_FEWEST, self._next // 2)
        self._last = now
        return now

    def came(self) -> None:
        self._next = min(_MOST, 2 * self._last)


async def show_history(link: Link, applier: Applier) -> None:
    """Show the hub who had been deleted and what was blocked: it may have been put back from a
    backup while nobody could see its numbers go back, as after a lease."""
    for name, read in (("erased", applier.proofs), ("blocked", applier.blocked)):
        proofs: Mapping[str, object] = await asyncio.to_thread(read)
        for some in pieces(proofs.items(), _PROOFS):
            await link.post("/history", {"erased": {}, name: dict(some)})


async def receive(link: Link, arriving: Arriving, state: State, clock: Clock) -> None:
    """What is missing, as far as the link holds; the next time the hub goes on behind it. Raises
    as ``Link`` and ``Arriving.write`` do."""
    told = clock.monotonic()
    try:
        async with link.stream("/snapshot", **arriving.asked()) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(arriving.write, chunk)
                state.loading = arriving.done, arriving.of
                if clock.monotonic() - told > _TOLD:
                    told = clock.monotonic()
                    _tell(arriving)
    except UnreachableError:
        if arriving.begun:
            _tell(arriving)
        raise


def take(store: Store, applier: Applier, arriving: Arriving, path: Path) -> tuple[int, int, Cursor]:
    """Apply what has arrived, as ``apply_snapshot``, and keep it no longer; unless that was only
    put off, or the register cannot be written now."""
    try:
        done = apply_snapshot(applier, path)
    except StoreError as error:
        if error.where not in (store.database.where, STOPPED):
            arriving.drop()
        raise
    except Exception:
        arriving.drop()
        raise
    arriving.drop()
    return done


async def fetch(link: Link, configurer: Configurer, wanted: MissingFile) -> None:
    """One piece of a model file; so nothing else waits, and a cut link costs one piece."""
    start = await asyncio.to_thread(lambda: wanted.there)
    piece = b""
    if start < wanted.size:
        got = await link.piece(f"/models/{wanted.file.sha256}", start)
        if got is None:
            why = f"{wanted.file.name} is neither installed here nor at the hub"
            await asyncio.to_thread(configurer.cannot, why)
            return
        piece = got
    try:
        whole = await asyncio.to_thread(wanted.keep, min(start, wanted.size), piece)
    except ModelError as error:
        log.error("hub.configuration", extra={"cause": error.what, "where": error.where})
        await asyncio.to_thread(configurer.damaged, error.what)
        return
    if whole:
        log.info("hub.model", extra={"file": wanted.file.path, "count": wanted.size})
    elif not piece:  # the hub's file ends early
        await asyncio.sleep(EVERY)


def _tell(arriving: Arriving) -> None:
    log.info("hub.loading", extra={"done": arriving.done, "of": arriving.of})
