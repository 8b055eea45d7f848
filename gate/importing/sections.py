"""The building of lines whose table has no column for it: a line 1号楼 above them, the title of the
table, or the name of the sheet gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gate.importing.book import Row, Sheet
from gate.importing.homes import (
    BUILDING,
    NOT_UNDERSTOOD,
    QUALIFIER,
    home,
    is_flat,
    unclear,
    unit_of,
    within,
)
from gate.importing.layout import Column, Layout, is_section
from gate.importing.text import code, numerals
from gate.importing.wrong import Wrong

_PLACE = re.compile(
    r"(?:.*?(?:小区|花园|公寓|苑|城|园|府|里|家园|社区|村))?"
    rf"(?P<area>(?:{QUALIFIER}-?)+)?(?P<building>{BUILDING})?"
    r"(?:第?(?P<entrance>[0-9A-Za-z]+)(?:单元|單元))?"
    r"(?:的?(?:住户|业主|居民|人员|租户|房屋|家庭|常住|入住)*"
    r"(?:信息|情况|基本)*(?:登记表|登记|花名册|名单|名册|一览表|信息表|明细表|台账|汇总表|表)?)?"
)


_ELSEWHERE = re.compile("[铺店栋楼幢座排院墅库]|门面|公寓|宿舍|地下")  # 商铺业主名单


@dataclass(frozen=True, slots=True)
class Place:
    """Attributes:
    building, entrance, area: as written; "" where it is not said. The building has the area
        before it: 1号楼 is there once in 1期 and once in 2期.
    """

    building: str = ""
    entrance: str = ""
    area: str = ""


def place_of(text: str, area: str = "") -> Place | None:
    """Where a sheet, a title or a section is, by its name; None where that is no place's.

    ``area``: that of what it is a part of.
    """
    written = re.sub(r"[(（].*?[)）]|\s|[:：。]", "", numerals(code(text)))
    found = _PLACE.fullmatch(written)
    if not found:
        return None
    area, building = found["area"] or area, found["building"] or ""
    return Place(f"{area}{building}" if building else "", found["entrance"] or "", area)


def places(sheet: Sheet, layout: Layout) -> dict[int, Place]:
    """Number of a line → where the people of it live, as far as no column says it; empty where
    a column does."""
    given = {row.number: Place(*row.place) for row in layout.rows if row.place}
    if given or any(column.field == "building" for column in layout.columns):
        return given
    now = place_of(re.sub(r"![A-Z]+[0-9]+$", "", sheet.name)) or Place()
    for row in sheet.rows:
        if row.number < layout.line and len(row.cells) == 1:
            now = _within_title(now, next(iter(row.cells.values())).text)
    found = {}
    sections = dict(layout.skipped)
    people = {row.number for row in layout.rows}
    for row in sheet.rows:
        if row.number in people:
            found[row.number] = now
        elif row.number > layout.line and row.number in sections:
            now = _below(sections[row.number], now)
    return {number: place for number, place in found.items() if place.building}


def _within_title(sheet: Place, title: str) -> Place:
    """Where people are by the name of their sheet and the title above them, which counts more."""
    place = place_of(title, sheet.area)
    if place is None or place.building:
        return place or sheet
    if place.area == sheet.area:
        return sheet
    building = f"{place.area}{sheet.building}" if sheet.building else ""
    return replace(sheet, building=building, area=place.area)


def _below(text: str, above: Place) -> Place:
    """Where people are below a line that is nobody."""
    place = place_of(text, above.area)
    if place is None:  # no building above is theirs
        elsewhere = is_section(text) and _ELSEWHERE.search(text)
        return Place(area=above.area) if elsewhere else above
    if place.building or place.area != above.area:
        return place
    return replace(above, entrance=place.entrance) if place.entrance else above


class Homes:
    """The homes of the lines of one table.

    Args:
        places: line → what is said of it outside of it, as ``places`` gives it.
        language: decides how 3-2-501 is kept.
    """

    def __init__(self, places: Mapping[int, Place], language: str) -> None:
        self.placed: dict[str, int] = {}  # building → lines that have it from outside
        self._places, self._language = places, language
        self._numbered = False  # whether 3-501 in the table of building 3 names it again

    def scan(self, rows: Sequence[Row], columns: Sequence[Column]) -> None:
        """Find whether every flat of a table about one building begins with its number."""
        units = [column.index for column in columns if column.field == "unit"]
        again = [
            within(cell.text, place.building)
            for row in rows
            for index in units
            if (place := self._places.get(row.number)) and (cell := row.cells.get(index))
        ]
        self._numbered = bool(again) and all(again)

    def read(self, line: int, values: dict[str, str], *, exported: bool = False) -> list[Wrong]:
        """Make building and unit of the address and the entrance, which are no columns of their
        own; what is wrong with them."""
        address = values.pop("address", "")
        entrance = values.pop("entrance", "")
        place = self._places.get(line, Place())
        if place.building and address and "unit" not in values and is_flat(address):
            values["unit"], address = address, ""
        if "unit" in values:
            self._flat(values, entrance, place)
        elif entrance and not address:
            return [Wrong(line, "unit", "building and unit are given together or not at all")]
        if not exported and (what := unclear(values)):
            return [Wrong(line, "unit", what, values["unit"][:40])]
        if address and "unit" not in values:
            found = home(address, self._language)
            if found is None:
                return [Wrong(line, "address", NOT_UNDERSTOOD, address[:40])]
            values["building"], values["unit"] = found
        return []

    def _flat(self, values: dict[str, str], entrance: str, place: Place) -> None:
        unit = values["unit"]
        here = bool(place.building) and is_flat(unit)
        if here and self._numbered and within(unit, place.building):
            here, entrance = False, entrance or place.entrance  # 3-501, where 3 is the building
        # one cell with all of it, whatever its heading
        if "building" not in values and not here and (found := home(unit, self._language)):
            values["building"], unit = found
        elif "building" not in values and place.building:
            values["building"] = place.building
            self.placed[place.building] = self.placed.get(place.building, 0) + 1
            entrance = entrance or place.entrance
        bare = entrance.removesuffix("单元").removesuffix("單元")
        again = bool(bare) and unit.startswith((f"{bare}-", f"{bare}单元", f"{bare}單元"))
        values["unit"] = unit if again else unit_of(entrance, unit, self._language)
