"""Everything that is kept about one person, as plain values for a file they may take along."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gate.store.store import Store
from gate.store.tables import EventRow, PermitRow, PersonRow, TemplateRow

_EVENTS = 10_000


def own_data(store: Store, person: PersonRow) -> dict[str, Any]:
    """Register, answers, credentials, permits, events; of the face that it is kept, not what.

    The numbers of a template are withheld: with them somebody could try to pass for the person.
    """
    with store.database.read() as session:
        templates = session.scalars(select(TemplateRow).where(TemplateRow.person_id == person.id))
        faces = [
            {"made": row.created.isoformat(), "encoder": row.encoder, "quality": row.quality}
            for row in templates
        ]
        permits = [
            _plain(row) for row in session.scalars(_of(PermitRow, person.id)) if row is not None
        ]
        events = session.scalars(
            select(EventRow)
            .where(EventRow.person == person.ref)
            .order_by(EventRow.time.desc())
            .limit(_EVENTS)
        )
        seen = [row.body for row in events]
    return {
        "person": _plain(person),
        "address": store.places.address(person.household_id) if person.household_id else None,
        "consents": [_plain(row) for row in store.consents.of(person.id)],
        "credentials": [_plain(row) for row in store.credentials.of(person.id)],
        "permits": permits,
        "face_templates": faces,
        "learnt_from_cards": [_plain(row) for row in store.looks.of_person(person.id)],
        "faces_not_used_yet": store.looks.waiting().get(person.id, 0),
        "last_seen": store.key_values.get(f"not_seen:{person.id}") or None,
        "place": store.key_values.get(f"place:{person.id}") or None,
        "notified_of_visitors_by": store.arrivals.of_person(person.id),
        "platforms": [_plain(row) for row in store.exports.of_person(person.id)],
        "events": seen,
    }


def _of(table: type[PermitRow], person: int) -> Any:
    return select(table).where(table.person_id == person)


def _plain(row: Any) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__mapper__.columns}
    values.pop("hash", None)
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in values.items()
    }
