"""The sheet that is read: one of a workbook, or several with the same headings as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gate.importing import tenants
from gate.importing.book import Book, Cell, Row, Sheet, letters
from gate.importing.choices import ALL, Choices
from gate.importing.guesses import guess_of
from gate.importing.headings import column_of, heading_key
from gate.importing.layout import headings_of, lay_out, sheets_of
from gate.importing.line_numbers import MOST_SHEETS, numbered
from gate.importing.question import SHOWN, Question
from gate.importing.sections import places

_HOME = {"unit", "address"}
# names of sheets with those who have gone, cards that were lost, and copies
_NO_LONGER = re.compile(
    r"搬[离離走出]|迁出|遷出|退租|挂失|掛失|作废|作廢|注销|註銷|遗失|丢失|历史|歷史|旧|舊|停用|禁用|"
    r"黑名单|离职|去世|死亡|备份|備份|副本|\b(?:moved|former|old|lost|cancell?ed|revoked|history|"
    r"archived?|blocked|blacklist|backup|copy)\b",
    re.IGNORECASE,
)


def sheet_of(
    book: Book, choices: Choices
) -> tuple[Sheet | None, tuple[Sheet, ...], list[Question]]:
    """The sheet, those there are, and what is asked about them; None where there is none.

    Several are offered as one where each has names and homes: a sheet of the staff, who live
    nowhere here, is imported by itself, and so is one of people who have moved out.
    """
    sheets = tuple(sheets_of(book))
    if not sheets:
        return None, (), []
    asked = []
    several = _together(sheets)
    if len(sheets) > 1:
        options = (*((ALL,) if several else ()), *(one.name for one in sheets))
        joint = {id(one): str(number) for number, one in enumerate(several, start=1)}
        counted = tuple((one.name, (str(len(one.rows)), joint.get(id(one), ""))) for one in sheets)
        chosen = choices.sheet if choices.sheet in options else ""
        asked.append(Question("sheet", options, counted, answer=chosen))
    if several and choices.sheet == ALL:
        parts = [_of_each(one, choices, number) for number, one in enumerate(several, start=1)]
        found = [question for _, question in parts if question]
        if found:
            examples = tuple(example for one in found for example in one.examples)
            lines = sum(one.lines for one in found)
            asked.append(replace(found[0], examples=examples[:SHOWN], lines=lines))
        return _joined([sheet for sheet, _ in parts]), sheets, asked
    sheet = next((one for one in sheets if one.name == choices.sheet), sheets[0])
    sheet, question = _of_each(sheet, choices, 0)
    return sheet, sheets, [*asked, *([question] if question else [])]


def together(questions: Sequence[Question]) -> list[str]:
    """The sheets that are read as one, in the order of their numbers; none where one is read."""
    return [
        name
        for one in questions
        if one.about == "sheet" and one.answer == ALL
        for name, (_, number) in one.examples
        if number
    ]


def _together(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets that may be read as one."""
    found = []
    for sheet in sheets:
        if _NO_LONGER.search(sheet.name):
            continue
        read = [column_of(text) or guess_of(text) for text in headings_of(sheet)[1].values()]
        if {"name", "surname"} & set(read) and _HOME & set(read):
            found.append(sheet)
    return found if 1 < len(found) <= MOST_SHEETS else []


def _of_each(sheet: Sheet, choices: Choices, number: int) -> tuple[Sheet, Question | None]:
    """A sheet with a line for each person, numbered as the ``number``-th of several."""
    said: Mapping[int, tuple[str, str]] = {}
    if number:
        layout = lay_out(sheet, {}, {})
        said = {
            line: (place.building, place.entrance) for line, place in places(sheet, layout).items()
        }
    rows = [
        replace(row, number=numbered(row.number, sheet=number), place=said.get(row.number))
        for row in sheet.rows
    ]
    sheet = replace(sheet, rows=rows) if number else sheet
    at, headings = headings_of(sheet)
    found = tenants.split(sheet, at, headings, choices.owners) if headings else None
    return (found.sheet, found.question) if found else (sheet, None)


def _joined(sheets: Sequence[Sheet]) -> Sheet:
    """The lines below the headings of all of them, columns of one meaning as one."""
    names: list[str] = []  # heading of each column
    keys: dict[tuple[str, int], int] = {}  # heading or meaning, how often before → column
    rows: list[Row] = []
    hidden: set[int] = set()
    line = 0
    for sheet in sheets:
        at, headings = headings_of(sheet)
        line = line or sheet.rows[at].number
        to = _columns(headings, names, keys)
        width = len(names)
        beyond: dict[int, int] = {}  # columns without a heading
        for row in sheet.rows[at + 1 :]:
            for column in row.cells:
                if column not in to and column not in beyond:
                    beyond[column] = width + len(beyond)
            place = {**to, **beyond}
            rows.append(
                replace(
                    row,
                    cells={place[column]: cell for column, cell in row.cells.items()},
                    spans=frozenset(place[c] for c in row.spans if c in place),
                    filled=frozenset(place[c] for c in row.filled if c in place),
                    unseen=frozenset(place[c] for c in row.unseen if c in place),
                )
            )
        names += [""] * len(beyond)
        hidden |= {to[column] for column in sheet.hidden_columns if column in to}
    head = {column: Cell(text) for column, text in enumerate(names) if text}
    title = f"{sheets[0].name} – {sheets[-1].name}"
    return Sheet(title, [Row(line, head), *rows], hidden_columns=hidden)


def _columns(
    headings: Mapping[int, str], names: list[str], keys: dict[tuple[str, int], int]
) -> dict[int, int]:
    """Column of a sheet → column of them all; ``names`` and ``keys`` grow by what is new."""
    to: dict[int, int] = {}
    times: dict[str, int] = {}
    for column, heading in sorted(headings.items()):
        words = [heading_key(heading) or letters(column)]
        words += [f"={field}"] if (field := column_of(heading) or guess_of(heading)) else []
        keyed = []
        for word in words:
            keyed.append((word, times.get(word, 0)))
            times[word] = times.get(word, 0) + 1
        found = next(
            (keys[key] for key in keyed if key in keys and keys[key] not in to.values()), None
        )
        if found is None:
            found = len(names)
            names.append(heading)
        to[column] = found
        for key in keyed:
            keys.setdefault(key, found)
    return to
