"""What a table says: from cells to lines of values, mistakes and questions. Nothing is written.

Values in, values out: the same book and the same choices always give the same understanding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gate.errors import AccessError
from gate.importing.blank_homes import filled
from gate.importing.book import Book, Cell, Form, Row
from gate.importing.choices import Choices
from gate.importing.days import ORDERS, birth_year, days, is_forever, span
from gate.importing.ditto import is_ditto, written_out
from gate.importing.hidden import asked, hide
from gate.importing.homes import is_home_as_day
from gate.importing.layout import Column, Layout
from gate.importing.marks import mark
from gate.importing.names import is_apart, is_empty_flat, mistake, whole
from gate.importing.one_sheet import sheet_of
from gate.importing.question import SHOWN, Question
from gate.importing.sections import Homes, Place, places
from gate.importing.serials import Serials, serial
from gate.importing.text import code, name, prose
from gate.importing.values import (
    CARD_FORMS,
    LOCALES,
    answer,
    card,
    cards,
    kind,
    lost_digits,
    no_card,
    says_nothing,
    state,
)
from gate.importing.wrong import Line, Wrong

_CODES = {"number", "building", "unit", "entrance", "household", "phone", "card", "person"}
_NUMBERS = {*_CODES, "birth_year"}
_HOME = {"building", "unit", "entrance", "address"}
# 无 and / in them are nothing: no guardian is called so
_NOTHING = {*_HOME, "household", "number", "phone", "guardian", "groups", "photo"}
# errors that were pasted as text, or came through a file of text; ##### is a column too narrow
_ERROR = re.compile(
    r"#(?:N/A!?|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!"
    r"|UNKNOWN!|GETTING_DATA)|Err:[0-9]{3}|#{4,}"
)
_FORMULA_TEXT = re.compile(r'="((?:[^"]|"")*)"')  # how text is kept from becoming a number in CSV
_DIGITS_LOST = "digits were lost: format the column as text and enter the whole number"


@dataclass(frozen=True, slots=True)
class Understanding:
    """Attributes:
    questions: all of them; the table can be imported when ``open`` is empty.
    skipped: line and text of those that are nobody.
    repeated: cells that say "as above" and were read so.
    placed: building that no column names, but a line above, a title or the sheet → lines in it.
    outside: number of a line → where its people live, as a line above, a title or the sheet says.
    cleaned: cells in which something nobody sees was taken away or full-width digits made plain.
    """

    book: Book
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    layout: Layout = field(default_factory=lambda: Layout(0, (), (), (), (), "", 0))
    lines: tuple[Line, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    questions: tuple[Question, ...] = ()
    cleaned: int = 0
    repeated: int = 0
    skipped: tuple[tuple[int, str], ...] = ()
    placed: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[int, Place] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if not question.answer)

    @property
    def hidden_sheets(self) -> tuple[str, ...]:
        return tuple(sheet.name for sheet in self.book.sheets if sheet.hidden and sheet.rows)

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.layout.columns

    def count(self, name: str) -> int:
        """Lines that hold a column."""
        return sum(name in line.values for line in self.lines)


def understand(
    book: Book, choices: Choices, remembered: Mapping[str, Mapping[int, str]] | None = None
) -> Understanding:
    """The understanding of a book under the choices made so far.

    Args:
        remembered: shape of headings → column → what it was read as.
    """
    sheet, sheets, questions = sheet_of(book, choices)
    if sheet is None:
        return Understanding(book)
    found = hide(sheet, choices, remembered or {})
    layout = found.layout
    if layout.twice:
        twice = tuple((" = ".join(names), ()) for names in layout.twice)
        questions.append(Question("columns", (), twice))
    questions += asked(found)
    outside = places(sheet, layout)
    reader = _Lines(book, layout, choices, outside)
    rows, repeated = (list(found.rows), 0) if reader.exported else written_out(layout, found.rows)
    if not reader.exported:
        rows, blank = filled(layout, rows, choices.homes)
        questions += [blank] if blank else []
    reader.scan(rows)
    for row in rows:
        reader.read(row)
    questions += reader.questions()
    return Understanding(
        book,
        sheet.name,
        tuple(one.name for one in sheets),
        layout,
        tuple(reader.lines),
        tuple(reader.wrong),
        tuple(questions),
        reader.cleaned,
        repeated,
        tuple(sorted([*layout.skipped, *reader.skipped])),
        reader.placed,
        outside,
    )


class _Lines:
    def __init__(
        self, book: Book, layout: Layout, choices: Choices, places: Mapping[int, Place]
    ) -> None:
        self.lines: list[Line] = []
        self.wrong: list[Wrong] = []
        self.skipped: list[tuple[int, str]] = []
        self.cleaned = 0
        self._homes = Homes(places, choices.language)
        self._choices = choices
        self._columns = [column for column in layout.columns if column.field]
        self._width = layout.width
        self._hidden = layout.hidden_columns
        self._text = book.kind in ("csv", "html")
        self.exported = any(column.field == "person" for column in layout.columns)
        self._dates: dict[str, dict[str, str]] = {}  # as written → order → day
        self._cards: dict[str, dict[str, str]] = {}
        self._asked = {"date": 0, "card": 0}
        self._serials = Serials(book.date_system, choices.date_system)

    def scan(self, rows: Sequence[Row]) -> None:
        """Find what is read in one way in all lines: serial numbers among the days, and homes."""
        self._homes.scan(rows, self._columns)
        for column in self._columns:
            birth = column.field == "birth_year"
            if birth or column.field in ("valid_from", "valid_until"):
                for row in rows:
                    if cell := row.cells.get(column.index):
                        number = cell.form is Form.NUMBER
                        self._serials.collect(cell.text, birth=birth, number=number)

    def read(self, row: Row) -> None:
        if self._text and any(column >= self._width for column in row.cells):
            text = "has more cells than headings; a value with a comma needs quotation marks"
            self.wrong.append(Wrong(row.number, "", text))
            return
        values: dict[str, str] = {}
        wrong: list[Wrong] = []
        own = False
        for column in self._columns:
            cell = row.cells.get(column.index)
            if cell is None:
                continue
            what, value = self._value(column.field, cell)
            if column.index in row.unseen and column.index not in self._hidden:
                what, value = "holds something that is not shown; show the cell, or empty it", ""
            if what:
                wrong.append(Wrong(row.number, column.field, what, _which(what, cell)))
            if value and column.field in values:
                several = column.field in ("photo", "card")
                value = f"{values[column.field]};{value}" if several else value
            if value or what:
                own = own or column.index not in row.filled
            if value:
                values[column.field] = value
        _leased(values)
        _named(values)
        if not self.exported and is_empty_flat(values):
            own = False
        if own:
            wrong += self._homes.read(row.number, values, exported=self.exported)
            self.lines.append(Line(row.number, values))
            self.wrong += wrong
        elif apart := {c: cell for c, cell in row.cells.items() if c not in row.filled}:
            text = " ".join(cell.text for _, cell in sorted(apart.items()))
            self.skipped.append((row.number, text[:80]))

    @property
    def placed(self) -> dict[str, int]:
        return self._homes.placed

    def questions(self) -> list[Question]:
        asked = []
        if self._dates:
            examples = _examples(self._dates, ORDERS)
            answer = self._choices.date_order
            asked.append(Question("date_order", ORDERS, examples, self._asked["date"], answer))
        if serials := self._serials.count:
            options, answer = self._serials.options, self._serials.answer
            examples = _examples(self._serials.examples, options)
            asked.append(Question("date_system", options, examples, serials, answer))
        if self._cards:
            examples = _examples(self._cards, CARD_FORMS)
            answer = self._choices.card_form
            asked.append(Question("card_form", CARD_FORMS, examples, self._asked["card"], answer))
        return asked

    def _value(self, column: str, cell: Cell) -> tuple[str, str]:
        """What is wrong with a cell, and its value."""
        if cell.form is Form.ERROR or self._is_error_text(cell):
            return "holds the error {which}; correct the cell", ""
        if column != "note" and not self.exported and is_ditto(cell):
            return "stands for the cell above; write out what is meant", ""
        if cell.form is Form.UNCOMPUTED:
            return "holds a formula without its value; open the file, let it compute, save it", ""
        if cell.form is Form.PICTURE and column != "photo":
            return "holds a picture", ""
        if cell.form is Form.UNCLEAR:
            return "holds something of the owner or the tenant; its heading does not say whose", ""
        if (cell.form is Form.DATE and column in _CODES | _HOME) or (
            column in _HOME and not self.exported and is_home_as_day(cell.text)
        ):
            return "became a date; format the column as text and enter it again", ""
        text = cell.text
        if self._text and (found := _FORMULA_TEXT.fullmatch(text.strip())):
            text = found[1].replace('""', '"')
        elif self._text and column != "note" and text[:1] == "=" and len(text) > 1:
            return "holds a formula without its value; open the file, let it compute, save it", ""
        if self._text and text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "'"):
            text = text[1:]  # the mark an export puts before what would be run as a formula
        if column in _NUMBERS and re.match("[\u2018\u2019'`][0-9]", text):
            text = text[1:]  # typed to keep leading zeros
        if column in _NUMBERS and (
            lost_digits(text) or (cell.form is Form.NUMBER and abs(cell.number or 0) >= 10**15)
        ):
            return _DIGITS_LOST, ""
        if column == "card":
            return self._several(text)
        value = self._cleaned(column, text)
        if column in _NOTHING and not self.exported and says_nothing(column, value):
            return "", ""
        match column:
            case "name" if not self.exported:
                return mistake(text), value
            case "birth_year":
                if counted := serial(value, birth=True):
                    return "", self._serials.birth_year(counted)
                return "", birth_year(value)
            case "valid_from" | "valid_until":
                return "", self._day(value)
            case "kind":
                return "", kind(value)
            case "consent":
                return "", answer(value)
            case "help" | "alone":
                return "", mark(value)
            case "locale":
                return "", LOCALES.get(value.lower(), value)
            case "state":
                return "", state(value)
        return "", value

    def _is_error_text(self, cell: Cell) -> bool:
        """In an export of the gate, which holds no errors, it is a name somebody was given."""
        return (
            not self.exported
            and cell.form is Form.TEXT
            and bool(_ERROR.fullmatch(cell.text.strip()))
        )

    def _cleaned(self, column: str, text: str) -> str:
        if column in ("name", "guardian"):
            value = name(text)
        elif column == "note":
            value = prose(text)
        elif column == "photo":
            return ";".join(part.strip() for part in re.split("[;；\n]", text) if part.strip())
        else:
            value = code(text)
            if (
                column in _CODES
                and (found := re.fullmatch(r"([0-9]+)\.0|([0-9]{1,3}(?:,[0-9]{3})+)", value))
                and not self.exported
            ):
                whole = found[1] or value.replace(",", "") * (column == "phone")
                value = whole or value
        if value != text.strip():
            self.cleaned += 1
        return value

    def _day(self, text: str) -> str:
        if is_forever(text):
            return ""
        if parts := span(text):  # both days of a lease in one cell
            return " 至 ".join(self._day(part) for part in parts)
        if written := serial(text, birth=False):
            return self._serials.day(written)
        found = days(text)
        if not found:
            return text
        if "" in found:
            return found[""].isoformat()
        self._asked["date"] += 1
        if len(self._dates) < 500:
            self._dates[text] = {order: day.isoformat() for order, day in found.items()}
        chosen = found.get(self._choices.date_order)
        return chosen.isoformat() if chosen else text

    def _several(self, text: str) -> tuple[str, str]:
        """What is wrong with the first card of a cell that is none, and all of them."""
        parts = [self._cleaned("card", part) for part in re.split(r"[;；、\n]", text)]
        found = [self._card(part) for part in parts if part]
        wrong = next((what for what, _ in found if what), "")
        return wrong, "" if wrong else ";".join(number for _, number in found if number)

    def _card(self, value: str) -> tuple[str, str]:
        if no_card(value):
            return "", ""
        try:
            found = cards(value)
            if "" not in found:
                self._asked["card"] += 1
                if len(self._cards) < 500:
                    self._cards[value] = {
                        form: card(value, form) for form in CARD_FORMS if _fits(value, form)
                    }
            elif self._choices.card_form != "reversed":
                return "", found[""]
            if self._choices.card_form:
                return "", card(value, self._choices.card_form)
        except AccessError as error:
            return error.what, ""
        return "", value


def _leased(values: dict[str, str]) -> None:
    """A cell with both days of a lease, made into its two columns."""
    for column in ("valid_until", "valid_from"):
        begin, between, end = values.get(column, "").partition(" 至 ")
        if between:
            del values[column]
            found = {"valid_from": begin, "valid_until": end}
            values |= {key: day for key, day in found.items() if day and key not in values}


def _named(values: dict[str, str]) -> None:
    """A name in two columns, joined as names are written where it comes from.

    Beside 姓氏 what is headed 名字 is the given name, unless the surname is in it already.
    """
    surname, given = values.pop("surname", ""), values.pop("given_name", "")
    if surname and not given and is_apart(surname, values.get("name", "")):
        given = values.pop("name")
    if "name" not in values and (surname or given):
        values["name"] = whole(surname, given)


def _which(what: str, cell: Cell) -> str:
    """The cell as it is shown; of a card only where digits were lost, since it opens doors."""
    return "" if what == "not a card number" else " ".join(cell.text.split())[:40]


def _fits(text: str, form: str) -> bool:
    try:
        card(text, form)
    except AccessError:
        return False
    return True


def _examples(
    found: dict[str, dict[str, str]], options: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (text, tuple(ways.get(option, "") for option in options))
        for text, ways in list(found.items())[:SHOWN]
    )
