"""Lines whose home is empty below a line that has one: only the first of a family may have been
given it, or somebody of no home follows, such as staff. One question for the whole table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gate.access.decision import Kind
from gate.importing.book import Cell, Row
from gate.importing.choices import HOMES
from gate.importing.homes import is_flat
from gate.importing.layout import Layout
from gate.importing.line_numbers import line_of, sheet_of, shown
from gate.importing.question import SHOWN, Question
from gate.importing.values import kind

_LIVE_HERE = {"", Kind.RESIDENT, Kind.TENANT}


def filled(layout: Layout, rows: Sequence[Row], chosen: str) -> tuple[list[Row], Question | None]:
    """``rows``, some of the layout's, with the homes above them where that was ``chosen``, and the
    question it answers; None where no home is empty below another."""
    of = {
        name: [column.index for column in layout.columns if column.field == name]
        for name in ("building", "entrance", "unit", "address", "kind", "name", "surname")
    }
    below: dict[int, dict[int, Cell]] = {}
    above: Mapping[int, Cell] = {}
    last, read = 0, {row.number: row for row in rows}
    for row in (read.get(row.number, row) for row in layout.rows):
        own = _own(row, of)
        given = _given(row, of, above) if _is_below(row.number, last) else {}
        if given and own.keys() != given.keys():
            below[row.number] = given
        above, last = {**own, **given}, row.number
    asked = [row for row in rows if row.number in below]
    if not asked:
        return list(rows), None
    examples = tuple(
        (
            f"{shown(row.number)} {_text(row.cells, of['surname'] + of['name'])}",
            (_text(home, home), ""),
        )
        for row in asked[:SHOWN]
        for home in (below[row.number],)
    )
    question = Question("homes", HOMES, examples, len(asked), chosen)
    if chosen != "above":
        return list(rows), question
    made = [replace(row, cells={**below.get(row.number, {}), **row.cells}) for row in rows]
    return made, question


def _is_below(number: int, last: int) -> bool:
    """Whether a line is the next of its sheet, or of the same line another person."""
    lines = line_of(number) - line_of(last)
    return sheet_of(number) == sheet_of(last) and lines in (0, 1)


def _own(row: Row, of: Mapping[str, list[int]]) -> dict[int, Cell]:
    """The cells of the home that a row has."""
    places = [*of["building"], *of["entrance"], *of["unit"], *of["address"]]
    return {index: row.cells[index] for index in places if index in row.cells}


def _given(row: Row, of: Mapping[str, list[int]], above: Mapping[int, Cell]) -> dict[int, Cell]:
    """The cells of the home above that a row would take over; {} where it needs none."""
    whom = [*of["name"], *of["surname"]]
    kinds = {kind(row.cells[index].text) for index in of["kind"] if index in row.cells}
    if not any(index in row.cells for index in whom) or not kinds <= _LIVE_HERE:
        return {}
    own = _own(row, of)
    halves = [of["unit"], *([of["building"]] if of["building"] else [])]
    whole = all(any(index in above for index in half) for half in halves)
    if not whole and not any(index in above for index in of["address"]):
        return {}
    if not own:
        return dict(above)
    flat = [row.cells[index].text for index in of["unit"] if index in row.cells]
    if not of["building"] or any(index in own for index in (*of["building"], *of["address"])):
        return {}
    if not flat or not is_flat(flat[0]):
        return {}
    return {index: cell for index, cell in above.items() if index not in of["unit"]}


def _text(cells: Mapping[int, Cell], indexes: Sequence[int] | Mapping[int, Cell]) -> str:
    return " ".join(cells[index].text for index in sorted(indexes) if index in cells)
