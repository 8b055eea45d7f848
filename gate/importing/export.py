"""The register as a table, without biometrics and without card numbers (nobody knows those)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from gate.store.store import Store
from gate.store.tables import BuildingRow, HouseholdRow, PersonRow, UnitRow

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


def export(store: Store) -> Iterator[str]:
    """CSV (UTF-8 with mark, as spreadsheets like it), headings first; hundreds of lines a piece."""
    lines = ["\ufeff" + _line(COLUMNS)]
    query = (
        select(PersonRow, BuildingRow.name, UnitRow.name, HouseholdRow.label)
        .outerjoin(HouseholdRow, HouseholdRow.id == PersonRow.household_id)
        .outerjoin(UnitRow, UnitRow.id == HouseholdRow.unit_id)
        .outerjoin(BuildingRow, BuildingRow.id == UnitRow.building_id)
        .order_by(PersonRow.id)
    )
    with store.database.read() as session:
        for person, *home in session.execute(query):
            lines.append(_line(_cells(person, *home)))
            if len(lines) == _PIECE:
                yield "".join(lines)
                lines.clear()
    yield "".join(lines)


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
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
