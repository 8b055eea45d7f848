"""Gates, the boxes that serve them, and the codes that let a box in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.fleet import pairing
from gate.hub.doubles import doubled, followed
from gate.hub.keys import CommunityKeys
from gate.services.gate_status import put_in
from gate.store.changes import RULES, touch
from gate.store.orders import void_in
from gate.store.store import Store
from gate.store.tables import BoxRow, GateRow, PairingCodeRow
from gate.store.tables.base import now

log = logging.getLogger(__name__)

CODE_LASTS = timedelta(minutes=10)
_TRIES = 5  # wrong proofs after which a code is void


@dataclass(frozen=True, slots=True)
class Beaten:
    """A beat: how far a box has come, and its figures."""

    box: str
    status: dict[str, Any]
    cursor: int
    scope: int


class Boxes:
    """Any thread; raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def gates(self) -> list[GateRow]:
        with self._store.database.read() as session:
            return list(session.scalars(select(GateRow).order_by(GateRow.name)))

    def gate(self, name: str) -> GateRow | None:
        with self._store.database.read() as session:
            return session.get(GateRow, name)

    def set_gate(
        self,
        name: str,
        *,
        area: str | None = None,
        buildings: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
    ) -> GateRow:
        """Make a gate or change what is named of it; a new scope makes its box load again."""
        with self._store.database.write() as session:
            row = session.get(GateRow, name)
            if row is None:
                row = GateRow(name=name, area="", buildings=[], groups=[], scope=1)
                session.add(row)
            if area is not None:
                row.area = area
            wanted = (
                row.buildings if buildings is None else sorted(set(buildings)),
                row.groups if groups is None else sorted(set(groups)),
            )
            if wanted != (row.buildings, row.groups):
                row.buildings, row.groups = wanted
                row.scope += 1
                touch(session, RULES)  # wakes its box
            session.flush()
            return row

    def new_code(self, gate: str, by: str) -> str:
        """A code by which one box may become that of ``gate`` within ten minutes, once."""
        self.set_gate(gate)
        while True:
            code = pairing.new_code()
            number, secret = pairing.split(code) or ("", b"")
            with self._store.database.write() as session:
                if session.get(PairingCodeRow, number) is not None:
                    continue
                session.add(
                    PairingCodeRow(
                        id=number,
                        gate=gate,
                        secret=self._store.vault.keep(secret, f"pairing {number}"),
                        by=by,
                        expires=now() + CODE_LASTS,
                    )
                )
            self._store.audit.note(by, "box.code", gate)
            return code

    def secret_of(self, number: str, proof: bytes, *parts: bytes) -> tuple[str, bytes]:
        """Gate and secret of a code that counts and whose secret the box has proved to know.

        Raises StoreError, always the same, when it does not; five times make the code void.
        """
        with self._store.database.write() as session:
            row = session.get(PairingCodeRow, number, with_for_update=True)
            if row is not None and row.used is None and row.expires > now():
                secret = self._store.vault.reveal(row.secret, f"pairing {number}")
                if row.failures < _TRIES and pairing.proved(proof, secret, "box", *parts):
                    return row.gate, secret
                row.failures += 1
        raise StoreError(
            "the pairing code does not count",
            where=f"code {number}",
            hint="it lasts ten minutes and works once: make a new one at the desk",
        )

    def admit(
        self, number: str, certificate: str, signing: bytes, public: bytes, ends: datetime
    ) -> BoxRow:
        """Use up a code: its gate has this box from now on, and an earlier box no longer.

        Raises StoreError when the code was used meanwhile.
        """
        with self._store.database.write() as session:
            code = session.get(PairingCodeRow, number, with_for_update=True)
            if code is None or code.used is not None:
                raise StoreError(
                    "the pairing code was used already",
                    where=f"code {number}",
                    hint="make a new one at the desk",
                )
            code.used = now()
            older = select(BoxRow).where(BoxRow.gate == code.gate, BoxRow.state == "active")
            for box in session.scalars(older):
                box.state, box.reason, box.ended = "revoked", "replaced", now()
            row = BoxRow(
                id=uuid4().hex,
                gate=code.gate,
                certificate=certificate,
                signing=signing,
                public=public,
                ends=ends,
            )
            session.add(row)
            self._store.audit.note_in(session, code.by, "box.paired", code.gate, box=row.id)
            return row

    def known(self, certificate: str) -> BoxRow | None:
        """The box with a certificate (SHA-256 of its DER, hex), in whatever state."""
        query = select(BoxRow).where(
            or_(BoxRow.certificate == certificate, BoxRow.previous == certificate)
        )
        with self._store.database.read() as session:
            return session.scalar(query)

    def renewed(self, box: str, old: str, certificate: str, signing: bytes, ends: datetime) -> None:
        """A new certificate in the place of the ``old`` one the box has asked with; that counts
        until it ends, or the new one is renewed: a box that lost the answer, however often, or was
        put back from a backup, still has it."""
        with self._store.database.write() as session:
            row = session.get(BoxRow, box)
            if row is not None:
                row.previous, row.certificate = old, certificate
                row.signing, row.ends = signing, ends

    def end(self, box: str, state: str, reason: str, by: str) -> bool:
        """Revoke a box, or let it leave. False when there is no such box in use."""
        with self._store.database.write() as session:
            row = session.get(BoxRow, box)
            if row is None or row.state != "active":
                return False
            self.end_in(session, row, state, reason, by)
            return True

    def end_in(self, session: Session, row: BoxRow, state: str, reason: str, by: str) -> None:
        """The same of one that is in use, in a transaction."""
        row.state, row.reason, row.ended = state, reason[:200], now()
        self._store.audit.note_in(session, by, f"box.{state}", row.gate, box=row.id)

    def seen(self, beats: Sequence[Beaten]) -> list[str]:
        """Beats of boxes, in one transaction; the desk's page of the gates reads them too. Orders
        that became void meanwhile are marked as such.

        Of each "", or why the box no longer counts: then nothing of it is kept.
        """
        at = now()
        ended: list[str] = []
        with self._store.database.write() as session:
            void_in(session)
            for beat in beats:
                row = session.get(BoxRow, beat.box)
                if row is None or row.state != "active":
                    ended.append((row.reason or row.state) if row else "unknown")
                    continue
                ended.append("")
                before = row.status.get("instances", {})
                known = followed(before, str(beat.status.get("instance", "")), at)
                if doubled(known, at) and not doubled(before, at):
                    log.error("hub.doubled", extra={"gate": row.gate, "box": row.id})
                row.seen, row.status = at, {**beat.status, "instances": known}
                row.cursor, row.scope = beat.cursor, beat.scope
                things = beat.status.get("things")
                if isinstance(things, dict):
                    put_in(session, row.gate, at, things)
        return ended

    def all(self, *, active: bool = True) -> list[BoxRow]:
        """By gate, the newest first."""
        query = select(BoxRow).order_by(BoxRow.gate, BoxRow.paired.desc())
        if active:
            query = query.where(BoxRow.state == "active")
        with self._store.database.read() as session:
            return list(session.scalars(query))


def shut_out(store: Store, gate: str, reason: str, by: str) -> int | None:
    """Revoke the box of a gate and begin new keys, which it does not get, in one transaction: cut
    off in between, the keys it has would go on. Their epoch.

    None when the gate has no box. Raises StoreError.
    """
    boxes = Boxes(store)
    active = select(BoxRow).where(BoxRow.gate == gate, BoxRow.state == "active")
    with store.database.write() as session:
        ended = session.scalars(active).all()
        for row in ended:
            boxes.end_in(session, row, "revoked", reason, by)
        epoch = CommunityKeys(store).rotate_in(session) if ended else None
    if epoch is not None:
        store.database.wipe()
    return epoch
