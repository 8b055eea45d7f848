"""People a box has never had, written many at once: what a box loads when it begins.

Somebody who is there already is compared and written one by one (``gate.replica.apply``), some
thirty statements each. A box that loads a community writes nobody else than new people, and a
district's boxes all load at one time.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from gate.fleet.records import PERSON, template_values, values
from gate.store.changes import touch
from gate.store.store import Store
from gate.store.tables import (
    ConsentRow,
    CredentialRow,
    PermitRow,
    PersonRow,
    ReplicaRow,
    TemplateRow,
)

FACES = ":t"  # behind a pseudonym: the digest of the templates, which are dear to seal again

BLOCKED = ":b"  # behind a pseudonym: see ``gate.replica.blocked``

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A record, with the digests of all but its templates, and of these."""

    ref: str
    record: Record
    plain: bytes
    faces: bytes


def add(
    store: Store, session: Session, changes: Sequence[Change], keys: Mapping[int, bytes]
) -> None:
    """Write people who are not in the register, each named once, in the session's transaction.

    Args:
        keys: of the community, by epoch; a template of another epoch is refused.

    Raises StoreError for a template that cannot be opened.
    """
    homes = _homes(store, session, changes)
    _free_numbers(session, changes)
    rows = [
        {
            **values(change.record, PERSON),
            "household_id": homes.get(_place(change.record)),
        }
        for change in changes
    ]
    given = insert(PersonRow).returning(PersonRow.ref, PersonRow.id)
    ids = {row[0]: row[1] for row in session.execute(given, rows)}
    people = [(change, ids[change.ref]) for change in changes]
    _cards(session, people)
    _write(session, ConsentRow, _consents(people))
    _permits(session, people, homes)
    _write(session, TemplateRow, _templates(store, people, keys))
    _notes(session, changes)
    touch(session, *ids.values())


_People = Sequence[tuple[Change, int]]  # each with their number here
_Homes = dict[tuple[Any, ...], int]


def _place(record: Record) -> tuple[Any, ...]:
    return tuple(record["place"] or ())


def _homes(store: Store, session: Session, changes: Sequence[Change]) -> _Homes:
    """The household of each place, made where it is not there."""
    homes: _Homes = {}
    for place in {_place(change.record): None for change in changes}:
        if place:
            building, unit, label, permits = place
            home = store.places.household_in(session, building, unit, label)
            home.permits, homes[place] = permits, home.id
    return homes


def _free_numbers(session: Session, changes: Sequence[Change]) -> None:
    """A number may have been somebody else's until now."""
    numbers = [number for change in changes if (number := change.record["number"])]
    if numbers:
        session.execute(
            update(PersonRow).where(PersonRow.number.in_(numbers)).values(number=None),
            execution_options={"synchronize_session": "fetch"},
        )


def _cards(session: Session, people: _People) -> None:
    """A card that was given to somebody else meanwhile is theirs: the last one named has it."""
    cards: dict[tuple[str, bytes], dict[str, Any]] = {}
    for change, person in people:
        for card in change.record["credentials"]:
            digest = base64.b64decode(card["hash"])
            names = [name for name in card if name != "hash"]
            cards.pop((card["kind"], digest), None)
            cards[card["kind"], digest] = {
                **values(card, names),
                "hash": digest,
                "person_id": person,
            }
    for kind in {kind for kind, _ in cards}:
        digests = [digest for each, digest in cards if each == kind]
        session.execute(
            delete(CredentialRow).where(CredentialRow.kind == kind, CredentialRow.hash.in_(digests))
        )
    _write(session, CredentialRow, cards.values())


def _consents(people: _People) -> Iterator[dict[str, Any]]:
    for change, person in people:
        for consent in change.record["consents"]:
            yield {**values(consent, consent), "person_id": person}


def _permits(session: Session, people: _People, homes: _Homes) -> None:
    """Permits keep their number, so one that was another person's here becomes theirs."""
    for change, person in people:
        for record in change.record["permits"]:
            fields = values(record, record)
            known = session.get(PermitRow, record["id"])
            uses = max(record["uses"], known.uses if known is not None else 0)
            home = homes.get(_place(change.record))
            session.merge(
                PermitRow(**{**fields, "person_id": person, "household_id": home, "uses": uses})
            )


def _templates(
    store: Store, people: _People, keys: Mapping[int, bytes]
) -> Iterator[dict[str, Any]]:
    for change, person in people:
        for face in change.record["templates"]:
            epoch = int(face["epoch"])
            key = keys.get(epoch, b"\0" * 32)  # one that opens nothing
            yield template_values(store, person, change.ref, face, epoch, key)


def _notes(session: Session, changes: Sequence[Change]) -> None:
    """What was applied last, for the next time."""
    digests = {change.ref: change.plain for change in changes}
    digests |= {change.ref + FACES: change.faces for change in changes}
    session.execute(delete(ReplicaRow).where(ReplicaRow.ref.in_(digests)))
    _write(session, ReplicaRow, ({"ref": ref, "digest": made} for ref, made in digests.items()))


def _write(session: Session, table: Any, rows: Any) -> None:
    """All rows of a table with one statement; they have to name the same columns."""
    written = list(rows)
    if written:
        session.execute(insert(table), written)


def unknown(session: Session, changes: Sequence[Change]) -> set[str]:
    """The pseudonyms of those who are not in the register."""
    refs = [change.ref for change in changes]
    there = set(session.scalars(select(PersonRow.ref).where(PersonRow.ref.in_(refs))))
    return set(refs) - there
