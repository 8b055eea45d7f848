"""The mistakes of a table as its page shows them: whose line, what the cell holds, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.importing.book import Form, Row, letters
from gate.importing.names import SEVERAL
from gate.importing.plan import Plan
from gate.importing.wrong import Wrong
from gate.texts.catalogue import Translate

_LONGEST = 60  # characters of a value
_LAST = 4  # characters shown of a card number, which opens doors
_HELD, _TWICE = "belongs to somebody in the register", "is in line {which} too"
_WITHIN = {"unit": ("unit", "address", "entrance"), "building": ("building", "unit", "address")}

# where the mistake itself does not say what to do
TO_DO = {
    "is missing": "fill in the cell",
    "is too long": "shorten it",
    "holds control characters": "empty the cell and type it again",
    "holds a picture": "pictures belong in the column for photographs",
    "is a heading and nobody's name": "delete this line from the table",
    "holds something of the owner or the tenant; its heading does not say whose": (
        "write owner or tenant into its heading, or leave the column out below"
    ),
    "is none of the known kinds": "choose one from the list of the empty table; empty: resident",
    "is not a date like 2026-11-23, up to 2199": "write it as 2026-11-23; no end: leave it empty",
    "lies before the first day": "correct one of the two days",
    "a tenant or visitor needs an end date": "fill in the last day",
    "is no year from 1900 to now": "write the year, 1956, or the date, 1956-03-05",
    SEVERAL: "if it is one person, write the name without blanks",
    "is nobody's name": "write the name, or delete this line from the table",
    "holds a number that is no part of a name": "home and telephone belong in columns of their own",
    "says neither that somebody lives here nor that they moved out": (
        "write active or moved out, or leave the column out below; empty the cell of a lost card"
    ),
    "is no telephone number": "write the number, or leave it empty",
    "is not whole: some of its digits are hidden by asterisks": (
        "write the whole number, or leave the column out below"
    ),
    "is the number of an identity card, which is not kept here": "leave the column out below",
    "is neither agreed nor refused": "write agreed or refused",
    "says that it is so, not that the person agreed to the mark": "ask them, then write agreed",
    "a photograph needs the person's consent": "write agreed, if so; else remove the photograph",
    "consent needs the year of birth": "fill in the year of birth",
    "a guardian answers for a child": "fill in the guardian's name",
    "building and unit are given together or not at all": "fill in both, or neither",
    "is neither zh nor en": "leave it empty, or write zh or en",
    _TWICE: "leave it in the line of the one it belongs to",
    _HELD: "search for the card under People; correct one of the two",
    "not a card number": "copy it as printed on the card, into a cell formatted as text",
    "is nobody in the register": "empty the cell: then it is somebody new",
    "{which} is not there": "add the file to the ZIP, or correct its name here",
    "the picture of the cell is not in the file": "insert the picture again, or use a ZIP",
    "not a readable photograph": "use a JPEG or PNG file",
    "the HEIC photograph is damaged": (
        "send it as JPEG; on an iPhone: Settings, Camera, Formats, Most Compatible"
    ),
    "the photograph is damaged": "copy it again or take another",
    "the photograph is smaller than 16 pixels on one side": "use a larger one",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Attributes:
    name: of whoever the line is about, "" where it has none.
    column: its letter and heading in the table, "" of a whole line.
    found: what the cell holds; of a card that may open doors only its end.
    to_do: "" where ``what`` says it.
    """

    line: int
    name: str
    column: str
    found: str
    what: str
    to_do: str


def shown(
    plan: Plan, wrong: Sequence[Wrong], heading: Callable[[str], str], translate: Translate
) -> list[Mistake]:
    """``wrong``, some of the plan's mistakes, as the page shows them."""
    wanted = {one.line for one in wrong}
    lines = [line for line in plan.lines if line.number in wanted]
    names = {line.number: line.values.get("name", "") for line in lines}
    rows = {row.number: row for row in plan.table.layout.rows if row.number in wanted}
    return [_shown(plan, rows.get(one.line), names, one, heading, translate) for one in wrong]


def _shown(
    plan: Plan,
    row: Row | None,
    names: dict[int, str],
    one: Wrong,
    heading: Callable[[str], str],
    translate: Translate,
) -> Mistake:
    found = _found(plan, row, one)
    same = one.column != "photo" and one.which and "{which}" not in one.text and found == one.which
    return Mistake(
        one.line,
        names.get(one.line) or _text(plan, row, ("name", "surname", "given_name")),
        _column(plan, one.column) or heading(one.column),
        found,
        translate(one.text) if same else one.words(translate),
        translate(TO_DO[one.text]) if one.text in TO_DO else "",
    )


def _found(plan: Plan, row: Row | None, one: Wrong) -> str:
    if not one.column:  # the whole line
        cells = sorted(row.cells.items()) if row else ()
        cards = {column.index for column in plan.table.columns if column.field == "card"}
        texts = (_end(cell.text) if index in cards else cell.text for index, cell in cells)
        return _cut(" | ".join(texts))
    text = _text(plan, row, _WITHIN.get(one.column, (one.column,)))
    if one.column == "card" and one.text in (_TWICE, _HELD):
        return _end(text)
    return _cut(text)


def _text(plan: Plan, row: Row | None, fields: Sequence[str]) -> str:
    """What the cells of the first of ``fields`` that is filled hold; all of them of a name."""
    parts = []
    for field in fields:
        for column in plan.table.columns:
            cell = row.cells.get(column.index) if row and column.field == field else None
            if cell is not None:
                parts.append("▣" if cell.form is Form.PICTURE else cell.text.strip())
        if parts and "name" not in field:
            break
    return " ".join(parts)


def _column(plan: Plan, field: str) -> str:
    """Letter and heading of a column as the table has it."""
    for wanted in _WITHIN.get(field, (field,)):
        for column in plan.table.columns:
            if wanted and column.field == wanted:
                return f"{letters(column.index)} {column.heading}".strip()
    return ""


def _end(number: str) -> str:
    return f"…{number[-_LAST:]}" if len(number) > _LAST else number


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
