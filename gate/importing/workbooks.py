"""Workbooks for people: a template to fill in, the register, a table with its mistakes marked.

Every cell is text, so that numbers keep their leading zeros and nothing is run as a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.comments import Comment  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]
from openpyxl.worksheet.datavalidation import DataValidation  # type: ignore[import-untyped]

from gate.access.decision import Kind
from gate.importing.book import Form
from gate.importing.headings import HEADINGS
from gate.importing.marks import MARKS
from gate.importing.understand import Understanding
from gate.importing.wrong import Wrong

Words = Callable[[str], str]
FILLED_IN = 5000  # lines of the template that are checked
_TEMPLATE = (
    *("name", "number", "kind", "building", "unit", "birth_year", "phone", "valid_from"),
    *("valid_until", "groups", "card", "consent", "guardian", "photo", "locale", "note"),
)
KIND_WORDS = {
    "zh": dict(zip(Kind, ("居民", "租户", "员工", "护工", "访客"), strict=True)),
    "en": {kind: kind.value for kind in Kind},
}
_ANSWERS = {
    "zh": {"agreed": "同意", "refused": "不同意", "withdrawn": "已撤回"},
    "en": {"agreed": "agreed", "refused": "refused", "withdrawn": "withdrawn"},
}
_STATES = {"zh": ("在住", "已搬出"), "en": ("active", "moved out")}
_LANGUAGES = {"zh": {"zh": "中文", "en": "英文"}, "en": {"zh": "Chinese", "en": "English"}}
HELP: dict[str, tuple[str, str]] = {
    "name": ("Required. Full name.", "必填。姓名全称。"),
    "number": (
        "The community's own number of the person; a later table finds the person by it.",
        "小区自己的编号；再次导入时按此编号识别人员。",
    ),
    "kind": ("Resident when empty.", "留空即为居民。"),
    "building": ("Building, e.g. 3. Only together with the unit.", "如：3号楼。须与房号同填。"),
    "unit": ("Flat, e.g. 2-501.", "如：2单元501。"),
    "birth_year": (
        "Four digits; needed where the person agreed.",
        "四位数字；同意人脸识别者必填。",
    ),
    "phone": ("As dialled.", "联系电话。"),
    "valid_from": (
        "First day, 2026-01-31; at once when empty.",
        "生效日期，如 2026-01-31；留空即刻生效。",
    ),
    "valid_until": (
        "Last day, 2026-12-31. Required for tenants and visitors.",
        "最后一天，如 2026-12-31。租户、访客必填。",
    ),
    "groups": ("Several are separated by semicolons.", "多个分组用分号隔开。"),
    "card": ("As printed on the card, with all zeros.", "照卡面抄写，保留前面的零。"),
    "consent": (
        "Whether the person agreed to face recognition. A photograph needs it.",
        "本人是否同意人脸识别。有照片者必须同意。",
    ),
    "guardian": ("Who agreed for a child.", "儿童由监护人同意，填监护人姓名。"),
    "photo": (
        "File name in the ZIP. Empty: the file named after the number or the name is taken.",
        "压缩包内的文件名。留空则按编号或姓名匹配文件。",
    ),
    "locale": ("Language of the screen for this person.", "此人在屏幕上看到的语言。"),
    "note": ("Whatever else; the gate does not read it.", "其他说明；门禁不读取。"),
}  # fmt: skip
_SHEET = "xl/worksheets/sheet1.xml"  # of a workbook with one sheet
_HEAD = PatternFill("solid", fgColor="DDE6F0")
_BAD = PatternFill("solid", fgColor="FFC7CE")
_WRITTEN = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def heading(column: str, language: str) -> str:
    """The heading of a column in a language."""
    return HEADINGS[column][-1 if language == "zh" else 0]


def template(language: str) -> bytes:
    """An empty table, its columns explained on a second sheet and checked by Excel itself."""
    zh = language == "zh"
    book = Workbook()
    sheet = book.active
    sheet.title = "人员" if zh else "people"
    checks = {
        "kind": list(KIND_WORDS[language].values()),
        "consent": list(_ANSWERS[language].values())[:2],
        "locale": list(_LANGUAGES[language].values()),
    }
    for index, column in enumerate(_TEMPLATE, start=1):
        letter = get_column_letter(index)
        cell = sheet.cell(1, index, heading(column, language))
        cell.font, cell.fill = Font(bold=True), _HEAD
        sheet.column_dimensions[letter].width = 16
        # a format of the whole column, not of thousands of empty cells
        sheet.column_dimensions[letter].number_format = "@"
        text = HELP[column][1 if zh else 0]
        rule = _rule(column, letter, checks.get(column))
        rule.promptTitle, rule.prompt = heading(column, language)[:32], text
        rule.error = text
        rule.showInputMessage = rule.showErrorMessage = True
        rule.add(f"{letter}2:{letter}{FILLED_IN}")
        sheet.add_data_validation(rule)
    sheet.freeze_panes = "B2"
    notes = book.create_sheet("说明" if zh else "help")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 20, 90
    for index, column in enumerate(_TEMPLATE, start=1):
        # with the letter before it no line of this sheet is read as headings
        notes.cell(index, 1, f"{get_column_letter(index)}  {heading(column, language)}")
        notes.cell(index, 2, HELP[column][1 if zh else 0])
    return _bytes(book)


def _rule(column: str, letter: str, options: Sequence[str] | None) -> Any:
    if options:
        return DataValidation("list", formula1='"' + ",".join(options) + '"', allow_blank=True)
    if column == "birth_year":
        formula = f"AND(ISNUMBER(VALUE({letter}2)),VALUE({letter}2)>=1900,VALUE({letter}2)<=2100)"
        return DataValidation("custom", formula1=formula, allow_blank=True)
    if column in ("valid_from", "valid_until"):
        formula = f"OR(ISNUMBER({letter}2),ISNUMBER(DATEVALUE({letter}2)))"
        return DataValidation("custom", formula1=formula, allow_blank=True)
    if column == "card":
        formula = f"AND(ISTEXT({letter}2),LEN({letter}2)>=6)"
        return DataValidation("custom", formula1=formula, allow_blank=True)
    longest = {"name": 120, "photo": 1000, "note": 500, "groups": 200, "guardian": 120, "phone": 40}
    return DataValidation(
        "textLength", operator="lessThanOrEqual", formula1=str(longest.get(column, 80))
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> bytes:
    """A workbook of one sheet of texts.

    openpyxl makes the workbook and its styles; the lines are put into its sheet as text, which
    takes a fifth of the time it needs for them (`tests/importing/test_workbooks.py` compares what
    is read back).
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for index in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 16
    head = [_cell(sheet, text) for text in headings]
    for cell in head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    sheet.append(head)
    sheet.append([_cell(sheet, "x")])  # shows the style of a line's cells, and is replaced
    return _filled(_bytes(book), rows)


