"""Where the people of a sheet are: the line of headings, the columns, the lines that are nobody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gate.importing.blocks import split
from gate.importing.book import Book, Cell, Form, Row, Sheet, letters
from gate.importing.guesses import guess_of, is_about_another, is_next, is_relative, members
from gate.importing.headings import column_of, heading_key, is_unneeded, shape_of
from gate.importing.names import says_who_lives_there
from gate.importing.tenants import says_whose
from gate.importing.text import code, compact
from gate.importing.two_lines import joined

# how a head of the household is related to the head
_HEADS_OWN = {
    *("户主", "本人", "户主本人", "业主", "房主", "本户", "自己"),
    *("head", "self", "-", "/"),
}
SEARCHED = 30  # lines from the top in which the headings are looked for
_SECTION = re.compile(
    r"([0-9A-Za-z一二三四五六七八九十甲乙丙丁]+(号楼|号|栋|幢|座|期|区|单元|#楼|#))+([(（].*[)）])?[:：]?|"
    r".*(登记表|花名册|名单|名册|一览表|信息表|明细表|汇总表|统计表|住户|业主|租户)(信息)?"
)
_COUNTED = "(?:户|人|套|间|条|名|位)"
_SUM = re.compile(
    r"(?:[0-9A-Za-z一二三四五六七八九十]*(?:本|全|号楼|号|栋|幢|座|楼|单元|页|小区|期|区)+)?"
    r"(?:合计|总计|共计|小计|累计|总人数|总户数|人数合计|户数合计)(?:人数|户数)?(?:[(（].*[)）])?[:：]?|"
    r"(?:grand ?total|sub-?total|total|示例|样例|例|example|说明|填表说明|填写说明|注意事项)[:：]?|"
    rf"(?:以[上下])?(?:共计?|总共|合计|总计)[:：]?[0-9]+{_COUNTED}(?:[,，、]?共?[0-9]+{_COUNTED})*",
    re.IGNORECASE,
)
_FOOT = re.compile(
    r"(合计|总计|共计|小计|总人数|制表|填表|审核|复核|审批|经办|登记|打印|填报|说明|备注|注|示例|例|"
    r"total|sum|prepared by|printed|example|note)"
    r"(人|日期|时间|单位|部门|员)?\s*([:：]|$).*|"
    r"第\s*[0-9一二三四五六七八九十]+\s*页.*|page [0-9]+( of [0-9]+)?|[0-9]+\s*/\s*[0-9]+\s*页?|"
    r"(以下|本页|此页)(无|空|为空)?(空白|正文|内容)?|[-—]*\s*(end|完)\s*[-—]*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        index: from 0; ``letter`` as the spreadsheet names it.
        field: what it is read as; "" when it is left out.
        reason: why so: known, guessed, remembered, chosen, unneeded, relative, unknown, nameless
            or hidden.
        filled: lines in which it holds something.
    """

    index: int
    heading: str
    field: str
    reason: str
    filled: int

    @property
    def letter(self) -> str:
        return letters(self.index)


@dataclass(frozen=True, slots=True)
class Layout:
    """Attributes:
    line: of the headings; 0 when there are none.
    rows: those that may be people.
    skipped: line and text of those that are not: repeated headings, sections, sums.
    twice: headings of columns that were read as the same thing.
    hidden_columns: those the workbook does not show.
    """

    line: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    skipped: tuple[tuple[int, str], ...]
    twice: tuple[tuple[str, ...], ...]
    shape: str
    width: int
    hidden_columns: frozenset[int] = frozenset()


def sheets_of(book: Book) -> list[Sheet]:
    """The visible sheets that hold people, or all visible ones with anything when none does."""
    visible = [
        part
        for sheet in book.sheets
        if sheet.rows and not sheet.hidden
        for part in split(joined(sheet))
    ]
    scores = {id(sheet): _heads(sheet)[1] for sheet in visible if _named(sheet)}
    best = max(scores.values(), default=0.0)
    # a sheet that explains the columns names one of them in a line
    people = [sheet for sheet in visible if scores.get(id(sheet), 0.0) >= best / 2 > 0]
    filled = [sheet for sheet in people if (_heads(sheet)[0] or 0) + 1 < len(sheet.rows)]
    return filled or people or visible


