"""Homes as people write them in one cell, made into building and unit, and compared."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gate.importing.text import code, compact, numerals

_SIMPLE = str.maketrans("棟號樓單層區", "栋号楼单层区")
_PART = r"[0-9A-Za-z]+"
_MARK = r"(?:号楼|号院|号|楼|栋|幢|座|#楼|#)"
# what distinguishes two buildings of one number; the name of the community does not
QUALIFIER = r"(?:[0-9A-Za-z]+期|(?:[东南西北中]|[0-9A-Za-z]+)区|[东南西北中]苑|[0-9]+号院|[0-9]+弄)"
# what a sheet or a section is named after; 3楼 may be a floor and 3号 a day
BUILDING = (
    rf"(?:{QUALIFIER}-?)*"
    r"(?:[0-9A-Za-z东南西北中甲乙丙丁]+(?:号楼|栋|幢|座|#楼|#|棟|號樓)|[甲乙丙丁]栋)"
)
_BUILDING = (
    rf"(?P<building>(?:{QUALIFIER}-?)*"
    rf"(?:[0-9A-Za-z东南西北中甲乙丙丁]+{_MARK}|[甲乙丙丁])(?!单元|门))"
)
_HOME = re.compile(
    rf"(?P<before>.*?){_BUILDING}[,-]*"
    rf"(?:(?P<entrance>{_PART})(?:单元|号门|门|梯)[,-]*)?"
    r"(?:[0-9]{1,2}(?:层|楼|F)[,-]*)?"
    rf"(?P<unit>{_PART}(?:-{_PART})?)(?:室|号房|号|房|户)?"
)
_DASHED = re.compile(
    rf"({_PART})[-—#/_.]({_PART})(?:单元)?(?:[-—/_.](?:[0-9]{{1,2}}[-—/_.])?({_PART}))?(?:室|号|房)?"
)
_VALUE = r"[ .:#-]*(?P<{}>[0-9]{{1,5}}[a-z]?|[a-z])(?![0-9a-z])"
_ENGLISH = re.compile(
    rf"(?:building|bldg|block|blk|tower){_VALUE.format('building')}|"
    rf"(?:entrance|stair(?:well|case)?|entry){_VALUE.format('entrance')}|"
    rf"(?:flat|unit|apartment|apt|room|rm|suite|no){_VALUE.format('unit')}|"
    r"[0-9]+ ?/?f(?:loor)?(?![0-9a-z])|floor ?[0-9]+(?![0-9a-z])",
    re.IGNORECASE,
)


_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY = re.compile(
    r"(?:19|20)[0-9]{2}[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12][0-9]|3[01])日?"
    r"(?: 0?0:00.*)?|"
    r"(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12][0-9]|3[01])日|"
    rf"[0-9]{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-[0-9]{{1,2}}",
    re.IGNORECASE,
)
_FLAT = re.compile(r"(?:[0-9a-z]+(?:单元|-))?[0-9a-z]+(?:室|号|房|户)?")
NOT_UNDERSTOOD = "{which} is not understood; write it as 3号楼2单元501"
SEVERAL_HOMES = "{which}: several homes; give the one where this person lives"


def is_home_as_day(text: str) -> bool:
    """Whether a spreadsheet made a day of a home and wrote it as text: 3-2 became 3月2日."""
    return bool(_DAY.fullmatch(code(text)))


def unclear(values: Mapping[str, str]) -> str:
    """What is wrong with a flat that says more than its number; "" when nothing is."""
    unit = compact(values.get("unit", ""))
    if re.search(r"[0-9A-Za-z](?:室|号|房)?[、,;&和][0-9A-Za-z]*[0-9]", unit):
        return SEVERAL_HOMES
    if unit and "building" not in values and not _FLAT.fullmatch(unit):
        return NOT_UNDERSTOOD
    return ""


def home(text: str, language: str = "zh") -> tuple[str, str] | None:
    """Building and unit of an address in one cell: 3号楼2单元501, 3-2-501; None when unclear.

    ``language`` decides how an address without Chinese words is kept, see ``unit_of``.
    """
    written = numerals(code(text).translate(_SIMPLE))
    written = re.sub(r"^no\.? ?(?=[0-9])", "", written, flags=re.IGNORECASE)
    written = re.sub(r"第(?=[0-9A-Za-z])", "", written)
    # three parts only: 1,000 and 3,501 are numbers
    written = re.sub(r"^([0-9]{1,2})[,、] ?([0-9]{1,2})[,、] ?([0-9]{3,4})$", r"\1-\2-\3", written)
    parts = re.sub(r"(?<=[0-9A-Za-z]) +(?=[0-9A-Za-z])", "-", written)
    joined = re.sub(r"\s+", "", parts)
    if found := _HOME.fullmatch(joined):
        return found["building"], unit_of(found["entrance"] or "", found["unit"])
    if (found := _DASHED.fullmatch(joined)) and re.search("[0-9]|^.$", found[1]):
        entrance = found[2] if found[3] else ""
        return found[1], unit_of(entrance, found[3] or found[2], language)
    return _english(written, language)


def is_flat(text: str) -> bool:
    """Whether a text is a flat within a building: 501, 2单元501室, 2-501."""
    return bool(_FLAT.fullmatch(compact(numerals(text).translate(_SIMPLE))))


def within(text: str, building: str) -> bool | None:
    """Of 2-501 in a table of one building: whether its first part may be the building's number,
    None where it is no such text."""
    found = re.fullmatch(rf"({_PART})-{_PART}(?:室|号|房|户)?", compact(text), re.IGNORECASE)
    return found[1] == _building_key(building) if found else None


def unit_of(entrance: str, unit: str, language: str = "zh") -> str:
    """A flat with the entrance it is reached by: 2 and 501 → 2单元501; in English 2-501, unless
    the entrance was written in Chinese."""
    if not entrance or not unit:
        return unit
    bare = entrance.removesuffix("单元").removesuffix("單元")
    return f"{bare}-{unit}" if language == "en" and bare == entrance else f"{bare}单元{unit}"


def home_key(building: str, unit: str) -> tuple[str, str]:
    """A home as it is compared: 3号楼, 三号楼 and 3, 501室 and 501 are the same."""
    return _building_key(building), unit_key(unit)


def unit_key(unit: str) -> str:
    """A flat as it is compared: 2单元501室, 二单元501 and 2-501."""
    short = numerals(compact(unit).translate(_SIMPLE)).replace("单元", "-")
    return re.sub(r"(室|号|房|户)$", "", short.replace("--", "-"))


def _building_key(building: str) -> str:
    short = numerals(compact(building).translate(_SIMPLE))
    return re.sub(r"(号楼|号院|#楼|号|楼|栋|幢|座|#)$", "", short)


def _english(written: str, language: str) -> tuple[str, str] | None:
    """Block 3, Flat 501, in either order; nothing else may be in it."""
    found: dict[str, str] = {}
    for match in _ENGLISH.finditer(written):
        found |= {key: value for key, value in match.groupdict().items() if value}
    if re.sub(r"[ ,;.#-]+", "", _ENGLISH.sub("", written)) or not {"building", "unit"} <= set(
        found
    ):
        return None
    return found["building"], unit_of(found.get("entrance", ""), found["unit"], language)
