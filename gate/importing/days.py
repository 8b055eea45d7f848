"""Days and years as people write them, made into dates. What cannot be read stays as written."""

from __future__ import annotations

import calendar
import re
from datetime import date

from gate.importing.formats import day_of
from gate.importing.text import code, compact, numerals

FOREVER = {
    *("长期", "永久", "无", "长期有效", "永久有效", "无限期", "不限", "无期限", "永远", "长期居住"),
    *("永久居住", "无限", "不限期", "无限制", "无到期", "无到期日", "长住", "常住", "自有", "空"),
    *("長期", "永久有效期", "終身", "终身", "9999-12-31", "9999/12/31", "99991231", "∞"),
    *("none", "permanent", "forever", "unlimited", "n/a", "na", "longterm", "long-term"),
    *("indefinite", "indefinitely", "noend", "noexpiry", "never", "open-ended", "openended"),
    *("-", "--", "---", "—", "——", "/", "\\"),
}
ORDERS = ("ymd", "dmy", "mdy")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAY = r"([0-9]{1,2})"
# a time of day after a date, and nothing else: 2026-1-5 ~ 2027-1-5 are two days
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_YMD = re.compile(rf"([0-9]{{4}}) ?[-/.年,、\\ ] ?{_DAY} ?[-/.月,、\\ ] ?{_DAY} ?[日号號]?{_TIME}")
# the year behind day and month; years of two digits, in front or behind
_YEAR_LAST = re.compile(rf"{_DAY} ?[-/.] ?{_DAY} ?[-/.] ?([0-9]{{4}}){_TIME}")
_SHORT_FIRST = re.compile(rf"([0-9]{{2}})([-/.年]){_DAY}[-/.月]{_DAY}[日号號]?{_TIME}")
_SHORT_LAST = re.compile(rf"{_DAY}([-/.]){_DAY}[-/.]([0-9]{{2}}){_TIME}")
_NAMED = re.compile(
    r"(?:([0-9]{1,2})[- ]?([A-Za-z]{3,9})\.?[- ,]*|([A-Za-z]{3,9})\.? ([0-9]{1,2}),? )"
    r"([0-9]{4}|[0-9]{2})"
)
_MINGUO = re.compile(r"(?:中华|中華)?民[国國] ?([0-9]{2,3})(?=[-/.年 ])")
_BEFORE = re.compile(r"^(?:至|到|截至|截止到?|有效期?至|until|till|to)[:：]? ?", re.IGNORECASE)
_AFTER = re.compile(r" ?(?:止|前|为止|截止|到期|起|开始)$")
_WEEKDAY = re.compile(
    r"[ ,]*\(?(?:星期|周|週|礼拜)[一二三四五六日天]\)?|"
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*(?:~|～|至|到|—+|–|--+| - | to |(?<=[0-9日号])-(?=[0-9]{4}[-./年][0-9]))\s*"
)


def days(text: str) -> dict[str, date]:
    """The day a text means: by "" when it can be read in one way, else by each order of
    ``ORDERS`` it can be read in; empty when it is no day.
    """
    written = _bare(text)
    if found := _YMD.fullmatch(written):
        return _single(*(int(part) for part in found.groups()))
    if re.fullmatch(r"[0-9]{8}", written):
        return _single(int(written[:4]), int(written[4:6]), int(written[6:]))
    # the serial number of 1954 to 2119, but 20271 is January 2027 and no day of 1955
    if re.fullmatch(r"(?!20[0-2][0-9][1-9]\b)[2-7][0-9]{4}(\.[0-9]+)?", written):
        day = day_of(float(written))
        return {"": day} if day else {}
    if found := _NAMED.fullmatch(_ORDINAL.sub("", written)):
        month = _MONTHS.get((found[2] or found[3])[:3].lower(), 0)
        year = int(found[5]) + (2000 if len(found[5]) == 2 else 0)
        return _single(year, month, int(found[1] or found[4]))
    if found := _YEAR_LAST.fullmatch(written):
        one, two, year = (int(part) for part in found.groups())
        return _several({"dmy": (year, two, one), "mdy": (year, one, two)})
    if found := _SHORT_FIRST.fullmatch(written) or _SHORT_LAST.fullmatch(written):
        one, two, three = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "年":
            return _single(2000 + one, two, three)
        return _several(
            {
                "ymd": (2000 + one, two, three),
                "dmy": (2000 + three, two, one),
                "mdy": (2000 + three, one, two),
            }
        )
    try:
        return {"": date.fromisoformat(written)}
    except ValueError:
        return {}


def span(text: str) -> tuple[str, str] | None:
    """The two days of a lease in one cell, as written: 2026-1-5 至 2027-1-5; None of one day."""
    written = code(text)
    parts = _BETWEEN.split(_BEFORE.sub("", written))
    if len(parts) != 2 or not days(parts[0]):
        return None
    return (parts[0], parts[1]) if is_forever(parts[1]) or days(parts[1]) else None


def is_forever(text: str) -> bool:
    """Whether a text says that there is no last day."""
    return compact(text) in FOREVER


def birth_year(text: str) -> str:
    """The year of a year or date of birth; as written when it is neither."""
    written = numerals(code(text))
    if found := re.fullmatch(r"([0-9]{4})(?:\.0+|年)?(?:生|出生)?", written):
        return found[1]
    if found := re.fullmatch(r"([0-9]{4})[-/.年 ](?:0?[1-9]|1[0-2])月?(?:生|出生)?", written):
        return found[1]
    if found := re.fullmatch(r"(19[0-9]{2}|20[0-9]{2})(?:0[1-9]|1[0-2])", written):
        return found[1]
    years = {day.year for day in days(written).values()}
    serial = re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", written)
    return str(years.pop()) if len(years) == 1 and not serial else written


def _bare(text: str) -> str:
    """A day without a weekday and words like 至 and 止, its Chinese numerals as digits."""
    written = numerals(_WEEKDAY.sub("", code(text)))
    written = _AFTER.sub("", _BEFORE.sub("", written)).strip()
    return _MINGUO.sub(lambda found: str(int(found[1]) + 1911), written)


def _single(year: int, month: int, day: int) -> dict[str, date]:
    try:
        return {"": date(year, month, day)}
    except ValueError:
        return {}


def _several(ways: dict[str, tuple[int, int, int]]) -> dict[str, date]:
    found = {}
    for order, parts in ways.items():
        for day in _single(*parts).values():
            found[order] = day
    return {"": next(iter(found.values()))} if len(set(found.values())) == 1 else found
