"""Follows the hub: the feed to the register, events and receipts back, a beat every ten seconds."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gate.clock import Clock, SystemClock
from gate.errors import ConfigurationError, StoreError
from gate.fleet.records import base64_text
from gate.replica.apply import Applier, Cursor
from gate.replica.box_status import box_status
from gate.replica.configuration import EVERY, Configurer
from gate.replica.contact import Contact, Reporter
from gate.replica.delivery import deliver, next_message
from gate.replica.identity import Identity, belongs, new_signing_key, write_certificate
from gate.replica.link import Link, ShutOutError, UnreachableError
from gate.replica.loading import Portions, fetch, receive, show_history, take
from gate.replica.orders import Door, Orders
from gate.replica.sightings import Sightings
from gate.replica.snapshot import PART, AnewError, Arriving
from gate.store.store import HUB, Store

log = logging.getLogger(__name__)
Written = TypeVar("Written")

POLL = 25.0  # seconds for which the hub may hold an answer back
BEAT = 10.0  # seconds
_EVENTS = 0.5  # seconds between two looks into the outbox
_OTHERS = 5.0  # seconds after which what other processes wrote is found on a database server
_ANYWAY = 60.0  # seconds after which an SQLite file is read although nobody seems to have written
_AGAIN = 5_000  # events put into the outbox once more at a time
_MOST_WAIT = 15.0  # seconds between two attempts
_LEFT = "left"
_SETTLE = 5.0  # seconds for which a receipt waits until the matcher has let go


class Gate(Door, Reporter, Protocol):
    """What the replica asks of the gate it serves; any of its threads may call."""

    def settled(self, generation: int) -> bool:
        """Whether the matcher holds nobody any more who was deleted up to a change."""
        ...


class Replica:
    """One box. ``run`` is a coroutine that ends by being cancelled, or when the box is shut out.

    All work with the database is done in threads: the event loop never waits for a disk.
    """

    def __init__(
        self,
        store: Store,
        identity: Identity,
        gate: Gate,
        clock: Clock | None = None,
        *,
        poll: float = POLL,
        beat: float = BEAT,
        connect: Callable[[Identity], Link] = Link,
        configurer: Configurer | None = None,
        cameras: Callable[[], dict[str, Any]] = dict,
        lasting: bool = True,
    ) -> None:
        """``configurer``: sets on this box what the hub wants; None: nothing is set. ``cameras``:
        figures of each camera for the beat, see ``gate.services.camera_figures``.
        ``lasting``: whether what is written outlasts a restart; else no certificate is renewed, and
        nothing signed that says somebody was deleted here."""
        self._lasting, self._cameras = lasting, cameras
        self._store = store
        self._configurer = configurer
        self._identity = identity
        self._gate = gate
        self._clock = clock or SystemClock()
        self._poll, self._beat_every = poll, beat
        self._applier = Applier(store, identity)
        self._sightings = Sightings(store)
        self._writing = asyncio.Lock()  # one applier at a time
        self._connect = connect
        self._link = connect(identity)
        self._former: Link | None = None  # with the certificate before the present one
        self._instance = secrets.token_hex(8)  # by which the hub tells two boxes of one identity
        self._portions = Portions()
        self._skip = False  # what the hub has lost is no longer kept here either
        self._again_to = identity.since  # the last event put into the outbox once more
        self._orders = Orders(gate)
        self.contact = Contact(store.key_values, gate, self._clock)
        self.state = self.contact.state

    async def run(self) -> None:
        if HUB not in self._store.events.receivers:
            self._store.events.receivers = (*self._store.events.receivers, HUB)
        try:
            async with asyncio.TaskGroup() as group:
                for job in (self._follow, self._deliver, self._beat, self._share, self._configure):
                    group.create_task(self._again(job))
        except* ShutOutError as errors:
            self.state.shut_out = str(errors.exceptions[0]) or "revoked"
            await self._ended()
        finally:
            self._applier.stop()
            for link in (self._link, self._former):
                if link is not None:
                    await link.close()

    async def _again(self, job: Callable[[], Any]) -> None:
        """Do a job for as long as the box runs; a hub that does not answer is asked again."""
        wait = 0.5
        while True:
            try:
                await job()
                wait = 0.5
            except UnreachableError as error:
                # a hub that only cannot write, as with a full disk, is heard by the feed as ever
                if job == self._follow or not error.answered:
                    self.contact.lost(str(error))
                await asyncio.sleep(wait * random.uniform(0.7, 1.3))
                wait = min(_MOST_WAIT, 2 * wait)
            except StoreError as error:
                log.warning("hub.refused", extra={"cause": error.what, "where": error.where})
                await asyncio.sleep(wait)
                wait = min(_MOST_WAIT, 2 * wait)

    @property
    def _part(self) -> Path:
        """What has arrived of everything; no longer there once it is applied."""
        return self._identity.folder / PART

    # ------------------------------------------------------------ the feed

    async def _follow(self) -> None:
        """One answer of the feed."""
        cursor = await asyncio.to_thread(lambda: self._applier.cursor)
        if cursor is None:
            await self._load()
            return
        answer = await self._link.get(
            "/feed",
            self._poll,
            most=self._portions.asked(),
            after=cursor.n,
            mark=cursor.mark,
            scope=cursor.scope,
            wait=self._poll,
            seen=self._sightings.n,
            epoch=await asyncio.to_thread(self._sightings.epoch),
        )
        self._portions.came()
        self.contact.heard()
        if answer.get("orders"):
            await self._obey(answer)
        if "seen" in answer:
            await asyncio.to_thread(self._sightings.apply, answer["seen"])
        if "snapshot" in answer:
            log.warning("hub.snapshot", extra={"cause": answer["snapshot"]})
            if answer["snapshot"] == "history":
                self._again_to = self._identity.since
                self._sightings.again()
            await self._load()
            return
        if answer["n"] == cursor.n:
            return
        await self._write(self._applier.answer, answer, cursor.scope)
        await asyncio.to_thread(self._part.unlink, missing_ok=True)  # nobody asks for it any more
        self.state.loading = None
        self.state.number, self.state.applied = answer["n"], self._clock.monotonic()
        await self._confirm()

    async def _load(self) -> None:
        """Everything, from a snapshot. First the hub is shown who had been deleted and what was
        blocked: it may have been put back from a backup while nobody could see its numbers go back,
        as after a lease."""
        arriving = await asyncio.to_thread(Arriving, self._part, self._identity.box)
        before = arriving.progress
        try:
            if not arriving.begun:
                await show_history(self._link, self._applier)
            await receive(self._link, arriving, self.state, self._clock)
            self.contact.heard()
            path = await asyncio.to_thread(arriving.whole)
            left, changed, cursor = await self._write(
                take, self._store, self._applier, arriving, path
            )
            self.state.loading = None
            self.state.snapshots += 1
            self.state.number, self.state.applied = cursor.n, self._clock.monotonic()
            log.info("hub.loaded", extra={"left": left, "changed": changed, "number": cursor.n})
        except AnewError:
            log.warning("hub.snapshot", extra={"cause": "history"})
            return
        except UnreachableError:
            if not arriving.begun or arriving.progress == before:  # it would begin from zero again
                raise
            await asyncio.sleep(_EVENTS * random.uniform(0.7, 1.3))  # it goes on where it was
            return
        finally:
            arriving.close()
        await self._confirm()

    async def _confirm(self) -> None:
        """Receipts for whom the hub had erased, once nothing of them is left here."""
        pending = await asyncio.to_thread(self._applier.pending)
        if not pending or not self._lasting:
            return
        generation = await asyncio.to_thread(self._store.changes.generation)
        until = time.monotonic() + _SETTLE
        while not self._gate.settled(generation):
            if time.monotonic() > until:
                return  # with the next answer of the feed
            await asyncio.sleep(0.1)
        if not await asyncio.to_thread(self._store.database.wipe):
            return
        at = self._clock.utc().isoformat()
        for start in range(0, len(pending), 500):
            some = pending[start : start + 500]
            receipts = [self._identity.signed_erasure(ref, at) for ref in some]
            await self._link.post("/receipt", {"erased": receipts})
            await asyncio.to_thread(self._applier.confirmed, some)

    async def _write(self, work: Callable[..., Written], *given: Any) -> Written:
        """What ``work`` of the applier gives, done in a thread, which cancelling does not end: then
        this waits until it has ended after the transaction it was in. A box that is shut out
        forgets everything next, and nobody may be written after that."""
        async with self._writing:
            await self._must_belong()
            thread = asyncio.ensure_future(asyncio.to_thread(work, *given))
            try:
                return await asyncio.shield(thread)
            except asyncio.CancelledError:
                self._applier.stop()
                await asyncio.gather(thread, return_exceptions=True)
                raise

    # ------------------------------------------------------------ orders

    async def _obey(self, answer: Mapping[str, Any]) -> None:
        """Obeyed first; that they were is reported afterwards, or once the hub can write it down:
        it names them again until then, and what else it says does not wait for that."""
        hub_now = datetime.fromisoformat(answer["now"])
        results = self._orders.obey(answer["orders"], self._identity, hub_now)
        try:
            await self._link.post("/receipt", {"orders": results})
        except UnreachableError as error:
            if not error.answered:
                raise
            await asyncio.sleep(_EVENTS)

    # ------------------------------------------------------------ events

    async def _deliver(self) -> None:
        seen = self._store.database.stamp
        message = await asyncio.to_thread(next_message, self._store, self._identity.gate)
        if message is None:
            await self._quiet(seen)
            return
        delivered = await deliver(self._link, message, skip=self._skip)
        self.contact.heard()
        gate = self._identity.gate
        if delivered.lost is not None:
            await self._again_from(*delivered.lost)
            return
        self._skip = False
        if delivered.done:
            await asyncio.to_thread(self._store.outbox.delivered, gate, HUB, delivered.done)
        else:
            await asyncio.sleep(_EVENTS)

    async def _quiet(self, seen: tuple[int, int, int]) -> None:
        """Until somebody has written something since: nobody reads the database only to find
        nothing."""
        database = self._store.database
        end = time.monotonic() + (_ANYWAY if database.is_sqlite else _OTHERS)
        while database.stamp == seen and time.monotonic() < end:
            await asyncio.sleep(_EVENTS)

    async def _again_from(self, first: int, last: int) -> None:
        """The hub has lost these events, which it had: send those that are still kept."""
        first = max(first, self._again_to + 1)
        last = min(last, first + _AGAIN - 1)
        count = 0
        if first <= last:
            again = self._store.outbox.again
            count = await asyncio.to_thread(again, self._identity.gate, HUB, first, last)
            self._again_to = last
            log.warning("hub.events_again", extra={"count": count, "first": first, "last": last})
        self._skip = not count

    async def _share(self) -> None:
        """Who passed here and which permits were used: to the hub, for the other gates."""
        seen = self._store.database.stamp
        news = await asyncio.to_thread(self._sightings.news)
        if news is None:
            await self._quiet(seen)
            return
        await self._link.post("/seen", {name: news[name] for name in ("epoch", "places", "uses")})
        self._sightings.sent(news)

    async def _configure(self) -> None:
        """Set what the hub wants; also without a hub, so that a bad version is given up."""
        if self._configurer is not None:
            try:
                await asyncio.to_thread(self._configurer.step)
            except ConfigurationError as error:
                log.error("hub.configuration", extra={"cause": error.what, "where": error.where})
            if (file := self._configurer.missing) is not None:
                await fetch(self._link, self._configurer, file)
                return
        await asyncio.sleep(EVERY)

    # ------------------------------------------------------------ the beat

    async def _beat(self) -> None:
        await self._must_belong()
        await self.contact.count(self._forget_faces)
        status, cursor = await asyncio.to_thread(self._status)
        answer = await self._link.post(
            "/beat",
            {
                "cursor": cursor.n if cursor else 0,
                "scope": cursor.scope if cursor else 0,
                "status": status,
            },
        )
        self.contact.heard(float(answer["lease"]))
        if answer.get("orders"):
            await self._obey(answer)
        await self.contact.count(self._forget_faces)
        if answer["renew"] and self._lasting:
            await self._renew()
        await asyncio.sleep(self._beat_every)

    def _status(self) -> tuple[dict[str, Any], Cursor | None]:
        values = {
            **box_status(self._store, self._identity.gate, self._identity.folder),
            "pending": len(self._applier.pending()),
            "instance": self._instance,
            "cameras": self._cameras(),
        }
        if (loading := self.state.loading) is not None:
            values["loading"] = {"done": loading[0], "of": loading[1]}
        if self._configurer:
            values["configuration"] = self._configurer.status()
        return values, self._applier.cursor

    async def _renew(self) -> None:
        key, public = new_signing_key()
        answer = await self._link.post("/renew", {"signing": base64_text(public)})
        folder = self._identity.folder
        await asyncio.to_thread(write_certificate, folder, key, answer["certificate"])
        identity = await asyncio.to_thread(Identity.of, self._store, folder)
        if identity is not None:
            self._identity = identity
            # an answer may be under way over the link of before: it is closed with the next renewal
            former, self._former, self._link = self._former, self._link, self._connect(identity)
            if former is not None:
                await former.close()
        log.info("hub.renewed")

    # ------------------------------------------------------------ contact

    async def _forget_faces(self) -> int:
        return await self._write(self._forget, self._applier.forget_faces)

    def _forget(self, forget: Callable[[], Written]) -> Written:
        """Also what has arrived and is not in the register yet."""
        self._part.unlink(missing_ok=True)
        return forget()

    async def _must_belong(self) -> None:
        """Raises ShutOutError where this box has left its hub, by ``gate leave``."""
        if not await asyncio.to_thread(belongs, self._store, self._identity.box):
            raise ShutOutError(_LEFT)

    async def _ended(self) -> None:
        """Nobody's data stays on a box that is no longer one of the hub's, unless it has left by
        itself: then it has its own register again."""
        if not await asyncio.to_thread(belongs, self._store, self._identity.box):
            others = tuple(name for name in self._store.events.receivers if name != HUB)
            self._store.events.receivers = others
            log.info("hub.left")
            return
        log.error("hub.shut_out", extra={"cause": self.state.shut_out})
        await asyncio.to_thread(self._forget, self._applier.forget_everything)
        self._gate.report("box", False, self.state.shut_out)
