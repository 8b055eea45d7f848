"""The hub's interface for boxes; every answer is JSON. See docs/many-gates.md."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Annotated, Any

from anyio.to_thread import current_default_thread_limiter, run_sync
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse, Response, StreamingResponse

from gate import __version__
from gate.config.hub import HubSettings
from gate.errors import StoreError
from gate.fleet.pairing import proof
from gate.fleet.records import base64_text
from gate.fleet.scope import EVERYBODY, Scope
from gate.fleet.sealing import open_key
from gate.hub.authority import RENEW_DAYS, Authority
from gate.hub.boxes import Beaten, Boxes
from gate.hub.concerned import Concerned
from gate.hub.feed import PAGE, Feed, Resumed
from gate.hub.glance import Glance, Glances, Seat, glance
from gate.hub.intake import Intake
from gate.hub.keys import CommunityKeys
from gate.hub.merge import merge, merge_rules
from gate.hub.messages import Beat, Events, History, Pairing, Receipt, Seen, Upload
from gate.hub.models import Shelf
from gate.hub.receipts import Receipts
from gate.hub.sightings import Sightings, checked
from gate.hub.waker import Waker
from gate.hub.write_batches import WriteBatches
from gate.models.settings import ModelsSettings
from gate.store.engine import CONNECTIONS
from gate.store.store import Store
from gate.store.tables import BoxRow
from gate.store.tables.base import now

CERTIFICATE = "client_certificate"  # in the scope: DER, or None; see gate.hub.server
PATIENCE = 10.0  # seconds for which changes that concern other boxes are kept back, at least
OTHERS = 20  # boxes a second that are answered with nothing but such changes, at most
LONGEST_POLL = 30.0  # seconds
BRINGS = timedelta(hours=1)  # after pairing: for so long a box may bring the people it had


class Hub:
    """One community, as its boxes see it."""

    def __init__(
        self, store: Store, settings: HubSettings, models: ModelsSettings | None = None
    ) -> None:
        """``models``: where the files lie that boxes may fetch."""
        self.store = store
        self.shelf = Shelf(models or ModelsSettings())
        self.settings = settings
        self.authority = Authority.of(store)
        self.keys = CommunityKeys(store)
        self.boxes = Boxes(store)
        self.feed = Feed(store, self.authority, self.keys)
        self.intake = Intake(store)
        self.receipts = Receipts(store, self.authority)
        self.sightings = Sightings(store)
        self.waker = Waker(store)
        self.concerned = Concerned(store)
        self.glances = Glances(self._look)
        where = store.database.where
        self.obeyed = WriteBatches(self.receipts.obeyed, where)
        self.beats = WriteBatches(self.boxes.seen, where)

    def _look(self) -> Glance:
        seen = glance(self.store, self.feed.sign)
        self.concerned.follow(seen.head, seen.mark)
        return seen


def box_of(request: Request) -> BoxRow:
    """The box whose certificate this is; 401 for none, 410 for one that no longer counts."""
    hub: Hub = request.app.state.hub
    der = request.scope.get(CERTIFICATE)
    if der is None:
        raise HTTPException(401, "a certificate of this hub is needed")
    box = hub.boxes.known(hashlib.sha256(der).hexdigest())
    if box is None:
        raise HTTPException(401, "no box of this hub has this certificate")
    if box.state != "active":
        raise HTTPException(410, box.reason or box.state)
    return box


async def seat_of(request: Request) -> Seat:
    """The box that asks, as ``box_of`` but of up to a second ago: for what gives nothing away.

    Whoever was let in or shut out since is looked up.
    """
    hub: Hub = request.app.state.hub
    der = request.scope.get(CERTIFICATE)
    if der is not None:
        seen = await hub.glances.after(hub.waker.ticket())
        seat = seen.seats.get(hashlib.sha256(der).hexdigest())
        if seat is not None:
            return seat
    box = await run_sync(box_of, request)
    return Seat(box.id, box.gate, box.ends)


Box = Annotated[BoxRow, Depends(box_of)]
Seated = Annotated[Seat, Depends(seat_of)]


def create_app(hub: Hub) -> FastAPI:
    """Endpoints that only use the database are plain functions: each runs in a thread."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # each holds one connection at a time, and the waker one: more would wait for the pool
        current_default_thread_limiter().total_tokens = CONNECTIONS - 3
        hub.waker.start()
        beginning = asyncio.create_task(run_sync(begin))
        yield
        await beginning
        hub.waker.stop()

    def begin() -> None:
        with suppress(StoreError):  # without its database the hub begins with the first poll
            hub.concerned.begin()

    app = FastAPI(
        lifespan=lifespan, title="access gate hub", docs_url=None, redoc_url=None, openapi_url=None
    )

    app.state.hub = hub

    @app.exception_handler(StoreError)
    async def _refused(_: Request, error: StoreError) -> Response:
        # the database's own trouble is not the box's fault: it asks again, another hub if there is
        status = 503 if error.where == hub.store.database.where else 422
        said = {"error": error.what, "where": error.where, "hint": error.hint}
        return JSONResponse(said, status_code=status)

    _membership(app, hub)
    _downloads(app, hub)
    _reports(app, hub)
    return app


