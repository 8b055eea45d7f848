"""What one line of a table writes into the register: person, household, answer, card and face.

Everything happens in the transaction of the caller. What was said at the desk since the table was
checked counts more than the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gate.importing import marks
from gate.importing.added import Added
from gate.importing.as_registered import building_of, unit_in
from gate.importing.check import against, answer_of, card_numbers, day, groups_of, photo_names
from gate.importing.homes import home_key
from gate.importing.notes import ANOTHERS_CARD, MOVED_OUT, SAID_NO, note, parts_of
from gate.importing.text import code, prose
from gate.importing.text import name as name_of
from gate.importing.values import KINDS
from gate.importing.wrong import Line
from gate.recognition.face import Vector
from gate.services.enrolment import Shot
from gate.store.changes import touch
from gate.store.consents import forget_faces
from gate.store.credentials import clear_revoked
from gate.store.places import NewPlaces
from gate.store.store import Store
from gate.store.tables import (
    BuildingRow,
    ConsentRow,
    CredentialRow,
    HouseholdRow,
    ImportLineRow,
    PersonRow,
    TemplateRow,
    UnitRow,
)


@dataclass(frozen=True, slots=True)
class Ready:
    """One line with everything slow done, waiting for its transaction."""

    line: Line
    shots: list[Shot]
    note: str


def write_line(
    session: Session, store: Store, job: int, ready: Ready, by: str, added: Added
) -> str:
    """Put one line into the register and the report of the import; what became of it."""
    values = ready.line.values
    person = _person(session, job, values)
    known = person is not None
    if person is not None:
        added.before(session, person.id)
    if person is not None and not person.active and values.get("state") == "moved_out":
        return _reported(session, job, ready, person.id, "unchanged", "")
    barred = _barred(session, store, person, values) if person is not None else ""
    if person is None:
        person = PersonRow(name=values["name"])
        session.add(person)
    if barred == MOVED_OUT:  # meanwhile: nothing of them is changed
        return _reported(session, job, ready, person.id, "failed", note([("", barred)]))
    noted = [("", barred)] if barred else []
    household = None
    if "building" in values:
        household = _household(session, store, person, values, added.homes)
    changed = not known
    for column, value in _columns(values, household).items():
        if not _alike(column, getattr(person, column), value):
            setattr(person, column, value)
            changed = True
    session.flush()
    added.wrote(person.id, new=not known)
    shots = [] if barred else ready.shots
    if not barred:
        changed |= _answered(session, store, person.id, values, by)
    changed |= marks.record(session, store, person.id, values, by)
    for number in card_numbers(values):
        given = _card(session, store, person.id, number)
        changed |= given is True
        noted += [("", ANOTHERS_CARD)] if given is None else []
    if answer_of(values) == "refused" and not barred:
        forget_faces(session, person.id)
    new_face = bool(shots) and not _kept_already(session, store, person.id, shots)
    if new_face:
        session.execute(delete(TemplateRow).where(TemplateRow.person_id == person.id))
    for shot in shots if new_face else ():
        for encoder, vector in shot.vectors.items():
            session.add(
                TemplateRow(
                    person_id=person.id,
                    encoder=encoder,
                    vector=store.vault.seal(vector, person.id, encoder),
                    quality=shot.quality,
                )
            )
    if changed or new_face:
        touch(session, person.id)
    result = "enrolled" if new_face else "registered" if not known else "updated"
    if known and not changed and not new_face:
        result = "unchanged"
    if photo_names(values) and not shots:
        result = "failed"  # the person is in the register, the face is not
    return _reported(session, job, ready, person.id, result, note([*noted, *parts_of(ready.note)]))


def _person(session: Session, job: int, values: dict[str, str]) -> PersonRow | None:
    """Whom a line is about: as was decided, else by number; None for somebody new."""
    kind, _, which = values.get("person", "").replace("#", "# ").partition(" ")
    if kind == "#":
        return session.get(PersonRow, int(which))
    if kind == "line":
        row = session.get(ImportLineRow, (job, int(which)))
        return session.get(PersonRow, row.person_id) if row is not None else None
    if "number" in values:
        return session.scalar(select(PersonRow).where(PersonRow.number == values["number"]))
    return None


def _household(
    session: Session, store: Store, person: PersonRow, values: dict[str, str], made: NewPlaces
) -> int:
    """The household of a line; 3号楼 is the building 3 where the register writes it so."""
    building, unit, label = values["building"], values["unit"], values.get("household", "")
    building = building_of(session, building)
    if person.household_id is not None:
        home = session.execute(
            select(BuildingRow.name, UnitRow.name, HouseholdRow.label)
            .join(UnitRow, UnitRow.building_id == BuildingRow.id)
            .join(HouseholdRow, HouseholdRow.unit_id == UnitRow.id)
            .where(HouseholdRow.id == person.household_id)
        ).one()
        same = home_key(home[0], home[1]) == home_key(building, unit)
        if same and label in ("", code(home[2])):
            return person.household_id  # as the register writes it
    unit = unit_in(session, building, unit)
    return store.places.household_in(session, building, unit, label, made).id


def _alike(column: str, old: Any, new: Any) -> bool:
    """Whether a value of the register is that of a line, but for how it is written."""
    if column in ("valid_from", "valid_until") and old is not None:
        return bool(last_day(old, column) == last_day(new, column))
    if column in ("name", "number", "phone", "note") and isinstance(old, str):
        clean = {"name": name_of, "note": prose}.get(column, code)
        return bool(clean(old) == new)
    if column == "groups":
        return sorted(code(group) for group in old) == sorted(new)
    return bool(old == new)


def last_day(moment: datetime, column: str) -> date:
    """The day a begin or end of validity is written as: the last day counts in full."""
    early = timedelta(microseconds=1) if column == "valid_until" else timedelta()
    return (moment - early).astimezone().date()


def _answered(session: Session, store: Store, person: int, values: dict[str, str], by: str) -> bool:
    """Keep the answer of a line unless it is the one that counts already; whether it is new."""
    answer = answer_of(values)
    said = store.consents.answer_in(session, person)
    guardian = values.get("guardian", "")
    version = values.get("consent_text", "")
    if not answer or (
        said is not None
        and said.answer == answer
        and (not guardian or said.guardian == guardian)
        and (not version or said.text_version == version)
    ):
        return False
    session.add(
        ConsentRow(
            person_id=person,
            answer=answer,
            text_version=version or "paper",
            language=values.get("locale", "zh"),
            asked_by=by,
            guardian=guardian,
        )
    )
    return True


_SAME_PHOTOGRAPH = 0.9999  # cosine of two encodings of one and the same file


def _kept_already(session: Session, store: Store, person: int, shots: Sequence[Shot]) -> bool:
    """Whether these very photographs are enrolled: then nothing is written again."""
    query = select(TemplateRow).where(TemplateRow.person_id == person)
    kept: dict[str, list[Vector]] = {}
    for row in session.scalars(query):
        vector = store.vault.unseal(row.vector, person, row.encoder)
        kept.setdefault(row.encoder, []).append(vector)
    for shot in shots:
        for encoder, vector in shot.vectors.items():
            if not any(float(vector @ old) > _SAME_PHOTOGRAPH for old in kept.get(encoder, ())):
                return False
    return all(len(vectors) == len(shots) for vectors in kept.values())


def _reported(
    session: Session, job: int, ready: Ready, person: int, result: str, noted: str
) -> str:
    line = ready.line.number
    session.add(
        ImportLineRow(
            import_id=job, line=line, person_id=person, result=result, note=noted, added=""
        )
    )
    return result


def _barred(session: Session, store: Store, person: PersonRow, values: dict[str, str]) -> str:
    """What was said at the desk since the table was checked, and counts."""
    if not person.active:
        return MOVED_OUT
    said = store.consents.answer_in(session, person.id)
    return SAID_NO if against(said.answer if said else "", values) else ""


def _columns(values: dict[str, str], household: int | None) -> dict[str, Any]:
    """Columns of PersonRow that the line speaks of; others stay as they are."""
    columns: dict[str, Any] = {
        key: values[key] for key in ("name", "number", "phone", "note", "locale") if key in values
    }
    if household is not None:
        columns["household_id"] = household
    if "kind" in values:
        columns["kind"] = KINDS[values["kind"].lower()].value
    if "birth_year" in values:
        columns["birth_year"] = int(values["birth_year"])
    if "groups" in values:
        columns["groups"] = groups_of(values["groups"])
    begin, end = day(values.get("valid_from", "")), day(values.get("valid_until", ""))
    if begin:
        columns["valid_from"] = datetime.combine(begin, time()).astimezone()
    if end:
        columns["valid_until"] = datetime.combine(end + timedelta(days=1), time()).astimezone()
    return columns


def _card(session: Session, store: Store, person: int, number: str) -> bool | None:
    """Give the card: True; False when they have it already, None when somebody else has."""
    digest = store.vault.digest("card", number)
    clear_revoked(session, "card", digest)
    held = session.scalar(
        select(CredentialRow).where(CredentialRow.kind == "card", CredentialRow.hash == digest)
    )
    if held is None:
        session.add(CredentialRow(person_id=person, kind="card", hash=digest))
        return True
    return False if held.person_id == person else None
