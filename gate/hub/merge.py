"""Takes in the people of a box that was alone until now: nobody is enrolled again.

Somebody is the same by the pseudonym, else by the community's own number. What the register has
counts; cards, consents and templates it lacks are added.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.fleet.records import PERSON, template_row, values
from gate.store.changes import RULES, touch
from gate.store.store import Store
from gate.store.tables import (
    ConsentRow,
    CredentialRow,
    ErasureRow,
    HolidayRow,
    PermitRow,
    PersonRow,
    RuleRow,
    ScheduleRow,
    TemplateRow,
)

_FIELDS = tuple(name for name in PERSON if name != "ref")


@dataclass(frozen=True, slots=True)
class Merged:
    """``double`` are people whose card somebody else has: they came without it."""

    new: int
    known: int
    double: int


def merge(store: Store, records: Iterable[Mapping[str, Any]], key: bytes, epoch: int) -> Merged:
    """One transaction. Raises StoreError when a record or a template cannot be read."""
    new = known = double = 0
    try:
        with store.database.write() as session:
            for record in records:
                if session.get(ErasureRow, record["ref"]) is not None:
                    continue  # deleted here: no box brings anybody back
                row = _same(session, record)
                if row is None:
                    new += 1
                    row = _added(store, session, record)
                else:
                    known += 1
                double += not _credentials(session, row, record)
                _rest(store, session, row, record, key, epoch)
                touch(session, row.id)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"a record of the box cannot be read: {error}",
            where="upload",
            hint="update the box's software to that of the hub",
        ) from error
    return Merged(new, known, double)


def merge_rules(store: Store, rules: Mapping[str, Any]) -> None:
    """Schedules, days and rules of the box that the hub has not, under names it has not."""
    with store.database.write() as session:
        for name, text in rules["schedules"].items():
            if session.get(ScheduleRow, name) is None:
                session.add(ScheduleRow(name=name, text=text))
        for day, counts_as, name in rules["holidays"]:
            if session.get(HolidayRow, date.fromisoformat(day)) is None:
                session.add(HolidayRow(day=date.fromisoformat(day), counts_as=counts_as, name=name))
        for name, body in rules["allows"].items():
            if session.get(RuleRow, name) is None:
                session.add(RuleRow(name=name, body=body))
        touch(session, RULES)


def _same(session: Session, record: Mapping[str, Any]) -> PersonRow | None:
    row = session.scalar(select(PersonRow).where(PersonRow.ref == record["ref"]))
    if row is None and record["number"]:
        row = session.scalar(select(PersonRow).where(PersonRow.number == record["number"]))
    return row


def _added(store: Store, session: Session, record: Mapping[str, Any]) -> PersonRow:
    row = PersonRow(ref=record["ref"], **values(record, _FIELDS))
    if record["place"]:
        building, unit, label, permits = record["place"]
        home = store.places.household_in(session, building, unit, label)
        home.permits = permits
        row.household_id = home.id
    session.add(row)
    session.flush()
    return row


def _credentials(session: Session, row: PersonRow, record: Mapping[str, Any]) -> bool:
    """False when somebody else has one of them."""
    alone = True
    for card in record["credentials"]:
        digest = base64.b64decode(card["hash"])
        there = session.scalar(
            select(CredentialRow).where(
                CredentialRow.kind == card["kind"], CredentialRow.hash == digest
            )
        )
        if there is None:
            names = [name for name in card if name != "hash"]
            session.add(CredentialRow(person_id=row.id, hash=digest, **values(card, names)))
            session.flush()
        elif there.person_id != row.id:
            alone = False
    return alone


def _rest(
    store: Store,
    session: Session,
    row: PersonRow,
    record: Mapping[str, Any],
    key: bytes,
    epoch: int,
) -> None:
    for permit in record["permits"]:
        if session.get(PermitRow, permit["id"]) is None:
            home = row.household_id
            session.add(PermitRow(person_id=row.id, household_id=home, **values(permit, permit)))
    for consent in record["consents"]:
        if store.consents.answer_in(session, row.id, consent["purpose"]) is None:
            session.add(ConsentRow(person_id=row.id, **values(consent, consent)))
            session.flush()
    have = set(session.scalars(select(TemplateRow.encoder).where(TemplateRow.person_id == row.id)))
    for template in record["templates"]:
        if template["encoder"] not in have:
            session.add(template_row(store, row, record["ref"], template, epoch, key))
