"""Rules and schedules as sentences: who, by which way, when, where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from babel.lists import format_list

from enroll.weekly_grid import clock_of, days_alike
from gate.access.decision import Kind, Method
from gate.access.request import Allow
from gate.access.schedule import DAYS, HOLIDAY, Schedule, Window
from gate.events import story
from gate.texts.catalogue import translator, word

_ALL_DAY = 24 * 60


def rule(allow: Allow, schedules: Mapping[str, Schedule], language: str) -> str:
    """ "Staff of cleaning, by card, Monday to Friday 07:00–19:00, at the gates north and east"."""
    _ = translator(language)
    return _("{who}, {ways}, {when}, {where}").format(
        who=who(allow, language),
        ways=ways(allow, language),
        when=_when(allow.schedule, schedules, language),
        where=where(allow.gates, language),
    )


def who(allow: Allow, language: str) -> str:
    """The people a rule is about."""
    _ = translator(language)
    kinds = [word("kind", kind, language) for kind in Kind if kind in allow.kinds]
    people = _first_up(format_list(kinds, locale=language) if kinds else _("everybody"))
    if not allow.groups:
        return people
    groups = format_list(sorted(allow.groups), style="or", locale=language)
    return _("{people} of the group {groups}").format(people=people, groups=groups)


def ways(allow: Allow, language: str) -> str:
    """How they may pass."""
    _ = translator(language)
    if allow.both:
        return _("by face and card together")
    names = [story.way(one, language) for one in Method if one in allow.methods]
    return format_list(names, style="or", locale=language)


def where(gates: Iterable[str], language: str) -> str:
    """At which gates; no name means every gate."""
    _ = translator(language)
    names = sorted(gates)
    if not names:
        return _("at every gate")
    return _("at the gates {gates}").format(gates=format_list(names, locale=language))


def schedule(times: Schedule, language: str) -> str:
    """ "Monday to Friday 07:00–19:00; Saturday 08:00–12:00; holidays closed"."""
    _ = translator(language)
    if all(_always(times.windows.get(day, ())) for day in (*DAYS, HOLIDAY) if _named(times, day)):
        return _("at any time")
    parts = []
    for days, windows in days_alike(times):
        if not windows and days != (HOLIDAY,):
            continue
        hours = ", ".join(map(_hours, windows)) or _("closed")
        parts.append(f"{_days(days, language)} {hours}")
    if not any(times.windows.get(day) for day in DAYS):
        parts.insert(0, _("never"))
    return _("; ").join(parts)


def _when(name: str, schedules: Mapping[str, Schedule], language: str) -> str:
    _ = translator(language)
    if not name:
        return _("at any time")
    if name not in schedules:
        return _("never, because there are no times {name}").format(name=name)
    return schedule(schedules[name], language)


def _named(times: Schedule, day: str) -> bool:
    return day != HOLIDAY or HOLIDAY in times.windows


def _always(windows: tuple[Window, ...]) -> bool:
    return [(one.start, one.end) for one in windows] == [(0, _ALL_DAY)]


def _days(days: tuple[str, ...], language: str) -> str:
    _ = translator(language)
    first, last = (word("day", day, language) for day in (days[0], days[-1]))
    if days == (HOLIDAY,):
        return _("holidays")
    if len(days) == len(DAYS):
        return _("every day")
    if len(days) == 2:
        return format_list([first, last], locale=language)
    return first if len(days) == 1 else _("{first} to {last}").format(first=first, last=last)


def _hours(window: Window) -> str:
    end = window.end if window.end <= _ALL_DAY else window.end - _ALL_DAY
    return f"{clock_of(window.start)}–{clock_of(end)}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
