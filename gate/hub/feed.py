"""What changed for one box since the number it has come to, and the whole for one that begins."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.fleet.records import Records, blocked_of
from gate.fleet.scope import EVERYBODY, Scope, candidates, people_in, placed
from gate.fleet.signing import sign_block, sign_erasure
from gate.hub.authority import Authority
from gate.hub.configurations import wanted
from gate.hub.keys import CommunityKeys
from gate.hub.orders import Signer, waiting
from gate.store.changes import CALIBRATION, CONFIGURATION, RULES
from gate.store.store import Store
from gate.store.tables import (
    BoxRow,
    ChangeRow,
    ErasureRow,
    GateRow,
    PersonRow,
    ReceiptRow,
)
from gate.store.tables.base import now

PAGE = 500  # changes in one answer, people read at once for a snapshot
_TAIL = 50  # changes in one line of a snapshot
_PAGES = 32  # kept for boxes that ask later
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Changes ``first`` to ``last`` of the register, for boxes of every scope.

    ``rules`` are None, ``calibration`` and ``configuration`` False, where they did not change.
    """

    first: int
    last: int
    mark: str
    records: list[Answer]
    erased: list[Answer]
    rules: Answer | None
    calibration: bool
    configuration: bool

    def divided(self, scope: Scope) -> tuple[list[Answer], list[str]]:
        """The records within a scope, and the pseudonyms of the others."""
        inside: list[Answer] = []
        outside: list[str] = []
        for record in self.records:
            place = record["place"]
            if scope.holds(place[0] if place else "", record["groups"]):
                inside.append(record)
            else:
                outside.append(record["ref"])
        return inside, outside


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a box has of a snapshot that was cut off.

    Attributes:
        n: of the feed: what changed after it is still to come; with its ``mark``.
        at: no record is of a later state than this; with its ``at_mark``.
        after: the pseudonym it has come to.
    """

    n: int
    mark: str
    at: int
    at_mark: str
    scope: int
    after: str

    def known(self, session: Session) -> bool:
        """Whether it is of the history the hub has: not so when it was put back from a backup since
        then, also one that was made in between."""
        for number, mark in ((self.n, self.mark), (self.at, self.at_mark)):
            change = session.get(ChangeRow, number)
            if change is None or mark_of(change) != mark:
                return False
        return True


class Feed:
    """Answers are JSON values. Any thread; raises StoreError."""

    def __init__(self, store: Store, authority: Authority, keys: CommunityKeys) -> None:
        self._store = store
        self._authority = authority
        self._keys = keys
        self._records = Records(store)
        self.sign = Signer(authority.orders)
        self._reading = threading.Lock()  # of the pages read last
        self._pages: dict[tuple[int, int, str, bytes, int], Page] = {}

    def after(self, box: BoxRow, n: int, mark: str, scope: int, most: int = PAGE) -> Answer | None:
        """Changes after the number ``n``, whose mark the box knows, at most so many; None: nothing
        is new.

        ``snapshot`` in the answer says why the box has to load everything instead: "scope" (it
        serves others now), "gap" (too long ago) or "history" (the hub was put back from a backup
        and gives numbers again).
        """
        with self._store.database.read() as session:
            orders = self.sign(session.scalars(waiting(box.gate)).all())
            gate = session.get(GateRow, box.gate)
            head, newest = _last(session)
            at = session.get(ChangeRow, n) if n else None
        # nobody waits for others, or asks for another connection, while holding one
        if gate is not None and gate.scope != scope:
            return self._answer(box, n, snapshot="scope", orders=orders)
        if n > head or (at is not None and mark_of(at) != mark):
            return self._answer(box, n, snapshot="history", orders=orders)
        if n and at is None:
            return self._answer(box, n, snapshot="gap", orders=orders)
        if n == head:
            return self._answer(box, n, orders=orders) if orders else None
        page = self._page(n, head, newest, most)
        if n == 0 and page.first != 1:
            return self._answer(box, n, snapshot="gap", orders=orders)
        return self._of_page(box, page, gate, orders=orders, more=page.last < head)

    def _of_page(self, box: BoxRow, page: Page, gate: GateRow | None, **more: Any) -> Answer:
        records, outside = page.divided(Scope.of(gate))
        answer = self._answer(
            box,
            page.last,
            keys=bool(records),
            mark=page.mark,
            records=records,
            gone=[*page.erased, *({"ref": ref} for ref in outside)],
            **more,
        )
        if page.rules is not None:
            answer["rules"] = page.rules
        if page.calibration:
            with self._store.database.read() as session:
                answer["calibrations"] = self._records.calibrations(session, box.gate)
        if page.configuration:
            with self._store.database.read() as session:
                answer["configuration"] = wanted(session, box.gate)
        return answer

    def _page(self, n: int, head: int, newest: str, most: int) -> Page:
        """At most ``most`` changes after ``n``, read once for all boxes that have come as far: they
        ask within a moment of each other, and each gets what is in its scope.

        ``newest``: the mark of ``head``. A database server may fail over to one that lacks the last
        changes, under this very hub, and give their numbers again.
        """
        with self._reading:
            epoch, key = self._keys.current()
            asked = n, head, newest, key, most
            known = self._pages.get(asked)
            if known is not None:
                return known
            with self._store.database.read() as session:
                rows = session.scalars(
                    select(ChangeRow).where(ChangeRow.id > n).order_by(ChangeRow.id).limit(most)
                ).all()
                changed = {row.person_id for row in rows}
                people = {person for person in changed if person > RULES}
                records, _ = self._records.of(session, people, EVERYBODY, epoch, key)
                self._prove(records)
                erased = self._erased(session, people)
            page = Page(
                rows[0].id,
                rows[-1].id,
                mark_of(rows[-1]),
                records,
                erased,
                self._records.rules() if RULES in changed else None,
                CALIBRATION in changed,
                CONFIGURATION in changed,
            )
            self._pages[asked] = page
            while len(self._pages) > _PAGES:
                self._pages.pop(next(iter(self._pages)))
            return page

    def snapshot(self, box: BoxRow, seen: Resumed | None = None) -> Iterator[bytes]:
        """JSON lines: a head, a record of everybody who belongs on the box, what changed meanwhile,
        an end with a hash.

        The number is read first, so whoever changes meanwhile comes again: as the last lines, or by
        the feed. ``seen``: how far the box came before its link was cut; the lines go on there if
        that was of this history and scope (``resumed`` in the head), and else begin.
        """
        with self._store.database.read() as session:
            gate = session.get(GateRow, box.gate)
            version = gate.scope if gate else 0
            if seen is not None and (seen.scope != version or not seen.known(session)):
                seen = None
            start = _last(session) if seen is None else (seen.n, seen.mark)
            more: Answer = {"resumed": seen is not None}
            if seen is None:  # what changes of these comes with the last lines
                more["calibrations"] = self._records.calibrations(session, box.gate)
                more["erased"] = self._unproved(session, box)
                more["configuration"] = wanted(session, box.gate)
        if seen is None:
            more["rules"] = self._records.rules()
        head = self._answer(
            box, start[0], keys=True, mark=start[1], scope=version, people=self._many(gate), **more
        )
        digest, count = hashlib.sha256(), 0
        for line in self._lines(box, head, gate, seen.after if seen else ""):
            if line is None:
                return
            raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(raw)
            count += 1
            yield raw
        yield json.dumps({"end": count - 1, "sha256": digest.hexdigest()}).encode() + b"\n"

    def _lines(
        self, box: BoxRow, head: Answer, gate: GateRow | None, after: str
    ) -> Iterator[Answer | None]:
        """By pseudonyms: that order stays, whoever is added or deleted. None: there is no more for
        this box, which has been shut out or has to ask again for new keys."""
        yield head
        scope = Scope.of(gate)
        while True:
            page = candidates(scope).add_columns(PersonRow.ref).where(PersonRow.ref > after)
            epoch, key = self._keys.current()
            with self._store.database.read() as session:
                counts = _counts(session, box)
                people = session.execute(page.order_by(PersonRow.ref).limit(PAGE)).all()
                records, _ = self._records.of(session, [id for id, _ in people], scope, epoch, key)
                # read last: no record is of a later state, or it comes again
                at, mark = _last(session)
            if not counts or epoch != head["keys"]["epoch"]:
                yield None
                return
            if not people:
                break
            self._prove(records)
            yield {"at": at, "at_mark": mark}
            places = {ref: place for place, (_, ref) in enumerate(people)}  # as the database sorts
            yield from sorted(records, key=lambda record: places[record["ref"]])
            after = people[-1][1]
        yield from self._changes(box, head["n"], gate)

    def _changes(self, box: BoxRow, n: int, gate: GateRow | None) -> Iterator[Answer | None]:
        """What changed since the beginning, for the box to apply with the rest: nobody passes with
        a card that was blocked, or comes back who was deleted, while everything was loaded."""
        while True:
            with self._store.database.read() as session:
                head, newest = _last(session)
                oldest = session.scalar(select(func.min(ChangeRow.id))) or 0
                counts = _counts(session, box)
            if not counts:
                yield None
                return
            if n >= head or n + 1 < oldest:  # of long ago: the feed asks for a new beginning
                return
            page = self._page(n, head, newest, _TAIL)
            yield {"changes": self._of_page(box, page, gate)}
            n = page.last

    def _many(self, gate: GateRow | None) -> int:
        """How many people belong on a gate's box."""
        scope = Scope.of(gate)
        if scope.groups:
            return len(people_in(placed(self._store), scope))
        with self._store.database.read() as session:
            count = select(func.count()).select_from(candidates(scope).subquery())
            return session.scalar(count) or 0

    def _answer(self, box: BoxRow, n: int, *, keys: bool = False, **more: Any) -> Answer:
        answer = {"n": n, "now": now().isoformat(), **more}
        if keys:  # they open the records; without records they are of no use
            answer["keys"] = self._keys.wrapped(box.public, self._authority.order_key)
        return answer

    def _prove(self, records: list[Answer]) -> None:
        """Sign what is blocked: a hub put back from a backup believes nobody else."""
        key = self._authority.orders
        for record in records:
            if blocked := blocked_of(record):
                ref = record["ref"]
                record["revocations"] = {what: sign_block(key, ref, what) for what in blocked}
            del record["updated"]  # no box needs it

    def _erased(self, session: Session, changed: set[int]) -> list[Answer]:
        rows = session.scalars(select(ErasureRow).where(ErasureRow.person_id.in_(changed)))
        return [
            {"ref": row.ref, "proof": sign_erasure(self._authority.orders, row.ref)}
            for row in rows
            if session.get(PersonRow, row.person_id) is None
        ]

    def _unproved(self, session: Session, box: BoxRow) -> list[Answer]:
        """Who was erased since the box was paired and has no receipt from it yet."""
        signed = select(ReceiptRow.ref).where(ReceiptRow.box == box.id)
        query = select(ErasureRow.ref).where(
            ErasureRow.at > box.paired, ErasureRow.ref.not_in(signed)
        )
        key = self._authority.orders
        return [{"ref": ref, "proof": sign_erasure(key, ref)} for ref in session.scalars(query)]


def mark_of(change: ChangeRow) -> str:
    """Differs between two histories that give the same number to different changes."""
    return change.at.isoformat()


def _last(session: Session) -> tuple[int, str]:
    """Number and mark of the newest change."""
    row = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
    return (row.id, mark_of(row)) if row else (0, "")


def _counts(session: Session, box: BoxRow) -> bool:
    """Whether a box still counts: over a slow link much happens during one answer."""
    row = session.get(BoxRow, box.id)
    return row is not None and row.state == "active"
