"""What changed for one box since the number it has come to, and the whole for one that begins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gate.fleet.records import Records
from gate.fleet.scope import Scope
from gate.fleet.signing import sign_erasure, sign_order
from gate.hub.authority import Authority
from gate.hub.keys import CommunityKeys
from gate.store.changes import CALIBRATION, RULES
from gate.store.store import Store
from gate.store.tables import BoxRow, ChangeRow, ErasureRow, GateRow, OrderRow, PersonRow
from gate.store.tables.base import now

PAGE = 500  # changes in one answer
Answer = dict[str, Any]


class Feed:
    """Answers are JSON values. Any thread; raises StoreError."""

    def __init__(self, store: Store, authority: Authority, keys: CommunityKeys) -> None:
        self._store = store
        self._authority = authority
        self._keys = keys
        self._records = Records(store)

    def after(self, box: BoxRow, n: int, mark: str, scope: int) -> Answer | None:
        """Changes after the number ``n``, whose mark the box knows; None: nothing is new.

        ``snapshot`` in the answer says why the box has to load everything instead: "scope" (it
        serves others now), "gap" (too long ago) or "history" (the hub was put back from a backup
        and gives numbers again).
        """
        with self._store.database.read() as session:
            orders = self._orders(session, box.gate)
            gate = session.get(GateRow, box.gate)
            head = session.scalar(select(func.max(ChangeRow.id))) or 0
            if gate is not None and gate.scope != scope:
                return self._answer(box, n, snapshot="scope", orders=orders)
            if n > head:
                return self._answer(box, n, snapshot="history", orders=orders)
            if n and (at := session.get(ChangeRow, n)) is None:
                return self._answer(box, n, snapshot="gap", orders=orders)
            if n and at is not None and mark_of(at) != mark:
                return self._answer(box, n, snapshot="history", orders=orders)
            rows = session.scalars(
                select(ChangeRow).where(ChangeRow.id > n).order_by(ChangeRow.id).limit(PAGE)
            ).all()
            if n == 0 and rows and rows[0].id != 1:
                return self._answer(box, n, snapshot="gap", orders=orders)
            if not rows:
                return self._answer(box, n, orders=orders) if orders else None
            changed = {row.person_id for row in rows}
            epoch, key = self._keys.current()
            records, outside = self._records.of(
                session, {c for c in changed if c > RULES}, Scope.of(gate), epoch, key
            )
            answer = self._answer(
                box,
                rows[-1].id,
                mark=mark_of(rows[-1]),
                orders=orders,
                records=records,
                gone=[*self._erased(session, changed), *({"ref": ref} for ref in outside)],
                more=rows[-1].id < head,
            )
            if RULES in changed:
                answer["rules"] = self._records.rules()
            if CALIBRATION in changed:
                answer["calibrations"] = self._records.calibrations(session, box.gate)
            return answer

    def snapshot(self, box: BoxRow) -> Iterator[bytes]:
        """JSON lines: a head, a record of everybody who belongs on the box, an end with a hash.

        The number is read first, so whoever changes meanwhile comes again by the feed.
        """
        with self._store.database.read() as session:
            last = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
            gate = session.get(GateRow, box.gate)
            calibrations = self._records.calibrations(session, box.gate)
        epoch, key = self._keys.current()
        digest, count = hashlib.sha256(), 0
        head = self._answer(
            box,
            last.id if last else 0,
            mark=mark_of(last) if last else "",
            scope=gate.scope if gate else 0,
            rules=self._records.rules(),
            calibrations=calibrations,
        )
        for line in self._lines(head, Scope.of(gate), epoch, key):
            raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(raw)
            count += 1
            yield raw
        yield json.dumps({"end": count - 1, "sha256": digest.hexdigest()}).encode() + b"\n"

    def _lines(self, head: Answer, scope: Scope, epoch: int, key: bytes) -> Iterator[Answer]:
        yield head
        after = 0
        while True:
            page = select(PersonRow.id).where(PersonRow.id > after).order_by(PersonRow.id)
            with self._store.database.read() as session:
                people = session.scalars(page.limit(PAGE)).all()
                if not people:
                    return
                records, _ = self._records.of(session, people, scope, epoch, key)
            yield from records
            after = people[-1]

    def _answer(self, box: BoxRow, n: int, **more: Any) -> Answer:
        return {
            "n": n,
            "now": now().isoformat(),
            "keys": self._keys.wrapped(box.public, self._authority.order_key),
            **more,
        }

    def _erased(self, session: Session, changed: set[int]) -> list[Answer]:
        rows = session.scalars(select(ErasureRow).where(ErasureRow.person_id.in_(changed)))
        return [
            {"ref": row.ref, "proof": sign_erasure(self._authority.orders, row.ref)}
            for row in rows
            if session.get(PersonRow, row.person_id) is None
        ]

    def _orders(self, session: Session, gate: str) -> list[Answer]:
        """Signed, until the box says that it has them; it knows one it had before by its id."""
        query = select(OrderRow).where(
            OrderRow.gate == gate, OrderRow.taken.is_(None), OrderRow.expires > now()
        )
        return [
            sign_order(
                self._authority.orders,
                {
                    "id": f"{row.id} {row.at.isoformat()}",
                    "gate": row.gate,
                    "command": row.command,
                    "until": row.until.isoformat() if row.until else None,
                    "by": row.ordered_by,
                    "reason": row.reason,
                    "expires": row.expires.isoformat(),
                },
            )
            for row in session.scalars(query.order_by(OrderRow.id))
        ]


def mark_of(change: ChangeRow) -> str:
    """Differs between two histories that give the same number to different changes."""
    return change.at.isoformat()