def _membership(app: FastAPI, hub: Hub) -> None:
    """How a box comes, brings what it had, and goes."""

    @app.get("/authority")
    def authority() -> dict[str, str]:
        """For a box that is not paired yet; the proofs of the pairing cover it."""
        return {"authority": hub.authority.pem, "version": __version__}

    @app.post("/pair")
    def pair(wish: Pairing) -> dict[str, Any]:
        signing, public = base64.b64decode(wish.signing), base64.b64decode(wish.public)
        ours = hub.authority.certificate.public_bytes(Encoding.DER)
        gate, secret = hub.boxes.secret_of(
            wish.code, base64.b64decode(wish.proof), ours, signing, public, wish.gate.encode()
        )
        if gate != wish.gate:
            raise StoreError(
                f"the code is for the gate {gate}",
                where=f"this box is the gate {wish.gate}",
                hint=f'set name = "{gate}" in gate.toml, or make a code for {wish.gate}',
            )
        certificate = hub.authority.for_box(signing, gate)
        der = certificate.public_bytes(Encoding.DER)
        box = hub.boxes.admit(
            wish.code,
            hashlib.sha256(der).hexdigest(),
            signing,
            public,
            certificate.not_valid_after_utc,
        )
        return {
            "box": box.id,
            "gate": gate,
            "certificate": certificate.public_bytes(Encoding.PEM).decode(),
            "orders": hub.authority.order_key.hex(),
            "proof": base64_text(
                proof(secret, "hub", ours, der, hub.authority.order_key, gate.encode())
            ),
        }

    @app.post("/renew")
    def renew(request: Request, box: Box, wish: dict[str, str]) -> dict[str, str]:
        signing = base64.b64decode(wish.get("signing", ""))
        certificate = hub.authority.for_box(signing, box.gate)
        der = certificate.public_bytes(Encoding.DER)
        old = hashlib.sha256(request.scope[CERTIFICATE]).hexdigest()
        new = hashlib.sha256(der).hexdigest()
        hub.boxes.renewed(box.id, old, new, signing, certificate.not_valid_after_utc)
        return {"certificate": certificate.public_bytes(Encoding.PEM).decode()}

    @app.post("/upload")
    def upload(box: Box, message: Upload) -> dict[str, int]:
        """People and rules a box had before it was paired; never those of a box in use, which may
        have been stolen: what it brings would count at every gate."""
        if not box.paired <= now() < box.paired + BRINGS:
            raise StoreError(
                "this box may bring no people any more",
                where=f"box of the gate {box.gate}",
                hint="`gate leave`, then `gate join` with a new code",
            )
        epoch, key = hub.keys.current()
        if message.epoch != epoch:
            raise StoreError("the keys were changed meanwhile", where="upload", hint="try again")
        hub.store.card_keys.adopt(opened_cards(message.card_keys, key))
        merged = merge(hub.store, message.records, key, epoch)
        if message.rules is not None:
            merge_rules(hub.store, message.rules)
        details: dict[str, Any] = {"new": merged.new, "known": merged.known}
        if message.rules is not None:
            details["rules"] = sorted(message.rules["allows"])
        hub.store.audit.note(f"box {box.gate}", "people.merged", **details)
        return {"new": merged.new, "known": merged.known, "double": merged.double}

    @app.post("/leave")
    def leave(box: Box) -> dict[str, bool]:
        return {"left": hub.boxes.end(box.id, "left", "left by itself", f"box {box.gate}")}