def lay_out(
    sheet: Sheet, chosen: Mapping[int, str], remembered: Mapping[str, Mapping[int, str]]
) -> Layout:
    """The layout of a sheet.

    Args:
        chosen: column → what it is read as, by hand.
        remembered: shape of headings → the same, from earlier tables.
    """
    at, _ = _heads(sheet)
    if at is None:
        return Layout(0, (), (), (), (), "", 0)
    head = sheet.rows[at]
    headings = {column: _heading(sheet, at, column) for column in _columns(sheet, at)}
    above = _above(sheet, at)
    width = max((c for c in head.cells), default=-1) + 1
    shape = shape_of([headings.get(c, "") for c in range(min(width, 300))])
    known = remembered.get(shape, {})
    rows, skipped = _people(sheet.rows[at + 1 :], head)
    counts = Counter(column for row in rows for column in row.cells)
    indexes = [
        index for index in sorted({*headings, *counts}) if index in headings or counts[index]
    ]
    meant: dict[int, tuple[str, str]] = {}
    for index in indexes:
        heading = headings.get(index, "")
        meant[index] = _meaning(index, heading, above.get(index, ""), chosen, known)
    family = members(headings)
    if family and all(meant[index][1] not in ("chosen", "remembered") for index in family[:2]):
        meant[family[0]], meant[family[1]] = ("name", "guessed"), ("", "head")
        rows = tuple(_own_line(row, *family) for row in rows)
    taken: dict[str, str] = {}  # field → the heading of its first column
    for index, (field, _) in meant.items():
        taken.setdefault(field, headings.get(index, ""))
    for index, (_, reason) in meant.items():
        guess = guess_of(above.get(index, "") + headings.get(index, ""))
        if reason != "unknown" or not guess:
            continue
        if guess == "state" and not says_who_lives_there(_texts(rows, index)):
            continue
        heading = headings.get(index, "")
        if guess not in taken or _counts_too(guess, heading, taken[guess]):
            meant[index] = guess, "guessed"
            taken.setdefault(guess, heading)
        elif guess == "name" and is_next(heading, taken[guess]):
            meant[index] = "", "relative"  # 姓名2 beside 姓名1
    columns = [
        Column(index, headings.get(index, ""), *meant[index], counts[index]) for index in indexes
    ]
    return Layout(head.number, tuple(columns), rows, skipped, _twice(columns), shape, width)


def _own_line(row: Row, member: int, head: int, related: int) -> Row:
    """A line in which no member is named beside the head: the head's own."""
    said = row.cells.get(related)
    if member in row.cells or head not in row.cells or head in row.filled:
        return row
    if said is not None and compact(said.text) not in _HEADS_OWN:
        return row
    return replace(row, cells={**row.cells, member: row.cells[head]})


def _texts(rows: Iterable[Row], index: int) -> Iterator[str]:
    return (row.cells[index].text for row in rows if index in row.cells)


def _counts_too(field: str, heading: str, first: str) -> bool:
    """Whether a column adds to the first of its field instead of contradicting it."""
    return field == "photo" or (field == "card" and is_next(heading, first))


def _meaning(
    index: int, heading: str, above: str, chosen: Mapping[int, str], known: Mapping[int, str]
) -> tuple[str, str]:
    if index in chosen:
        return chosen[index], "chosen"
    if index in known:
        return known[index], "remembered"
    if above and (field := column_of(above + heading)):
        return field, "known"
    if (field := column_of(heading)) and not (above and is_about_another(above)):
        return field, "known"
    if not heading:
        return "", "nameless"
    if is_unneeded(heading):
        return "", "unneeded"
    return "", "relative" if is_relative(heading) else "unknown"


def _above(sheet: Sheet, at: int) -> dict[int, str]:
    """Column → the heading that lies over it and others in the line above: 有效期 over 开始."""
    if not at or sheet.rows[at - 1].number != sheet.rows[at].number - 1:
        return {}
    upper, over, found = sheet.rows[at - 1], "", {}
    for column in range(min(max(sheet.rows[at].cells, default=-1) + 1, 300)):
        if column in upper.cells:
            over = _heading(sheet, at - 1, column) if column in upper.spans else ""
        if over and len(over) < 20 and column not in sheet.rows[at].filled:
            found[column] = over
    return found


