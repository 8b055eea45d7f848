"""Tables with an owner and a tenant in each line, often with a telephone each: two people, who are
made two lines. What stands beside both and names neither is nobody's, and a mistake of its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gate.importing.book import Cell, Form, Row, Sheet
from gate.importing.choices import OWNERS
from gate.importing.guesses import guess_of, is_about_another
from gate.importing.headings import HEADINGS, column_of, heading_key, is_unneeded
from gate.importing.line_numbers import numbered, shown
from gate.importing.names import NOBODY, mistake
from gate.importing.question import SHOWN, Question
from gate.importing.text import compact

_TENANT = re.compile(r"租户|租戶|租客|房客|承租[人方户]?|租赁人|tenants?|lessee|renter")
_OWNER = re.compile(r"业主|業主|房主|产权人|户主|住户|owners?|landlord")
_RESIDENT = re.compile("住户|户主")
_SHORT = 20  # characters of a heading
_EITHER = re.compile(r"业主[/、或和及&]?租[户客]|ownerortenant|owner/tenant")
_CONTACT = re.compile(r"联系人|客户")  # whom to call about a tenant owns nothing
# in place of a tenant's name: whether there is one, or that the owner lives there
_NO_NAME = {
    *("有", "无", "無", "没有", "暂无", "自住", "业主自住", "自用", "本人", "业主本人", "同业主"),
    *("出租", "已出租", "未出租", "已租", "未租", "已退租", "yes", "no", "true", "false", "self"),
}
_COMPANY = re.compile(
    r"公司|集团|有限|中心|事务所|工作室|商行|超市|银行|学校|诊所|合作社|[店厂馆]$|"
    r"\b(?:co|ltd|inc|llc|gmbh|limited|company)\b",
    re.IGNORECASE,
)
_INFORMATION = re.compile(r"信息|情况|资料|details?$|information$")
# a person's own: of two people in a line it belongs to one
_OWN = {
    *("number", "birth_year", "phone", "card", "consent", "consent_text", "guardian", "help"),
    *("alone", "photo", "kind", "groups", "locale"),
}
_OF_A_LEASE = {"valid_from", "valid_until"}
_OF_A_HOME = {"building", "unit", "entrance", "address", "household", "state", "note"}
_NAME = "name"


@dataclass(slots=True)
class _Columns:
    """Whose each column is: own of the owner, own of the tenant, of both, or of neither."""

    name: dict[str, int] = field(default_factory=dict)  # owner, tenant → column of the name
    owner: dict[int, str] = field(default_factory=dict)  # column → what it is read as
    tenant: dict[int, str] = field(default_factory=dict)
    lease: set[int] = field(default_factory=set)
    unclear: set[int] = field(default_factory=set)
    headings: dict[int, str] = field(default_factory=dict)


def split(sheet: Sheet, at: int, headings: Mapping[int, str], chosen: str) -> _Split | None:
    """The sheet with a line for each person; None where its lines hold one person each.

    Args:
        at: index of the row of headings.
        headings: column → heading, with what lies over it.
        chosen: one of ``OWNERS``; "" while it is open.
    """
    columns = _columns(headings)
    if columns is None or not _are_people(sheet.rows[at + 1 :], columns.name["tenant"]):
        return None
    head = sheet.rows[at]
    kinds = [
        c for of in (columns.tenant, columns.owner) for c, name in of.items() if name == "kind"
    ]
    kind = kinds[0] if kinds else max(headings) + 1
    cells = {
        column: replace(cell, text=columns.headings.get(column, cell.text))
        for column, cell in head.cells.items()
        if column not in columns.tenant or columns.headings.get(column)
    }
    if not kinds:
        cells[kind] = Cell(HEADINGS["kind"][-1])
    rows = [replace(head, cells=cells, spans=frozenset(), filled=frozenset())]
    examples: list[tuple[str, tuple[str, ...]]] = []
    lines = 0
    for row in sheet.rows[at + 1 :]:
        both = _people(row, columns, kind)
        if len(both) == 2:
            lines += 1
            owner, tenant = (one.cells[columns.name["owner"]].text for one in both)
            examples.append((shown(row.number), (f"{owner}、{tenant}", tenant, owner, tenant)))
        rows += _wanted(row, both, columns, chosen)
    question = Question("owners", OWNERS, tuple(examples[:SHOWN]), lines, chosen)
    made = replace(sheet, rows=[*sheet.rows[:at], *rows])
    return _Split(made, question if lines else None)


@dataclass(frozen=True, slots=True)
class _Split:
    sheet: Sheet
    question: Question | None


def says_whose(over: str) -> bool:
    """Whether a heading over others says that they are about the owner or the tenant; 住户 over
    all of them does not."""
    return len(over) < _SHORT and bool(_who(over)) and not _RESIDENT.search(over)


def _who(heading: str) -> str:
    key = heading_key(heading)
    if _EITHER.search(key) or is_about_another(heading):
        return ""
    return "tenant" if _TENANT.search(key) else "owner" if _OWNER.search(key) else ""


def _field(heading: str) -> str:
    """What a column is read as, whoever it is about."""
    key = heading_key(heading)
    bare = _INFORMATION.sub("", (_TENANT if _TENANT.search(key) else _OWNER).sub("", key))
    if not bare:
        return _NAME
    if is_unneeded(bare):
        return ""
    return column_of(bare) or guess_of(bare)


def _columns(headings: Mapping[int, str]) -> _Columns | None:
    whose = {column: _who(text) for column, text in headings.items()}
    read = {
        column: _field(text) if whose[column] else column_of(text) or guess_of(text)
        for column, text in headings.items()
    }
    names = [column for column, name in read.items() if name == _NAME]
    tenants = [column for column in names if whose[column] == "tenant"]
    others = [column for column in names if whose[column] != "tenant"]
    if len(tenants) != 1 or len(others) != 1 or _CONTACT.search(headings[others[0]]):
        return None
    made = _Columns({"owner": others[0], "tenant": tenants[0]})
    bare = Counter(read[column] for column in headings if not whose[column])
    named = {read[column] for column in headings if whose[column]}
    before = ""
    for column, heading in sorted(headings.items()):
        name, who = read[column], whose[column]
        if name in _OF_A_HOME:
            continue
        if column in names:
            before = who = "tenant" if column == tenants[0] else "owner"
        elif not who and is_about_another(heading) and "人" in heading:
            before = "another"  # 紧急联系人; the next 电话 is theirs
        elif not who and name in _OWN:
            follows = bare[name] > 1 or name in named or column < max(names)
            who = (before or "owner") if follows else "unclear"
        if who in ("owner", "tenant"):
            (made.owner if who == "owner" else made.tenant)[column] = name
            made.headings[column] = _bare(name, heading)
        elif who == "another":
            made.headings[column] = f"紧急联系人{heading}"
        elif who == "unclear":
            made.unclear.add(column)
        elif name in _OF_A_LEASE:
            made.lease.add(column)
    for column, name in made.tenant.items():
        if name in made.owner.values():
            made.headings[column] = ""
    return made


def _bare(name: str, heading: str) -> str:
    """A heading without whom it is about: 租户电话 is 电话."""
    return HEADINGS[name][-1] if name else heading


def _people(row: Row, columns: _Columns, kind: int) -> list[Row]:
    """The people of a line: the owner, then the tenant, as far as they are named."""
    places = {name: column for column, name in columns.owner.items() if name}
    to = {c: places.get(name, c) for c, name in columns.tenant.items()}
    owner = {c: cell for c, cell in row.cells.items() if c not in columns.tenant}
    moved = {to.get(c, c): cell for c, cell in row.cells.items() if c not in columns.owner}
    filled = frozenset(to.get(c, c) for c in row.filled - columns.owner.keys())
    there = [_says(row, columns.name[who]) for who in ("owner", "tenant")]
    if all(there):
        owner = {c: cell for c, cell in owner.items() if c not in columns.lease}
        for cells in (owner, moved):
            for column in columns.unclear & cells.keys():
                cells[column] = Cell(cells[column].text, Form.UNCLEAR)
    if there[1]:
        moved.setdefault(kind, Cell("租户"))
    if not there[1]:
        return [replace(row, cells=owner)]
    tenant = replace(row, cells=moved, filled=filled)
    if not there[0]:
        return [tenant]
    second = replace(tenant, number=numbered(row.number, second=True))
    return [replace(row, cells=owner), second]


def _says(row: Row, column: int) -> bool:
    """Whether somebody is named: a tick, a number and 自住 name nobody."""
    text = compact(row.cells[column].text) if column in row.cells else ""
    return text not in _NO_NAME and len(re.findall(r"[^\W\d_]", text)) > 1


def _are_people(rows: list[Row], column: int) -> bool:
    """Whether a column of tenants names people: in an office block they are companies, and in some
    tables it says whether there is one."""
    texts = [row.cells[column].text for row in rows if column in row.cells]
    named = [row.cells[column].text for row in rows if _says(row, column)]
    people = [text for text in named if mistake(text) != NOBODY and not _COMPANY.search(text)]
    return not texts or 2 * len(people) >= len(texts)


def _wanted(row: Row, people: list[Row], columns: _Columns, chosen: str) -> list[Row]:
    """Of the people of a line those who are imported."""
    if chosen == "there":
        return people[-1:]
    owner = _says(row, columns.name["owner"])
    if chosen == "owners":
        return people[:1] if owner or not _says(row, columns.name["tenant"]) else []
    if chosen == "tenants":
        return people[-1:] if _says(row, columns.name["tenant"]) else []
    return people