def _downloads(app: FastAPI, hub: Hub) -> None:
    """What a box gets: changes and orders as they come, the whole register, keys, models."""

    @app.get("/feed")
    async def feed(
        request: Request,
        seat: Seated,
        after: Annotated[int, Query(ge=0)],
        mark: Annotated[str, Query(max_length=40)] = "",
        scope: int = 0,
        wait: Annotated[float, Query(ge=0, le=LONGEST_POLL)] = 25.0,
        seen: Annotated[int | None, Query(ge=0)] = None,
        epoch: int = 0,
        most: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> Response:
        gate = seat.gate
        # what concerns others may come with the next that does not
        begun = time.monotonic()
        patience = begun + min(wait, PATIENCE)

        def look(glance: Glance) -> dict[str, Any] | None:
            if may_wait(glance) and not hub.concerned.by(served(glance), after, glance.head):
                return None
            # the box may have been revoked while it waited
            box = box_of(request)
            answer = hub.feed.after(box, after, mark, scope, most)
            others = None if seen is None else hub.sightings.after(box, epoch, seen)
            return answer if others is None else {**(answer or nothing()), "seen": others}

        def may_wait(glance: Glance) -> bool:
            return time.monotonic() < patience and not glance.pressing(gate, after, scope, seen)

        def served(glance: Glance) -> Scope:
            return glance.scopes.get(gate, (scope, EVERYBODY))[1]

        async def found(glance: Glance) -> dict[str, Any] | None:
            """A change or an order wakes every box at one moment, so whatever can be said from
            memory is: without a thread, and without asking the database for each."""
            if may_wait(glance):
                concerned = hub.concerned.at_once(served(glance), after, glance.head)
                if concerned is False:
                    return None
            only_orders = glance.only_orders(gate, after, mark, scope, seen)
            if only_orders and seat.box in glance.active:
                return {"n": after, "now": now().isoformat(), "orders": glance.ordered[gate]}
            return await run_sync(look, glance)

        def nothing() -> dict[str, Any]:
            return {"n": after, "mark": mark, "now": now().isoformat()}

        until = time.monotonic() + wait
        while True:
            ticket = hub.waker.ticket()
            glance = await hub.glances.after(ticket)
            patience = begun + min(wait, max(PATIENCE, len(glance.active) / OTHERS))
            answer, end = None, until
            if not glance.nothing_for(gate, after, mark, scope, seen):
                answer = await found(glance)
                end = patience if time.monotonic() < patience else until
            if answer is not None or hub.waker.stopping or time.monotonic() >= until:
                return JSONResponse(answer or nothing())
            await hub.waker.wait(ticket, max(0.0, end - time.monotonic()))

    @app.get("/snapshot")
    def snapshot(
        box: Box,
        n: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        mark: Annotated[str, Query(max_length=40)] = "",
        at: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        at_mark: Annotated[str, Query(max_length=40)] = "",
        scope: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        after: Annotated[str, Query(max_length=32)] = "",
    ) -> Response:
        """``n``: how far the box has come with one that was cut off; 0: it has none."""
        seen = Resumed(n, mark, at, at_mark, scope, after) if n else None
        return StreamingResponse(hub.feed.snapshot(box, seen), media_type="application/x-ndjson")

    @app.get("/keys")
    def keys(box: Box) -> dict[str, Any]:
        return hub.keys.wrapped(box.public, hub.authority.order_key)

    @app.get("/models/{sha256}")
    def model_file(
        box: Box,
        sha256: Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$")],
        start: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
    ) -> Response:
        """A piece of a model file, empty at its end; 404 for one that is not installed here."""
        piece = hub.shelf.piece(sha256, start)
        if piece is None:
            raise HTTPException(404, "this model is not installed at the hub")
        return Response(piece, media_type="application/octet-stream")


def _reports(app: FastAPI, hub: Hub) -> None:
    """What a box reports: its events, what it obeyed and erased, who passed, how it is."""

    @app.post("/events")
    def events(box: Box, message: Events) -> dict[str, Any]:
        taken = hub.intake.take(
            box.gate, message.epoch, message.floor, message.events, skip=message.skip
        )
        return {"last": taken.last, "lost": taken.lost}

    @app.post("/receipt")
    async def receipt(request: Request, seat: Seated, message: Receipt) -> dict[str, int]:
        kept = 0
        if message.erased:
            box = await run_sync(box_of, request)
            kept = await run_sync(hub.receipts.erased, box, message.erased)
        if message.orders:
            await hub.obeyed.add((seat.gate, message.orders))
            hub.glances.taken(seat.gate, message.orders)
        return {"erased": kept}

    @app.post("/history")
    def history(box: Box, message: History) -> dict[str, int]:
        deleted = hub.receipts.delete_again(box, message.erased)
        return {"deleted": deleted, "blocked": hub.receipts.block_again(box, message.blocked)}

    @app.post("/seen")
    def seen(box: Box, message: Seen) -> dict[str, bool]:
        hub.sightings.take(box, message.epoch, *checked(message.places, message.uses))
        return {"kept": True}

    @app.post("/beat")
    async def beat(seat: Seated, message: Beat) -> dict[str, Any]:
        beaten = Beaten(seat.box, message.status, message.cursor, message.scope)
        if ended := await hub.beats.add(beaten):
            raise HTTPException(410, ended)
        seen = await hub.glances.after(hub.waker.ticket())
        return {
            "now": now().isoformat(),
            # for a box that is loading everything and does not ask for the feed meanwhile
            "orders": seen.ordered.get(seat.gate, []),
            "lease": hub.settings.lease_days * 86_400,
            "renew": seat.ends - now() < timedelta(days=RENEW_DAYS),
            "version": __version__,
        }


def opened_cards(sealed: list[str], key: bytes) -> list[bytes]:
    """Card keys a box sends along. Raises StoreError when they cannot be opened."""
    return [open_key(base64.b64decode(each), key, "card") for each in sealed]
