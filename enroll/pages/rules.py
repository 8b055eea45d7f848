"""Times and rules: who may pass where, when and how; the week painted; the calendar of a year."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

from babel.dates import get_day_names
from fastapi import APIRouter, Depends, Form, HTTPException, Query
from fastapi.responses import Response

from enroll import calendar_text, person_ways, rule_change, rule_preview, rule_words, weekly_grid
from enroll.page import go, render
from enroll.permissions import Permission
from enroll.rule_change import ALLOW, SCHEDULE, Change
from enroll.rule_change import DAYS as CALENDAR
from enroll.visit import Visit, allowed
from gate.access.decision import Kind, Method
from gate.access.schedule import DAYS, HOLIDAY, parse
from gate.errors import AccessError
from gate.events import story
from gate.texts.catalogue import word

router = APIRouter()

Rules = Annotated[Visit, Depends(allowed(Permission.RULES))]
Name = Annotated[str, Form(min_length=1, max_length=40)]
Sent = Annotated[str, Form(max_length=40)]
Bits = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=400)]
Calendar = Annotated[str, Form(max_length=400_000)]
Year = Annotated[int, Form(ge=2020, le=2100)]
Many = Annotated[list[str] | None, Form(max_length=60)]
Asked = Annotated[str, Query(max_length=40)]
MOST_DAYS = 60  # entered at a time
WAYS = (Method.FACE, Method.CARD, Method.FACE_AND_CARD, Method.PERMIT, Method.PIN)
_NEW_WEEK = "mon-fri 07:00-19:00; sat,sun closed"


@router.get("/rules")
def rules(visit: Rules) -> Response:
    """Everything the gates go by, in words."""
    book = visit.desk.store.rulebook
    known = visit.desk.rules()
    own, schedules = book.allows(), book.schedules()
    names = {row.day: row.name for row in book.holidays()}
    return render(
        visit.request,
        "rules.html",
        visit,
        undo=rule_change.newest(visit.desk.store, visit.account.login, visit.desk.clock.utc()),
        allows=rule_preview.sentences(known, known.allow, visit.language),
        called=lambda name: word("allow", name, visit.language),
        own=own,
        schedules={
            name: rule_words.schedule(times, visit.language)
            for name, times in known.schedules.items()
        },
        own_schedules=schedules,
        days=[(day, kind, names.get(day)) for day, kind in sorted(known.days.items())],
        this_year=visit.desk.clock.utc().astimezone().year,
        kinds=(HOLIDAY, *DAYS),
    )


@router.get("/rules/schedule")
def schedule(visit: Rules, name: Asked = "") -> Response:
    """The week of a schedule to paint; a new one without a name."""
    return _week(visit, name, _text_of(visit, name) if name else _NEW_WEEK)


@router.post("/rules/schedules")
def set_schedule(visit: Rules, name: Name, text: Text = "", grid: Bits = "") -> Response:
    """A new schedule, or other times for an old one; painted hours count before the text."""
    try:
        _apply(visit, _of_week(name, text, grid))
    except AccessError as error:
        return _week(visit, name, text or _NEW_WEEK, error)
    return go("/rules", "saved")


@router.post("/rules/schedules/remove")
def remove_schedule(visit: Rules, name: Name) -> Response:
    return _remove(visit, SCHEDULE, name)


@router.get("/rules/allow")
def allow(visit: Rules, name: Asked = "") -> Response:
    """The form of a rule; a rule of the configuration is replaced by one of the same name."""
    return _rule(visit, name)


@router.post("/rules/allows")
def set_allow(
    visit: Rules,
    name: Name,
    kinds: Many = None,
    groups: Text = "",
    gates: Many = None,
    methods: Many = None,
    schedule: Sent = "",
    both: Annotated[bool, Form()] = False,
) -> Response:
    """A new rule, or another meaning of an old one."""
    change = _of_rule(name, kinds, groups, gates, methods, schedule, both)
    try:
        rule_preview.check(change)
        _apply(visit, change)
    except AccessError as error:
        return _rule(visit, name, error)
    return go("/rules", "saved")


@router.post("/rules/allows/remove")
def remove_allow(visit: Rules, name: Name) -> Response:
    return _remove(visit, ALLOW, name)


@router.get("/rules/remove")
def ask_remove(visit: Rules, part: Annotated[str, Query(max_length=10)], name: Asked) -> Response:
    """What taking a rule or schedule away does, and the button that does it."""
    if part not in (SCHEDULE, ALLOW):
        raise HTTPException(404)
    return render(
        visit.request,
        "rule_remove.html",
        visit,
        part=part,
        name=name,
        **_effects(visit, Change(part, {name: None})),
    )


@router.post("/rules/preview/schedule")
def preview_schedule(visit: Rules, name: Sent = "", text: Text = "", grid: Bits = "") -> Response:
    """What a painted week does, while it is painted."""
    try:
        change = _of_week(name.strip() or "?", text, grid)
        (times,) = change.values.values()
        means = rule_words.schedule(parse(times), visit.language)
    except AccessError as error:
        return _part(visit, wrong=error)
    return _part(visit, means=means, **_effects(visit, change))


@router.post("/rules/preview/allow")
def preview_allow(
    visit: Rules,
    name: Sent = "",
    kinds: Many = None,
    groups: Text = "",
    gates: Many = None,
    methods: Many = None,
    schedule: Sent = "",
    both: Annotated[bool, Form()] = False,
) -> Response:
    """What a rule says and does, while its form is filled in."""
    name = name.strip() or "?"
    change = _of_rule(name, kinds, groups, gates, methods, schedule, both)
    try:
        rule_preview.check(change)
        draft = visit.desk.rules(rule_change.Draft(visit.desk.store.rulebook, change))
        means = rule_preview.sentences(draft, draft.allow, visit.language)[name]
        return _part(visit, means=means, **_effects(visit, change))
    except AccessError as error:
        return _part(visit, wrong=error)


@router.post("/rules/days")
def set_days(
    visit: Rules,
    first: Annotated[date, Form()],
    last: Annotated[date | None, Form()] = None,
    counts_as: Annotated[str, Form(max_length=10)] = HOLIDAY,
    name: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Holidays, or working days in place of others."""
    count = ((last or first) - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise HTTPException(400, "The last day comes after the first, within sixty days")
    days = (first + timedelta(days=ahead) for ahead in range(count))
    _apply(visit, Change(CALENDAR, {f"{day}": [counts_as, name.strip()] for day in days}))
    return go("/rules", "saved")


@router.post("/rules/days/remove")
def remove_day(visit: Rules, day: Annotated[date, Form()]) -> Response:
    return _remove(visit, CALENDAR, f"{day}")


@router.get("/rules/calendar")
def calendar(visit: Rules) -> Response:
    """Where the official calendar of a year is pasted."""
    return render(
        visit.request,
        "rule_calendar.html",
        visit,
        year=visit.desk.clock.utc().astimezone().year,
        text="",
        wrong=None,
    )


@router.post("/rules/preview/calendar")
def preview_calendar(visit: Rules, year: Year, text: Calendar = "") -> Response:
    """The days that were read, and what they do."""
    try:
        days = calendar_text.read(text, year)
    except AccessError as error:
        return _part(visit, wrong=error if text.strip() else None)
    return _part(visit, days=_together(days), **_effects(visit, _of_days(days)))


@router.post("/rules/calendar")
def set_calendar(visit: Rules, year: Year, text: Calendar = "") -> Response:
    """Keep all days of a calendar; other days stay as they are."""
    try:
        days = calendar_text.read(text, year)
    except AccessError as error:
        values = {"year": year, "text": text, "wrong": error}
        return render(visit.request, "rule_calendar.html", visit, status=400, **values)
    _apply(visit, _of_days(days))
    return go("/rules", "saved")


@router.post("/rules/undo")
def undo(visit: Rules, token: Annotated[str, Form(max_length=40)]) -> Response:
    """Put back what was before the newest change."""
    store = visit.desk.store
    newest = rule_change.newest(store, visit.account.login, visit.desk.clock.utc())
    if newest is None or newest.token != token:
        return go("/rules", "undo_late")
    if not rule_change.undo(store, newest):
        return go("/rules", "rules_changed")
    visit.note("rules.undo", newest.back.part, names=sorted(newest.back.values)[:5])
    return go("/rules", "rules_undone")


def _apply(visit: Visit, change: Change) -> None:
    now = visit.desk.clock.utc()
    rule_change.apply(visit.desk.store, change, visit.account.login, now)
    names = sorted(change.values)
    about = {CALENDAR: {"days": len(names)}}.get(change.part, {"text": change.values[names[0]]})
    action = {CALENDAR: "rules.day", ALLOW: "rules.allow", SCHEDULE: "rules.schedule"}
    visit.note(action[change.part], names[0], **about)


def _remove(visit: Visit, part: str, name: str) -> Response:
    known = rule_change.names(visit.desk.store.rulebook, part)
    if name not in known:
        raise HTTPException(400, "This is not there any more; load the page again")
    _apply(visit, Change(part, {name: None}))
    return go("/rules", "saved")


def _of_week(name: str, text: str, grid: str) -> Change:
    text = weekly_grid.text_of(weekly_grid.from_bits(grid)) if grid else text.strip()
    parse(text)
    return Change(SCHEDULE, {name.strip(): text})


def _of_rule(
    name: str,
    kinds: list[str] | None,
    groups: str,
    gates: list[str] | None,
    methods: list[str] | None,
    schedule: str,
    both: bool,
) -> Change:
    body: dict[str, Any] = {
        "kinds": kinds or [],
        "groups": [one for one in re.split(r"[,，、;；\s]+", groups) if one],
        "gates": gates or [],
        "methods": methods or [],
        "schedule": schedule,
        "both": both,
    }
    return Change(ALLOW, {name.strip(): {key: value for key, value in body.items() if value}})


def _of_days(days: list[calendar_text.Day]) -> Change:
    return Change(CALENDAR, {f"{one.day}": [one.counts_as, one.name] for one in days})


def _together(days: list[calendar_text.Day]) -> list[tuple[date, date, str, str]]:
    """Neighbouring days of one kind and name as first and last."""
    found: list[tuple[date, date, str, str]] = []
    for one in days:
        if found and found[-1][1] == one.day - timedelta(days=1):
            first, _, kind, name = found[-1]
            if (kind, name) == (one.counts_as, one.name):
                found[-1] = (first, one.day, kind, name)
                continue
        found.append((one.day, one.day, one.counts_as, one.name))
    return found


def _effects(visit: Visit, change: Change) -> dict[str, Any]:
    now = visit.desk.clock.utc()
    return {"effects": rule_preview.lines(visit.desk, change, now, visit.language)}


def _part(visit: Visit, **values: Any) -> Response:
    known: dict[str, Any] = {"wrong": None, "means": "", "days": [], "effects": None}
    return render(visit.request, "rule_effects.html", visit, **{**known, **values})


def _text_of(visit: Visit, name: str) -> str:
    found = visit.desk.store.rulebook.schedules().get(name)
    found = found or visit.desk.access.schedules.get(name)
    if found is None:
        raise HTTPException(404)
    return found


def _week(visit: Visit, name: str, text: str, wrong: AccessError | None = None) -> Response:
    try:
        grid, exact = weekly_grid.grid_of(text)
    except AccessError:
        grid, exact = weekly_grid.grid_of(_NEW_WEEK)
    return render(
        visit.request,
        "rule_week.html",
        visit,
        status=200 if wrong is None else 400,
        name=name,
        text=text,
        wrong=wrong,
        grid=grid,
        exact=exact,
        rows=weekly_grid.ROWS,
        short=_short(visit.language),
        slots=[
            weekly_grid.clock_of(slot * weekly_grid.MINUTES) for slot in range(weekly_grid.SLOTS)
        ],
    )


def _short(language: str) -> dict[str, str]:
    """The heads of the grid's columns, for a telephone's width."""
    names = get_day_names("abbreviated", locale=language)
    days = {day: names[number] for number, day in enumerate(DAYS)}
    return {**days, HOLIDAY: word("day", HOLIDAY, language)}


def _rule(visit: Visit, name: str, wrong: AccessError | None = None) -> Response:
    known = visit.desk.rules()
    found = next((one for one in known.allow if one.name == name), None)
    if name and found is None and wrong is None:
        raise HTTPException(404)
    return render(
        visit.request,
        "rule_form.html",
        visit,
        status=200 if wrong is None else 400,
        name=name,
        rule=found,
        wrong=wrong,
        kinds=list(Kind),
        ways=[(way, story.way(way, visit.language)) for way in WAYS],
        gates=rule_preview.gates_of(visit.desk),
        groups=person_ways.groups(visit.desk.store.database),
        schedules=sorted(known.schedules),
    )
