"""The register as a table, without biometrics and without card numbers (nobody knows those)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.importing.marks import MARKS
from gate.importing.workbooks import heading, table, words_of
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import BuildingRow, ConsentRow, HouseholdRow, PersonRow, UnitRow

_PIECE = 500
COLUMNS = (
    "number",
    "name",
    "kind",
    "building",
    "unit",
    "household",
    "birth year",
    "phone",
    "valid from",
    "valid until",
    "groups",
    "note",
)


# what begins a formula; a spreadsheet in Chinese takes the full-width forms too
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def export(store: Store) -> Iterator[str]:
    """CSV (UTF-8 with mark, as spreadsheets like it), headings first; hundreds of lines a piece."""
    lines = ["\ufeff" + _line(COLUMNS)]
    query = with_place(
        select(PersonRow, BuildingRow.name, UnitRow.name, HouseholdRow.label)
    ).order_by(PersonRow.id)
    with store.database.read() as session:
        for person, *home in session.execute(query):
            lines.append(_line(_cells(person, *home)))
            if len(lines) == _PIECE:
                yield "".join(lines)
                lines.clear()
    yield "".join(lines)


WORKBOOK = (
    *("person", "number", "name", "kind", "building", "unit", "household", "birth_year", "phone"),
    *("valid_from", "valid_until", "groups", "note", "locale", "state", "consent", "consent_text"),
    *("guardian", "help", "alone"),
)


def workbook(store: Store, language: str) -> bytes:
    """The register as an Excel workbook in a language, with states and answers.

    Imported again it changes nothing. No biometrics, and no card numbers: nobody knows those.
    """
    headings = [heading(column, language) for column in WORKBOOK]
    return table(headings, _rows(store, language), "人员" if language == "zh" else "people")


def _rows(store: Store, language: str) -> Iterator[list[str]]:
    query = with_place(
        select(PersonRow, BuildingRow.name, UnitRow.name, HouseholdRow.label)
    ).order_by(PersonRow.id)
    with store.database.read() as session:
        answers = _answers(session)
        for person, building, unit, household in session.execute(query):
            values = dict(zip(COLUMNS, _cells(person, building, unit, household), strict=True))
            values = {key.replace(" ", "_"): value for key, value in values.items()}
            values["person"] = f"#{person.id}"
            values["locale"] = person.locale
            values["state"] = "active" if person.active else "moved_out"
            said = answers.get(person.id, {})
            if "face" in said:
                values["consent"], values["consent_text"], values["guardian"] = said["face"]
            values |= {mark: said[mark][0] for mark in MARKS if mark in said}
            made = words_of(values, language)
            yield [made.get(column, "") for column in WORKBOOK]


def _answers(session: Session) -> dict[int, dict[str, tuple[str, str, str]]]:
    """Person → purpose → the newest answer, its text and guardian. One pass: asking for the newest
    of each in the query took as long as all the rest."""
    found: dict[int, dict[str, tuple[str, str, str]]] = {}
    query = (
        select(
            ConsentRow.person_id,
            ConsentRow.purpose,
            ConsentRow.answer,
            ConsentRow.text_version,
            ConsentRow.guardian,
        )
        .where(ConsentRow.purpose.in_(("face", *MARKS)))
        .order_by(ConsentRow.id)
    )
    for person, purpose, *said in session.execute(query):
        found.setdefault(person, {})[purpose] = (said[0], said[1], said[2])
    return found


def _cells(
    person: PersonRow, building: str | None, unit: str | None, household: str | None
) -> tuple[str, ...]:
    return (
        person.number or "",
        person.name,
        person.kind,
        building or "",
        unit or "",
        household or "",
        str(person.birth_year or ""),
        person.phone,
        _day(person.valid_from),
        # the last day counts in full, so the end is the midnight behind it
        _day(person.valid_until and person.valid_until - timedelta(microseconds=1)),
        ";".join(person.groups),
        person.note,
    )


def _day(moment: datetime | None) -> str:
    return moment.astimezone().date().isoformat() if moment else ""


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(harmless(cell) for cell in cells)
    return buffer.getvalue()


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula is marked as text."""
    marked = cell[:1] == "'" and cell[1:2] in (*_FORMULA, "'")
    return "'" + cell if marked or cell[:1] in (*_FORMULA, "\t", "\r") else cell
