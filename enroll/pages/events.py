"""Events with filters, one event retold, and charts of a day."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response

from enroll import charts, history
from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.access import reasons
from gate.events.types import TYPES
from gate.texts.catalogue import translator

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.EVENTS_VIEW))]
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
PAGE = 50
_SPAN = timedelta(days=7)


@router.get("/events")
def events(
    visit: View,
    since: Day = "",
    until: Day = "",
    gate: Annotated[str, Query(max_length=40)] = "",
    type: Annotated[str, Query(max_length=60)] = "",
    reason: Annotated[str, Query(max_length=60)] = "",
    person: Annotated[str, Query(pattern="^[0-9a-f]{0,32}$")] = "",
    before: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    database = visit.desk.store.database
    last = _midnight(until, visit) + timedelta(days=1)
    first = _midnight(since, visit) if since else last - _SPAN
    rows = history.find(
        database,
        since=first,
        until=last,
        gate=gate,
        types=(type,) if type else (),
        reason=reason,
        person=person,
        before=_before(before),
        limit=PAGE + 1,
    )
    visit.note("events.view", person, results=min(len(rows), PAGE))
    older = ""
    if len(rows) > PAGE:
        older = f"{rows[PAGE - 1].time.isoformat()}/{rows[PAGE - 1].sequence}"
    return render(
        visit.request,
        "events.html",
        visit,
        rows=rows[:PAGE],
        names=history.names_of(database, rows) if visit.may(Permission.PEOPLE_VIEW) else {},
        older=older,
        since=first.date(),
        until=(last - timedelta(days=1)).date(),
        gate=gate,
        gates=history.gates(database),
        type=type,
        types=sorted(TYPES),
        reason=reason,
        person=person,
        in_words=lambda code: reasons.recorded(code, visit.language) if code else "",
    )


@router.get("/events/charts")
def of_day(visit: View, day: Day = "", gate: Annotated[str, Query(max_length=40)] = "") -> Response:
    _ = translator(visit.language)
    begin = _midnight(day, visit)
    figures = history.day(visit.desk.store.database, begin, gate)
    hours = [(str(hour), figures.granted.get(hour, 0)) for hour in range(24)]
    refused = [(reasons.recorded(code, visit.language), n) for code, n in figures.reasons]
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
        by_hour=charts.bars(hours, _("Passages by hour")),
        by_reason=charts.lying_bars(refused, _("Refusals by reason"), "bad"),
        latency=charts.bars(
            charts.histogram(figures.latencies, 0, 1200, 12), _("Latency in milliseconds")
        ),
        temperature=charts.bars(
            charts.histogram(figures.temperatures, 35, 38.6, 12), _("Temperature in °C")
        ),
    )


@router.get("/events/{event}")
def one(visit: View, event: str) -> Response:
    store = visit.desk.store
    row = store.events.get(event)
    if row is None:
        raise HTTPException(404)
    visit.note("event.view", row.person or "", event=row.id)
    passage = store.events.passage(row.passage) if row.passage else [row]
    return render(
        visit.request,
        "event.html",
        visit,
        row=row,
        passage=passage,
        body=json.dumps(row.body, ensure_ascii=False, indent=2),
        names=history.names_of(store.database, [row]) if visit.may(Permission.PEOPLE_VIEW) else {},
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
        return parsed, int(sequence)
    except ValueError:
        raise HTTPException(422, "There is no such page") from None
