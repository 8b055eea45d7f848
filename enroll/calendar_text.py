"""The official calendar of a year, read from what people paste. Pure.

Understood are the State Council's notice on holidays (国务院办公厅关于…节假日安排的通知), an
iCalendar file whose titles say 休 or 班, the JSON of the holiday-cn collection, and own lines::

    2027-10-01..2027-10-07 国庆节
    2027-10-09 fri 国庆节补班

The notice does not say which weekday's times hold on a make-up working day. They are taken from the
end of the weekdays that the holiday took: the last make-up day counts as the last of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from gate.access.schedule import DAYS, HOLIDAY
from gate.errors import AccessError

MOST = 120  # days of one calendar

_SENTENCE = re.compile(r"^[一二三四五六七八九十]+、\s*([^：:]{1,20})[：:](.*)$")
_YEAR = re.compile(r"(20\d\d)\s*年")
_DAY = re.compile(r"(?:(20\d\d)年)?(?:(\d{1,2})月)?(\d{1,2})日")
_ASIDE = re.compile(r"[（(][^）)]*[）)]")
_LINE = re.compile(r"^(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?\s*(\S+)?\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is not like its weekday. ``counts_as``: "holiday", or a weekday ("mon")."""

    day: date
    counts_as: str
    name: str


def read(text: str, year: int) -> list[Day]:
    """The days of a calendar, in order; ``year`` counts where the text names none.

    Raises:
        AccessError: nothing of it is understood, or more than ``MOST`` days.
    """
    text = text.strip().lstrip("\ufeff")
    if text.startswith(("{", "[")):
        days = list(_holiday_cn(text))
    elif "BEGIN:VCALENDAR" in text:
        days = list(_icalendar(text))
    else:
        days = _lines(text, year)
    found = {day.day: day for day in days}
    if not found or len(found) > MOST:
        raise AccessError(
            "no holidays were found in this text" if not found else "these are too many days",
            where=text[:60],
            hint="paste the official notice, or lines like: 2027-10-01..2027-10-07 国庆节",
        )
    return [found[day] for day in sorted(found)]


def _lines(text: str, year: int) -> list[Day]:
    named = _YEAR.search(text)
    year = int(named[1]) if named else year
    days: list[Day] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        sentence = _SENTENCE.match(line)
        if sentence:
            days += _notice(sentence[1].strip(), _ASIDE.sub("", sentence[2]), year)
        elif own := _LINE.match(line):
            days += _own(own, line)
    return days


def _notice(name: str, text: str, year: int) -> list[Day]:
    """One numbered paragraph: ``10月1日至7日放假调休，共7天。9月27日、10月10日上班。``"""
    off: list[date] = []
    work: list[date] = []
    month = 1
    for clause in re.split(r"[。；;]", text):
        ends = [(m.start(), m) for m in _DAY.finditer(clause)]
        dates = []
        for _, found in ends:
            month = int(found[2] or month)
            dates.append((found, _date(int(found[1] or year), month, int(found[3]), clause)))
        if "上班" in clause:
            work += [day for _, day in dates]
        elif "放假" in clause or "休息" in clause or "休" in clause:
            off += _spans(clause, dates)
    taken = [day for day in off if day.weekday() < 5]
    make_up = sorted(work)
    used = taken[-len(make_up) :] if make_up and len(taken) >= len(make_up) else []
    kinds = [DAYS[day.weekday()] for day in used] or [DAYS[4]] * len(make_up)
    return [Day(day, HOLIDAY, name) for day in off] + [
        Day(day, kind, name) for day, kind in zip(make_up, kinds, strict=True)
    ]


def _spans(clause: str, dates: list[tuple[re.Match[str], date]]) -> list[date]:
    """Every day of ``a至b``, and each of ``a、b``."""
    days: list[date] = []
    for index, (found, day) in enumerate(dates):
        before = clause[dates[index - 1][0].end() : found.start()] if index else ""
        if before.strip() in ("至", "-", "—", "~", "到") and days:
            days += _between(days[-1] + timedelta(days=1), day)
        else:
            days.append(day)
    return days


def _own(found: re.Match[str], line: str) -> list[Day]:
    first = _iso(found[1], line)
    last = _iso(found[2], line) if found[2] else first
    kind, rest = found[3] or "", found[4].strip()
    if kind in (*DAYS, HOLIDAY):
        name = rest
    elif kind == "班":
        kind, name = DAYS[4], rest
    elif kind == "休":
        kind, name = HOLIDAY, rest
    else:
        kind, name = HOLIDAY, f"{kind} {rest}".strip()
    return [Day(day, kind, name[:80]) for day in _between(first, last)]


def _holiday_cn(text: str) -> Iterator[Day]:
    try:
        data = json.loads(text)
        rows = data["days"] if isinstance(data, dict) else data
        for row in rows:
            off = bool(row["isOffDay"])
            day = _iso(str(row["date"]), str(row))
            yield Day(day, HOLIDAY if off else DAYS[4], str(row["name"])[:80])
    except (ValueError, KeyError, TypeError) as error:
        raise AccessError(
            "this JSON is not a holiday calendar",
            where=text[:60],
            hint="it has days with name, date and isOffDay",
        ) from error


def _icalendar(text: str) -> Iterator[Day]:
    text = re.sub(r"\r?\n[ \t]", "", text)  # RFC 5545, 3.1: folded lines
    for event in re.findall(r"BEGIN:VEVENT(.*?)END:VEVENT", text, re.DOTALL):
        values = dict(re.findall(r"^(DTSTART|DTEND|SUMMARY)[^:\n]*:(.*?)\r?$", event, re.MULTILINE))
        title = values.get("SUMMARY", "").strip()
        start = values.get("DTSTART", "")[:8]
        if not re.fullmatch(r"\d{8}", start) or not ("休" in title or "班" in title):
            continue  # a festival that is nobody's day off
        first = _iso(f"{start[:4]}-{start[4:6]}-{start[6:]}", title)
        end = values.get("DTEND", "")[:8]
        after = first + timedelta(days=1)
        if re.fullmatch(r"\d{8}", end):  # the day after the last, see RFC 5545, 3.6.1
            after = max(after, _iso(f"{end[:4]}-{end[4:6]}-{end[6:]}", title))
        name = re.sub(r"[（(]?[休班][）)]?", "", title).strip()
        kind = DAYS[4] if "班" in title else HOLIDAY
        for day in _between(first, after - timedelta(days=1)):
            yield Day(day, kind, name[:80])


def _between(first: date, last: date) -> list[date]:
    count = (last - first).days + 1
    if not 1 <= count <= 60:
        raise AccessError(
            "the last day comes after the first, within sixty days",
            where=f"{first} – {last}",
            hint="correct the dates",
        )
    return [first + timedelta(days=ahead) for ahead in range(count)]


def _iso(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AccessError("there is no such day", where=where[:60], hint="correct it") from None


def _date(year: int, month: int, day: int, where: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise AccessError("there is no such day", where=where[:60], hint="correct it") from None
