"""No page reads all events: every question a page asks of them is answered by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from enroll.desk import Desk
from gate.events.event import Event
from gate.store.engine import Database

pytestmark = pytest.mark.slow

PAGES = (
    "/",
    "/events",
    "/events?gate=side",
    "/events?gate=side&type=turned_away",
    "/events?type=passage.denied",
    "/events?type=alarms&gate=north",
    "/events?who=Li",
    "/events?before=2026-11-05T00:00:00%2B00:00/5",
    "/events/charts",
    "/events/charts?gate=side",
    "/events.xlsx?gate=side",
    "/alarms",
    "/alarms/not-seen",
    "/live",
    "/people",
)


@contextmanager
def asked(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements on the events that are carried out meanwhile."""
    found: list[tuple[str, Any]] = []

    def about(c: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT") and "FROM events" in statement:
            found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", about)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", about)


def scans(database: Database, statement: str, parameters: Any) -> list[str]:
    """Where SQLite would go through all events, by its own account."""
    raw = database.engine.raw_connection()
    try:
        plan = raw.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    finally:
        raw.close()
    return [row[3] for row in plan if row[3].startswith(("SCAN events", "SCAN one"))]


@pytest.fixture
def written(desk: Desk) -> None:
    """A few hundred events of two gates, of somebody too."""
    person = desk.store.people.create("Li")
    now = desk.clock.utc()
    kinds = ("passage.granted", "passage.denied", "door.opened", "door.forced")
    desk.store.events.append(
        [
            Event.make(
                "side" if number % 50 == 0 else "north",
                kinds[number % 4],
                now - timedelta(minutes=number),
                person=person.ref if number % 3 else None,
            )
            for number in range(400)
        ]
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_goes_through_no_more_events_than_it_shows(
    desk: Desk, browser: Callable[..., Any], written: None, page: str
) -> None:
    manager = browser("manager")
    with asked(desk.store.database) as statements:
        assert manager.get(page).status_code == 200
    if page.startswith(("/events", "/alarms")) and page != "/alarms/not-seen":
        assert statements, "nothing was asked of the events: the test looks at the wrong thing"
    for statement, parameters in statements:
        assert scans(desk.store.database, statement, parameters) == [], statement


def test_a_question_without_an_index_is_noticed(desk: Desk, written: None) -> None:
    statement = "SELECT count(*) FROM events WHERE latency > ?"
    assert scans(desk.store.database, statement, (5,)) != []
