"""Cards, PINs and permits: kept as keyed hashes, found by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from gate.access.decision import Person
from gate.errors import StoreError
from gate.store.changes import touch
from gate.store.database_errors import ConflictError
from gate.store.engine import Database
from gate.store.key_value import JOINED
from gate.store.learnt_lines import suspend
from gate.store.people import PERMIT, as_person
from gate.store.tables import CredentialRow, KeyValueRow, PermitRow, PersonRow, SequenceRow
from gate.store.tables.base import now
from gate.store.vault import Vault

USES = "uses:"  # of a permit at this gate, by epoch and serial, on a box of a hub


@dataclass(frozen=True, slots=True)
class Found:
    """A credential that is in the register, valid or not, and who holds it."""

    credential: CredentialRow
    person: Person

    def valid(self, at: datetime) -> bool:
        row = self.credential
        return (
            row.revoked is None
            and (row.valid_from is None or row.valid_from <= at)
            and (row.valid_until is None or at < row.valid_until)
        )


class Credentials:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(self, person: int, kind: str, value: str, **fields: Any) -> CredentialRow:
        """Give a person a card ("card") or a PIN ("pin"). ``value`` is hashed and forgotten.

        One that was revoked may be given out again. Raises StoreError (ConflictError) when somebody
        has it already.
        """
        digest, *others = self._vault.digests(kind, value)
        with self._database.write() as session:
            for each in (digest, *others):
                clear_revoked(session, kind, each)
            taken = select(CredentialRow.id).where(
                CredentialRow.kind == kind, CredentialRow.hash.in_(others)
            )
            if others and session.scalar(taken) is not None:
                raise ConflictError(
                    "somebody has it already",
                    where=self._database.where,
                    hint="check whether it exists already",
                )
            row = CredentialRow(person_id=person, kind=kind, hash=digest, **fields)
            session.add(row)
            touch(session, person)
            session.flush()
            return row

    def find(self, kind: str, value: str) -> Found | None:
        """Who holds this card or PIN."""
        return self.find_hash(kind, self._vault.digests(kind, value))

    def find_hash(self, kind: str, hashes: Iterable[bytes]) -> Found | None:
        """The same of a card or PIN that was found before: ``CredentialRow.hash``."""
        with self._database.read() as session:
            row = session.execute(
                select(CredentialRow, PersonRow)
                .join(PersonRow, PersonRow.id == CredentialRow.person_id)
                .where(
                    CredentialRow.kind == kind,
                    CredentialRow.hash.in_(list(hashes)),
                )
            ).first()
            return Found(row[0], as_person(row[1])) if row else None

    def of(self, person: int) -> list[CredentialRow]:
        with self._database.read() as session:
            return list(
                session.scalars(select(CredentialRow).where(CredentialRow.person_id == person))
            )

    def revoke(self, credential: int, reason: str) -> bool:
        """Make a card or PIN invalid; it stays in the register so that its use is noticed.

        A face that was learnt from the person's cards alone no longer counts until staff confirm
        it: whoever had the card may have taught it. Returns whether there was one.
        """
        with self._database.write() as session:
            row = session.get(CredentialRow, credential)
            if row is None:
                raise StoreError(f"there is no credential {credential}", hint="look it up again")
            row.revoked, row.revoked_reason = now(), reason
            touch(session, row.person_id)
            lost = row.kind == "card" and suspend(session, self._vault, row.person_id)
        if lost:
            self._database.wipe()
        return lost

    def remove(self, credential: int) -> None:
        """Take a card or PIN out of the register, so that it can be given to somebody else."""
        with self._database.write() as session:
            row = session.get(CredentialRow, credential)
            if row is not None:
                touch(session, row.person_id)
                session.delete(row)

    def permit(self, permit: str) -> PermitRow | None:
        with self._database.read() as session:
            return session.get(PermitRow, permit)

    def use_permit(self, permit: str) -> bool:
        """Count one use. False when it is unknown, revoked or used up: then nothing changed."""
        with self._database.write() as session:
            done = session.execute(
                update(PermitRow)
                .where(
                    PermitRow.id == permit,
                    PermitRow.revoked.is_(None),
                    or_(PermitRow.uses_allowed.is_(None), PermitRow.uses < PermitRow.uses_allowed),
                )
                .values(uses=PermitRow.uses + 1)
            )
            counted = bool(done.rowcount)  # type: ignore[attr-defined]
            if counted and session.get(KeyValueRow, JOINED) is not None:
                self._own_use(session, permit)
            return counted

    def _own_use(self, session: Session, permit: str) -> None:
        """Count what was used at this gate alone: the hub adds those of all gates up."""
        epoch = session.scalar(select(func.max(SequenceRow.epoch))) or 0
        key = f"{USES}{epoch}:{permit}"
        row = session.get(KeyValueRow, key)
        used = row.value["n"] if row is not None else 0
        session.merge(KeyValueRow(key=key, value={"n": used + 1}, at=now()))

    def revoke_permit(self, permit: str, reason: str) -> None:
        """Make a permit invalid, at every gate; one that is already is left as it is."""
        with self._database.write() as session:
            row = session.get(PermitRow, permit)
            if row is not None and row.revoked is None:
                row.revoked, row.revoked_reason = now(), reason
                touch(session, row.person_id)


def note_permit(session: Session, serial: str, what: Mapping[str, Any]) -> bool:
    """Note that a permit without a row was revoked, and how often it was used. Whether that is new.

    A gate believes the signature of a visitor's code of which it knows nothing.
    """
    row = session.get(KeyValueRow, f"{PERMIT}{serial}")
    known = dict(row.value) if row else {}
    uses = max(int(known.get("uses", 0)), int(what.get("uses", 0)))
    revoked = bool(known.get("revoked") or what.get("revoked"))
    noted = {**known, **({"uses": uses} if uses else {}), **({"revoked": True} if revoked else {})}
    if noted == known:
        return False
    session.merge(KeyValueRow(key=f"{PERMIT}{serial}", value=noted))
    return True


def clear_revoked(session: Session, kind: str, digest: bytes) -> None:
    """Take a revoked card or PIN out of the register: it may be given out again."""
    row = session.scalar(
        select(CredentialRow).where(
            CredentialRow.kind == kind,
            CredentialRow.hash == digest,
            CredentialRow.revoked.is_not(None),
        )
    )
    if row is not None:
        touch(session, row.person_id)
        session.delete(row)
        session.flush()