def _heads(sheet: Sheet) -> tuple[int | None, float]:
    """The index of the row of headings, and how many of them are known."""
    best, score = None, 0.0
    for at, row in enumerate(sheet.rows[:SEARCHED]):
        above = _above(sheet, at)
        words = [(above.get(column, ""), _heading(sheet, at, column)) for column in row.cells]
        found = [column_of(over + word) or column_of(word) for over, word in words]
        known = len({name for name in found if name}) + 0.5 * sum(
            is_unneeded(word) or bool(guess_of(over + word)) for over, word in words
        )
        if "name" in found or "surname" in found:
            known += 2
        # headings over two lines: the lower one has all of them, those merged downwards too
        merged = best is not None and bool(row.filled) and known == score
        if known > score or (merged and row.number == sheet.rows[best or 0].number + 1):
            best, score = at, known
    if best is None and sheet.rows:
        wide = [at for at, row in enumerate(sheet.rows[:SEARCHED]) if len(row.cells) > 1]
        return (wide[0] if wide else 0), 0.0
    return best, score


def headings_of(sheet: Sheet) -> tuple[int, dict[int, str]]:
    """The index of the row of headings, and column → heading, with what lies over it where that
    says more; (-1, {}) where there are none."""
    at, _ = _heads(sheet)
    if at is None:
        return -1, {}
    above = _above(sheet, at)
    found = {}
    for column in _columns(sheet, at):
        over, heading = above.get(column, ""), _heading(sheet, at, column)
        more = column_of(over + heading) or is_about_another(over) or says_whose(over)
        found[column] = over + heading if more else heading
    return at, found


def _named(sheet: Sheet) -> bool:
    at, _ = _heads(sheet)
    if at is None:
        return False
    words = [_heading(sheet, at, column) for column in _columns(sheet, at)]
    return any((column_of(word) or guess_of(word)) in ("name", "surname") for word in words)


def _columns(sheet: Sheet, at: int) -> list[int]:
    """Columns with a heading in its row, or in the one above when it lies over several rows."""
    return sorted(sheet.rows[at].cells)


def _heading(sheet: Sheet, at: int, column: int) -> str:
    cell = sheet.rows[at].cells.get(column)
    return code(cell.text)[:80] if cell is not None and cell.form is not Form.PICTURE else ""


def _people(rows: list[Row], head: Row) -> tuple[tuple[Row, ...], tuple[tuple[int, str], ...]]:
    words = {column: heading_key(cell.text) for column, cell in head.cells.items()}
    people, skipped = [], []
    for row in rows:
        own = {column: cell for column, cell in row.cells.items() if column not in row.filled}
        text = " ".join(cell.text for _, cell in sorted(own.items()))[:80]
        same = sum(_is_same(cell.text, words.get(c, "")) for c, cell in own.items())
        if same >= 2 and same * 2 > len(own):
            skipped.append((row.number, text))  # headings repeated on each printed page
        elif own and ((len(own) == 1 and _aside(row, own)) or _is_sum(own) or _is_foot(own)):
            skipped.append((row.number, text))
        elif own:
            people.append(row)
    return tuple(people), tuple(skipped)


def _is_same(text: str, word: str) -> bool:
    """Whether a cell repeats the heading of its column, perhaps in another word for it."""
    key = heading_key(text) if len(text) < 40 else ""
    return bool(key) and (key == word or (column_of(key) == column_of(word) != ""))


def _aside(row: Row, own: Mapping[int, Cell]) -> bool:
    """Whether the only value of a row is a section, a sum or a remark, and nobody's name."""
    column, cell = next(iter(own.items()))
    text = cell.text.strip()
    return column in row.spans or bool(_FOOT.fullmatch(text) or is_section(text))


def is_section(text: str) -> bool:
    """Whether a text says which people follow below it."""
    return bool(_SECTION.fullmatch(text.strip()))


def _is_sum(own: Mapping[int, Cell]) -> bool:
    """Whether a row begins with a word for a sum, or for an example to be written over."""
    return bool(_SUM.fullmatch(re.sub(r"\s+", "", own[min(own)].text)))


def _is_foot(own: Mapping[int, Cell]) -> bool:
    """Whether all a row holds is who made the table, which page it is, and the like."""
    return all(_FOOT.fullmatch(cell.text.strip()) for cell in own.values())


def _twice(columns: list[Column]) -> tuple[tuple[str, ...], ...]:
    found: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for column in columns:
        heading = first.setdefault(column.field, column.heading)
        if column.field and not (
            column.field in found and _counts_too(column.field, column.heading, heading)
        ):
            found.setdefault(column.field, []).append(f"{column.letter} {column.heading}".strip())
    return tuple(tuple(names) for names in found.values() if len(names) > 1)
