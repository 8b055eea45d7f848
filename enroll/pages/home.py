"""Today: the gates, what happens at them, what needs somebody, and the day so far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from enroll import alarm_groups, charts, event_view, gates, history, live_feed, open_alarms, today
from enroll.live_picture_access import gates_with_picture
from enroll.page import part, render
from enroll.permissions import Permission
from enroll.register import count_of
from enroll.visit import Visit, allowed
from gate.store.tables import EventRow
from gate.texts.catalogue import translator

router = APIRouter()

Watch = Annotated[Visit, Depends(allowed(Permission.LIVE_VIEW))]
LINES = 30
EVERY = 0.7  # seconds between two looks for new lines
PARTS_EVERY = 3  # of those looks, one at the gates and alarms
LIFE = 300  # seconds after which a stream ends, and the page opens the next where it was
_LINE_SPAN = timedelta(days=1)


@router.get("/")
def now(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    desk, time = visit.desk, visit.desk.clock.utc()
    database = desk.store.database
    watches = visit.may(Permission.LIVE_VIEW)
    cursor = live_feed.now(database)  # before the lines: one that comes between is not lost
    rows = _newest(visit, time) if watches else []
    edits = visit.may(Permission.PEOPLE_EDIT)
    parts = _parts(visit, time)
    return render(
        visit.request,
        "home.html",
        visit,
        cursor=live_feed.write_cursor(cursor),
        lines=_lines(visit, rows),
        waits=today.waits(desk, time) if edits else [],
        care=today.care(desk, time) if edits or visit.may(Permission.EVENTS_RAW) else [],
        curve=_curve(visit, time) if watches else None,
        people=count_of(database, "", time) if visit.may(Permission.PEOPLE_VIEW) else None,
        steps=desk.first_steps.of(database, parts["gates"]) if edits else [],
        **parts,
    )


@router.get("/stream")
def stream(visit: Watch, since: Annotated[str, Query(max_length=4000)] = "") -> Response:
    """Server-sent events: ``line`` for each new line, ``part`` for a part of the page that changed.

    A browser that comes back sends the id of the last line it got; nothing is lost between.
    """
    cursor = visit.request.headers.get("last-event-id", since)[:4000]
    visit.note("today.watch")
    return StreamingResponse(
        _messages(visit, live_feed.read_cursor(cursor)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _messages(visit: Visit, cursor: live_feed.Cursor) -> AsyncIterator[str]:
    shown: dict[str, str] = {}
    token = visit.request.cookies.get(visit.desk.cookie, "")
    yield "retry: 1000\n\n"
    for look in range(int(LIFE / EVERY)):
        if look % PARTS_EVERY == 0:
            if await run_in_threadpool(visit.desk.sessions.find, token, click=False) is None:
                yield live_feed.message("end", "")
                return
            for name, html in (await run_in_threadpool(_changed, visit)).items():
                if shown.get(name) != html:
                    shown[name] = html
                    yield live_feed.message("part", {"name": name, "html": html})
        lines, cursor = await run_in_threadpool(_new_lines, visit, cursor)
        for id, html in lines:
            yield live_feed.message("line", {"html": html}, id)
        if await visit.desk.closing.within(EVERY):
            return


def _new_lines(
    visit: Visit, cursor: live_feed.Cursor
) -> tuple[list[tuple[str, str]], live_feed.Cursor]:
    """New lines with the cursor behind each, so that a reader can come back after any of them."""
    rows, moved = live_feed.since(visit.desk.store.database, cursor)
    behind = dict(cursor)
    lines = []
    for row, one in zip(rows, _lines(visit, rows), strict=True):
        behind[row.gate] = row.sequence
        html = part(visit.request, "today_line.html", visit, one=one)
        lines.append((live_feed.write_cursor(behind), html))
    return lines, moved


def _changed(visit: Visit) -> dict[str, str]:
    values = _parts(visit, visit.desk.clock.utc())
    html = {
        f"gate-{number}": part(visit.request, "today_gate.html", visit, gate=gate, **values)
        for number, gate in enumerate(values["gates"])
    }
    if visit.may(Permission.ALARMS):
        html["alarms"] = part(visit.request, "today_alarms.html", visit, **values)
    return html


def _parts(visit: Visit, time: datetime) -> dict[str, Any]:
    """What changes by itself: gates and alarms."""
    watches = visit.may(Permission.LIVE_VIEW)
    views = gates.views(visit.desk.store, visit.desk.gate, time) if watches else []
    looks = visit.desk.settings.live_picture and visit.may(Permission.LIVE_PICTURE)
    looked_through = [gate.name for gate in views] if looks else []
    return {
        "gates": views,
        "pictured": gates_with_picture(visit.desk.folder, looked_through),
        "tone_of": gates.tone,
        "called": gates.called,
        "fault_in_words": lambda fault: gates.fault_in_words(fault, visit.language),
        "groups": _needing_somebody(visit, time) if visit.may(Permission.ALARMS) else [],
        "say": lambda row: event_view.line(row, {}, visit.language, False).story.line,
    }


def _needing_somebody(visit: Visit, time: datetime) -> list[alarm_groups.Group]:
    return [group for group in open_alarms.by_cause(visit.desk.store.database, time) if group.open]


def _newest(visit: Visit, time: datetime) -> list[EventRow]:
    return history.find(
        visit.desk.store.database,
        since=time - _LINE_SPAN,
        until=time + _LINE_SPAN,
        types=live_feed.TYPES,
        limit=LINES,
    )


def _lines(visit: Visit, rows: list[EventRow]) -> list[event_view.Line]:
    may_name = visit.may(Permission.PEOPLE_VIEW)
    names = history.names_of(visit.desk.store.database, rows) if may_name and rows else {}
    return [event_view.line(row, names, visit.language, may_name) for row in rows]


def _curve(visit: Visit, time: datetime) -> dict[str, Any]:
    _ = translator(visit.language)
    database = visit.desk.store.database
    local = time.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    counts = history.by_hour(database, midnight)
    ordinary = visit.desk.ordinary.of(database, midnight)
    names = (_("today"), _("ordinary day"))
    return {
        "picture": charts.curve(counts, ordinary, local.hour, _("Passages by hour"), names),
        "today": sum(counts),
        "ordinary": round(sum(ordinary[: local.hour])),
        "known": any(ordinary),
    }