def _filled(book: bytes, rows: Iterable[Sequence[str]]) -> bytes:
    """The workbook with ``rows`` in place of the second line of its sheet."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part != _SHEET:
                new.writestr(part, old.read(part))
                continue
            before, line, after = re.split(
                r'(<row r="2".*?</row>)', old.read(part).decode(), maxsplit=1
            )
            style = re.search(r' s="(\d+)"', line)
            made = f' s="{style[1]}"' if style else ""
            with new.open(part, "w") as sheet:
                sheet.write(before.encode())
                for number, row in enumerate(rows, start=2):
                    sheet.write(_line_of(number, row, made).encode())
                sheet.write(after.encode())
    return out.getvalue()


def _line_of(number: int, row: Sequence[str], style: str) -> str:
    cells = "".join(
        f'<c r="{get_column_letter(index)}{number}"{style} t="inlineStr"><is>'
        f'<t xml:space="preserve">{escape(legal(text)[:32_000])}</t></is></c>'
        for index, text in enumerate(row, start=1)
        if text
    )
    return f'<row r="{number}">{cells}</row>'


def words_of(values: Mapping[str, str], language: str) -> dict[str, str]:
    """Values as people of a language write them."""
    made = dict(values)
    if values.get("kind"):
        made["kind"] = KIND_WORDS[language].get(Kind(values["kind"]), values["kind"])
    if values.get("consent"):
        made["consent"] = _ANSWERS[language].get(values["consent"], "")
    for column in MARKS:
        if values.get(column):
            made[column] = _ANSWERS[language].get(values[column], "")
    if values.get("state") in ("active", "moved_out"):
        made["state"] = _STATES[language][values["state"] == "moved_out"]
    if values.get("locale"):
        made["locale"] = _LANGUAGES[language].get(values["locale"], values["locale"])
    return made


def marked(table: Understanding, wrong: Sequence[Wrong], words: Words, what: str) -> bytes:
    """The sheet of a table with its mistakes marked in their cells, each line's in words too.

    What is hidden stays so, unless it was asked to be imported: the corrected table is uploaded
    without what was answered about this one. Buildings and entrances that no column says become
    columns: lines that say them, and the names of several sheets, are not there any more.

    Args:
        words: translates a text.
        what: heading of the added last column.
    """
    by_line: dict[int, list[Wrong]] = {}
    for one in wrong:
        by_line.setdefault(one.line, []).append(one)
    places: dict[str, int] = {}
    for column in table.columns:
        if column.field:
            places.setdefault(column.field, column.index)
    own = dict(places)
    for part in ("building", "unit"):
        places.setdefault(part, places.get("unit", places.get("address", 0)))
    indexes = [column.index for column in table.columns]
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.sheet)[:31] or "people")
    outside = _outside(table)
    language = 0 if words("Building") == "Building" else -1
    titles = [column.heading for column in table.columns]
    filled = {own[part]: said for part, said in outside.items() if part in own}
    added = [part for part in outside if part not in own]
    titles += [*(HEADINGS[part][language] for part in added), what]
    head = [_cell(sheet, title) for title in titles]
    for cell in head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    taken = {one.about for one in table.questions if one.answer == "with"}
    for place, column in enumerate(table.columns, start=1):
        asked_for = "hidden_columns" in taken or (column.field and column.reason == "chosen")
        if column.index in table.layout.hidden_columns and not asked_for:
            sheet.column_dimensions[get_column_letter(place)].hidden = True
    sheet.append(head)
    for place, row in enumerate(table.layout.rows, start=2):
        if row.hidden and "hidden" not in taken:
            sheet.row_dimensions[place].hidden = True
        mistakes = by_line.get(row.number, [])
        line = []
        for index in indexes:
            there = row.cells.get(index)
            text = there.text if there is not None and there.form is not Form.PICTURE else ""
            cell = _cell(sheet, text or filled.get(index, {}).get(row.number, ""))
            mine = [one for one in mistakes if places.get(one.column) == index]
            if mine:
                cell.fill = _BAD
                cell.comment = Comment(
                    legal("\n".join(one.words(words) for one in mine)), "gate", 60, 320
                )
            line.append(cell)
        line += [_cell(sheet, outside[part].get(row.number, "")) for part in added]
        last = _cell(sheet, "; ".join(one.words(words) for one in mistakes))
        last.alignment = Alignment(wrap_text=True)
        sheet.append([*line, last])
    return _bytes(book)


def _outside(table: Understanding) -> dict[str, dict[int, str]]:
    """Building and entrance of lines, by their numbers, as far as no column says them."""
    said = {
        line.number: table.outside[line.number]
        for line in table.lines
        if line.number in table.outside and "building" in line.values
    }
    if any(column.field == "address" for column in table.columns):
        said = {}
    found = {
        "building": {line: place.building for line, place in said.items() if place.building},
        "entrance": {line: place.entrance for line, place in said.items() if place.entrance},
    }
    return {part: lines for part, lines in found.items() if lines}


def _cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=legal(text)[:32_000])
    cell.data_type = "s"  # never a formula
    cell.number_format = "@"
    return cell


def legal(text: str) -> str:
    """What XML can hold; _x0041_ would be read as a letter."""
    return _WRITTEN.sub("_x005F_", _ILLEGAL.sub("", text))


def _bytes(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
