"""What boxes declare: how far they have applied the feed, and who is erased on them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.fleet.records import BLOCKED, ENDED
from gate.fleet.signing import block_is_signed, erasure_is_signed, statement
from gate.hub.authority import Authority, public_key
from gate.store.changes import touch
from gate.store.engine import pieces
from gate.store.orders import VOID
from gate.store.store import Store
from gate.store.tables import (
    BoxRow,
    CredentialRow,
    ErasureRow,
    OrderRow,
    PermitRow,
    PersonRow,
    ReceiptRow,
)
from gate.store.tables.base import now

_REASON = "blocked before the backup was put back"


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far somebody's deletion has come.

    Attributes:
        done: boxes whose receipt is there.
        missing: gates whose box has not sent one, each with when it was last heard of.
    """

    ref: str
    at: datetime
    done: int
    missing: tuple[tuple[str, datetime | None], ...]


class Receipts:
    """Any thread; raises StoreError."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority

    def erased(self, box: BoxRow, receipts: Iterable[Mapping[str, Any]]) -> int:
        """Keep the receipts whose signature is right. How many."""
        key = public_key(box.signing)
        kept = 0
        with self._store.database.write() as session:
            for receipt in receipts:
                ref, at = str(receipt["ref"])[:32], str(receipt["at"])
                signature = bytes.fromhex(str(receipt["signature"]))
                try:
                    key.verify(signature, statement(ref, box.id, at), ec.ECDSA(SHA256()))
                    when = datetime.fromisoformat(at)
                except (InvalidSignature, ValueError) as error:
                    raise StoreError(
                        "a receipt is not signed by this box", where=ref, hint="pair the box again"
                    ) from error
                session.merge(ReceiptRow(ref=ref, box=box.id, at=when, signature=signature))
                kept += 1
        return kept

    def obeyed(self, reports: Sequence[tuple[str, Mapping[str, str]]]) -> list[int]:
        """What became of orders, of each gate by their id; the first result counts. Of each report
        how many orders it named."""
        with self._store.database.write(urgent=True) as session:
            for gate, results in reports:
                for id, result in results.items():
                    row = session.get(OrderRow, int(id.partition(" ")[0]))
                    # one that was obeyed in time may be reported when it is void already
                    open = row is not None and (row.taken is None or row.result == VOID)
                    if row is not None and open and row.gate == gate:
                        row.taken, row.result = now(), str(result)[:80]
        return [len(results) for _, results in reports]

    def delete_again(self, box: BoxRow, proofs: Mapping[str, str]) -> int:
        """After this hub was put back from a backup: a box names, with the hub's own signature,
        who had been deleted. How many were there again."""
        public = self._authority.order_key
        for ref, proof in proofs.items():
            if not erasure_is_signed(public, ref, proof):
                raise StoreError(
                    "a proof of erasure is not this hub's", where=ref, hint="pair the box again"
                )
        count = 0
        for some in pieces(proofs, 200):
            with self._store.database.write() as session:
                there = session.scalars(select(PersonRow.id).where(PersonRow.ref.in_(some))).all()
                for person in there:
                    self._store.people.delete_in(session, person)
            count += len(there)
        if count:
            self._store.database.wipe()
            self._store.audit.note(f"box {box.gate}", "people.deleted_again", count=count)
        return count

    def block_again(self, box: BoxRow, proofs: Mapping[str, Mapping[str, str]]) -> int:
        """The same for cards and permits that had been blocked, and for whoever had been blocked or
        had moved out. How many counted again."""
        public = self._authority.order_key
        for ref, blocked in proofs.items():
            for what, proof in blocked.items():
                if not block_is_signed(public, ref, what, proof):
                    raise StoreError(
                        "a proof of a blocked card is not this hub's",
                        where=ref,
                        hint="pair the box again",
                    )
        people = cards = 0
        for some in pieces(proofs, 200):
            with self._store.database.write() as session:
                for ref in some:
                    row = session.scalar(select(PersonRow).where(PersonRow.ref == ref))
                    if row is None:
                        continue
                    out = _block_person(row, proofs[ref])
                    again = sum(_block(session, row.id, what) for what in proofs[ref])
                    if out or again:
                        touch(session, row.id)
                    people, cards = people + out, cards + again
        for action, count in (("people", people), ("cards", cards)):
            if count:
                self._store.audit.note(f"box {box.gate}", f"{action}.blocked_again", count=count)
        return people + cards

    def state(self, limit: int = 50) -> list[Erasure]:
        """The newest erasures first: who has confirmed, who has not."""
        with self._store.database.read() as session:
            rows = session.scalars(
                select(ErasureRow).order_by(ErasureRow.at.desc()).limit(limit)
            ).all()
            boxes = session.scalars(select(BoxRow).where(BoxRow.state == "active")).all()
            signed = select(ReceiptRow.ref, ReceiptRow.box).where(
                ReceiptRow.ref.in_([row.ref for row in rows])
            )
            receipts = {(row[0], row[1]) for row in session.execute(signed)}
        return [
            Erasure(
                row.ref,
                row.at,
                sum((row.ref, box.id) in receipts for box in boxes),
                tuple(
                    (box.gate, box.seen)
                    for box in sorted(boxes, key=lambda box: box.gate)
                    # a box paired after the deletion never had anything of the person
                    if (row.ref, box.id) not in receipts and box.paired < row.at
                ),
            )
            for row in rows
        ]


def _block_person(row: PersonRow, proofs: Iterable[str]) -> bool:
    """Whether somebody counted until now who had been blocked or moved out; whoever was changed at
    this hub since then is left as they are: the change may have been the lifting of the block."""
    out = False
    for kind, state, since in (what.split(" ") for what in proofs):
        if kind != "person" or row.updated > datetime.fromisoformat(since):
            continue
        if state == BLOCKED and not row.blocked:
            row.blocked, row.blocked_reason, out = True, _REASON, True
        elif state == ENDED and row.active:
            row.active, out = False, True
    return out


def _block(session: Session, person: int, what: str) -> bool:
    """Whether a card or permit of ``gate.fleet.records.blocked_of`` counted until now; one that was
    given again since then is left as it is."""
    kind, name, since = what.split(" ")
    row: CredentialRow | PermitRow | None
    if kind == "person":
        return False
    if kind == "permit":
        row = session.get(PermitRow, name)
    else:
        digest = base64.b64decode(name)
        row = session.scalar(
            select(CredentialRow).where(CredentialRow.kind == kind, CredentialRow.hash == digest)
        )
    if row is None or row.person_id != person or row.revoked is not None:
        return False
    if row.created > datetime.fromisoformat(since):
        return False
    row.revoked, row.revoked_reason = now(), _REASON
    return True
