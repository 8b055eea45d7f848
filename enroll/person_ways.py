"""Which ways of passing everybody has: read for the whole register at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from enroll.may_pass import ways_of
from gate.access.decision import Method
from gate.store.engine import Database
from gate.store.tables import CredentialRow, PermitRow, PersonRow, TemplateRow


def of_everybody(database: Database, now: datetime) -> dict[int, frozenset[Method]]:
    """Number → ways, as far as a face is enrolled and credentials are valid. Raises StoreError."""
    kinds: dict[int, set[str]] = defaultdict(set)
    with database.read() as session:
        faces = set(session.scalars(select(TemplateRow.person_id).distinct()))
        issued = select(CredentialRow.person_id, CredentialRow.kind).where(
            CredentialRow.revoked.is_(None)
        )
        for person, kind in session.execute(issued):
            kinds[person].add(kind)
        permits = set(
            session.scalars(
                select(PermitRow.person_id).where(
                    PermitRow.revoked.is_(None), PermitRow.valid_until > now
                )
            )
        )
    return {
        person: frozenset(
            ways_of(
                face=person in faces,
                cards="card" in kinds[person],
                pins="pin" in kinds[person],
                permits=person in permits,
            )
        )
        for person in faces | kinds.keys() | permits
    }


def groups(database: Database) -> list[str]:
    """Every group somebody is in, in order."""
    with database.read() as session:
        return sorted(
            {group for some in session.scalars(select(PersonRow.groups)) for group in some}
        )
