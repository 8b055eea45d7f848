"""Who and what was blocked after a backup was made: once it is put back, none of it counts again.

Blocked people and those who had moved out, blocked cards, permits that were blocked or used, keys
of commands that were revoked, and boxes of a hub that were shut out. Who was deleted stays noted,
so that no other backup brings them back either.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.store.changes import touch
from gate.store.credentials import note_permit
from gate.store.people import PERMIT
from gate.store.store import Store
from gate.store.tables import (
    BoxRow,
    CommandKeyRow,
    CredentialRow,
    ErasureRow,
    KeyValueRow,
    PermitRow,
    PersonRow,
)
from gate.store.tables.base import now


def keep_out(old: Store, new: Store) -> int:
    """Carry it from the ``old`` register to the ``new`` one, where it counts again. How many.

    Both have the same key. Raises StoreError.
    """
    with old.database.read() as before, new.database.write() as session:
        count = _people(before, session) + _cards(before, session) + _permits(before, session)
        for key in before.scalars(select(CommandKeyRow).where(CommandKeyRow.revoked.is_not(None))):
            there = session.get(CommandKeyRow, key.id)
            if there is not None and there.revoked is None:
                there.revoked, count = key.revoked, count + 1
        for box in before.scalars(select(BoxRow).where(BoxRow.state != "active")):
            known = session.get(BoxRow, box.id)
            if known is not None and known.state == "active":
                known.state, known.reason, known.ended = box.state, box.reason, box.ended
                count += 1
        _deletions(before, session)
        if count:
            new.audit.note_in(session, "restore", "kept_out.again", count=count)
    return count


def _people(before: Session, session: Session) -> int:
    count = 0
    out = select(PersonRow).where(PersonRow.blocked | ~PersonRow.active)
    for row in before.scalars(out):
        there = session.scalar(select(PersonRow).where(PersonRow.ref == row.ref))
        if there is None:
            continue
        blocks, ends = row.blocked and not there.blocked, there.active and not row.active
        if blocks:
            there.blocked, there.blocked_reason = True, row.blocked_reason
        if ends:
            there.active = False
        if blocks or ends:
            touch(session, there.id)
            count += 1
    return count


def _cards(before: Session, session: Session) -> int:
    count = 0
    for row in before.scalars(select(CredentialRow).where(CredentialRow.revoked.is_not(None))):
        there = session.scalar(
            select(CredentialRow).where(
                CredentialRow.kind == row.kind, CredentialRow.hash == row.hash
            )
        )
        if there is not None and there.revoked is None:
            there.revoked, there.revoked_reason = row.revoked, row.revoked_reason
            touch(session, there.person_id)
            count += 1
    return count


def _permits(before: Session, session: Session) -> int:
    count = 0
    query = select(PermitRow).where(PermitRow.revoked.is_not(None) | (PermitRow.uses > 0))
    for row in before.scalars(query):
        if (there := session.get(PermitRow, row.id)) is not None:
            count += _permit(session, there, row.revoked, row.revoked_reason, row.uses)
        elif row.valid_until > now():
            known = {"revoked": row.revoked is not None, "uses": row.uses}
            count += note_permit(session, row.id, known)
    for fact in before.scalars(select(KeyValueRow).where(KeyValueRow.key.like(f"{PERMIT}%"))):
        serial = fact.key.removeprefix(PERMIT)
        if (there := session.get(PermitRow, serial)) is not None:
            revoked = now() if fact.value.get("revoked") else None
            count += _permit(session, there, revoked, "", int(fact.value.get("uses", 0)))
        else:
            count += note_permit(session, serial, fact.value)
    return count


def _permit(
    session: Session, row: PermitRow, revoked: datetime | None, reason: str, uses: int
) -> bool:
    revokes, used = revoked is not None and row.revoked is None, uses > row.uses
    if revokes:
        row.revoked, row.revoked_reason = revoked, reason
    if used:
        row.uses = uses
    if revokes or used:
        touch(session, row.person_id)
    return revokes or used


def _deletions(before: Session, session: Session) -> None:
    for row in before.scalars(select(ErasureRow)):
        if session.get(ErasureRow, row.ref) is None:
            # its number may be somebody else's by now
            number = row.person_id if session.get(PersonRow, row.person_id) is None else 0
            noted = ErasureRow(ref=row.ref, person_id=number, at=row.at, proof=row.proof)
            session.add(noted)
