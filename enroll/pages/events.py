"""Events with filters, one event in words, and charts of a day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response, StreamingResponse

from enroll import charts, event_filter, event_view, history
from enroll.event_filter import GROUPS, WAYS, Filter
from enroll.page import local, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.access.explanation import retell
from gate.access.reasons import REASONS
from gate.events import story
from gate.events.types import TYPES
from gate.importing import workbook_stream
from gate.store.tables import EventRow
from gate.texts.catalogue import translator

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.EVENTS_VIEW))]
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Export = Annotated[Visit, Depends(allowed(Permission.EXPORT))]
PAGE = 50
EXPORTED = 20_000
_PIECE = 1000  # events read at a time
_SPAN = timedelta(days=7)


def chosen_by(
    since: Day = "",
    until: Day = "",
    gate: Annotated[str, Query(max_length=40)] = "",
    type: Annotated[str, Query(max_length=60)] = "",
    reason: Annotated[str, Query(max_length=60)] = "",
    method: Annotated[str, Query(max_length=20)] = "",
    who: Annotated[str, Query(max_length=60)] = "",
    person: Annotated[str, Query(pattern="^[0-9a-f]{0,32}$")] = "",
) -> Filter:
    """The filter of an address."""
    return Filter(since, until, gate, type, reason, method, who.strip(), person)


Chosen = Annotated[Filter, Depends(chosen_by)]


@router.get("/events")
def events(
    visit: View, chosen: Chosen, before: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    database = visit.desk.store.database
    wanted = _wanted(visit, chosen)
    rows = history.find(database, before=_before(before), limit=PAGE + 1, **wanted)
    visit.note("events.view", chosen.person, results=min(len(rows), PAGE))
    names, may_name = _names(visit, rows)
    older = ""
    if len(rows) > PAGE:
        end = rows[PAGE - 1]
        older = chosen.link(before=f"{end.time.isoformat()}/{end.sequence}")
    days = {
        "since": wanted["since"].date(),
        "until": (wanted["until"] - timedelta(days=1)).date(),
    }
    about = history.names_of_refs(database, [chosen.person]) if may_name else {}
    name = about[chosen.person][1] if chosen.person in about else _one_person(visit)
    return render(
        visit.request,
        "events.html",
        visit,
        lines=[event_view.line(row, names, visit.language, may_name) for row in rows[:PAGE]],
        older=older,
        chosen=chosen,
        parts=event_filter.parts(chosen, visit.language, name, days),
        days=days,
        gates=history.gates(database),
        groups=[(key, event_filter.type_in_words(key, visit.language)) for key in GROUPS],
        types=sorted(
            ((kind, event_filter.type_in_words(kind, visit.language)) for kind in TYPES),
            key=lambda pair: pair[1],
        ),
        reasons=sorted(
            {story.why(code, visit.language): code for code in REASONS}.items(),
        ),
        ways=[(method, story.way(method, visit.language)) for method in WAYS],
    )


@router.get("/events.xlsx")
def as_table(visit: Export, chosen: Chosen) -> Response:
    """What the list shows, as an Excel workbook of at most ``EXPORTED`` lines, as a stream."""
    _ = translator(visit.language)
    database, wanted = visit.desk.store.database, _wanted(visit, chosen)
    visit.note("events.export", chosen.person, results=history.count(database, EXPORTED, **wanted))
    headings = ("Time", "Gate", "What happened", "Person", "Way", "Why", "What would have helped")
    rows = _cells(visit, wanted)
    name = f"events-{wanted['since']:%Y%m%d}-{wanted['until'] - timedelta(days=1):%Y%m%d}.xlsx"
    return StreamingResponse(
        workbook_stream.stream([_(heading) for heading in headings], rows, _("Events")),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _cells(visit: Visit, wanted: history.Wanted) -> Iterator[tuple[str, ...]]:
    """The lines of the table; read in pieces, so that no reading transaction lasts."""
    database, left = visit.desk.store.database, EXPORTED
    before: tuple[datetime, int] | None = None
    while left > 0:
        rows = history.find(database, before=before, limit=min(_PIECE, left), **wanted)
        names, may_name = _names(visit, rows)
        for row in rows:
            one = event_view.line(row, names, visit.language, may_name)
            yield (
                local(row.time, "%Y-%m-%d %H:%M:%S"),
                row.gate,
                one.story.line,
                event_view.who(row, names, visit.language, may_name),
                story.way(row.method, visit.language),
                "; ".join(one.story.why),
                " ".join(one.story.remedy),
            )
        if len(rows) < _PIECE:
            return
        left -= len(rows)
        before = rows[-1].time, rows[-1].sequence


def _wanted(visit: Visit, chosen: Filter) -> history.Wanted:
    """The events of a filter, and from when until when to look."""
    last = _midnight(chosen.until, visit) + timedelta(days=1)
    people = [chosen.person] if chosen.person else None
    if chosen.who:
        # who may not see names may not find events by them either
        may_name = visit.may(Permission.PEOPLE_VIEW)
        called = history.called(visit.desk.store.database, chosen.who) if may_name else []
        people = [ref for ref in called if people is None or ref in people]
    return {
        "since": _midnight(chosen.since, visit) if chosen.since else last - _SPAN,
        "until": last,
        "gate": chosen.gate,
        "types": chosen.types,
        "reasons": _meaning(chosen.reason, visit.language),
        "method": chosen.method,
        "people": people,
    }


def _names(visit: Visit, rows: Sequence[EventRow]) -> tuple[event_view.Names, bool]:
    """Whose events they are, as far as this account may know, and whether it may."""
    may_name = visit.may(Permission.PEOPLE_VIEW)
    return (history.names_of(visit.desk.store.database, rows) if may_name else {}), may_name


def _meaning(reason: str, language: str) -> tuple[str, ...]:
    """All codes that are said as ``reason`` is, for who chose by the words."""
    if reason not in REASONS:
        return (reason,) if reason else ()
    said = story.why(reason, language)
    return tuple(code for code in REASONS if story.why(code, language) == said)


def _one_person(visit: Visit) -> str:
    return translator(visit.language)("one person")


@router.get("/events/charts")
def of_day(visit: View, day: Day = "", gate: Annotated[str, Query(max_length=40)] = "") -> Response:
    _ = translator(visit.language)
    begin = _midnight(day, visit)
    figures = history.day(visit.desk.store.database, begin, gate)
    hours = [(str(hour), figures.granted.get(hour, 0)) for hour in range(24)]
    refused = [(story.why(code, visit.language), n) for code, n in figures.reasons]
    return render(
        visit.request,
        "charts.html",
        visit,
        day=begin.date(),
        gate=gate,
        gates=history.gates(visit.desk.store.database),
        granted=sum(figures.granted.values()),
        denied=sum(figures.denied.values()),
        quantiles=[charts.quantile(figures.latencies, share) for share in (0.5, 0.95, 0.99)],
        by_hour=charts.bars(hours, _("Passages by hour")) if figures.granted else "",
        refused=refused,
        latency=_spread(figures.latencies, 0, 1200, _("Latency in milliseconds")),
        temperature=_spread(figures.temperatures, 35, 38.6, _("Temperature in °C")),
    )


def _spread(values: Sequence[float], begin: float, end: float, title: str) -> str:
    """How often each value came; "" without any."""
    return charts.bars(charts.histogram(values, begin, end, 12), title) if values else ""


@router.get("/events/{event}")
def one(visit: View, event: str) -> Response:
    store = visit.desk.store
    row = store.events.get(event)
    if row is None:
        raise HTTPException(404)
    visit.note("event.view", row.person or "", event=row.id)
    rows = store.events.passage(row.passage) if row.passage else [row]
    names, may_name = _names(visit, rows)

    def tell(row: EventRow) -> story.Story:
        name = event_view.who(row, names, visit.language, may_name)
        return story.tell(row.body, visit.language, name)

    numbers = []
    if row.decision is not None:
        zone = row.time.astimezone().tzinfo
        assert zone is not None
        numbers = retell(row.body, visit.language, zone, codes=False)
    return render(
        visit.request,
        "event.html",
        visit,
        row=row,
        one=event_view.line(row, names, visit.language, may_name),
        name=event_view.who(row, names, visit.language, may_name),
        way=story.way(row.method, visit.language),
        passage=event_view.passage(rows, row.id, tell),
        numbers=numbers,
        body=json.dumps(row.body, ensure_ascii=False, indent=2),
    )


def _midnight(day: str, visit: Visit) -> datetime:
    """Local midnight of a day; of today without one. Raises 422 for a day that is none."""
    try:
        wish = date.fromisoformat(day) if day else visit.desk.clock.utc().astimezone().date()
        if not 1970 <= wish.year < 2200:
            raise ValueError
        return datetime.combine(wish, time()).astimezone()
    except ValueError:
        raise HTTPException(422, "There is no such day") from None


def _before(text: str) -> tuple[datetime, int] | None:
    if not text:
        return None
    try:
        moment, _, sequence = text.partition("/")
        parsed = datetime.fromisoformat(moment.replace(" ", "+"))
        if parsed.tzinfo is None:
            raise ValueError
        number = int(sequence)
        if not 0 <= number < 2**63:
            raise ValueError
        return parsed, number
    except ValueError:
        raise HTTPException(422, "There is no such page") from None
