"""The day's charts: events are counted in the hour the clock on the wall showed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from enroll import figures, history
from gate.events.event import Event

GRANTED, DENIED = "passage.granted", "passage.denied"
ZONES = {
    "Asia/Kolkata": timedelta(hours=5, minutes=30),
    "Asia/Kathmandu": timedelta(hours=5, minutes=45),
    "America/St_Johns": -timedelta(hours=3, minutes=30),
    "Asia/Shanghai": timedelta(hours=8),
    "UTC": timedelta(),
}
MOMENTS = ["00:00", "00:29", "00:31", "08:14", "08:16", "08:44", "08:59", "09:00", "23:59"]


def midnight(zone):
    return datetime(2026, 1, 15, tzinfo=timezone(ZONES[zone]))


def happen(store, begin, kind):
    for moment in MOMENTS:
        hour, minute = map(int, moment.split(":"))
        at = begin + timedelta(hours=hour, minutes=minute)
        store.events.append([Event.make("north", kind, at.astimezone(UTC), method="card")])


WANTED = {0: 3, 8: 4, 9: 1, 23: 1}


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_passages_are_in_their_local_hour_in_every_zone(store, zone):
    begin = midnight(zone)
    happen(store, begin, GRANTED)
    happen(store, begin, DENIED)
    happen(store, begin + timedelta(days=1), GRANTED)  # no part of the day
    day = history.day(store.database, begin)
    assert day.granted == WANTED
    assert day.denied == WANTED
    hours = history.by_hour(store.database, begin)
    assert {hour: count for hour, count in enumerate(hours) if count} == WANTED
    assert history.by_hour(store.database, begin, "south") == [0] * 24


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu"])
def test_figures_of_many_days_count_the_same_hours(store, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        happen(store, midnight(zone), GRANTED)
        today = midnight(zone).date()
        days = figures.Figures().of_days(store.database, today, today, today)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert days[today].by(0) == WANTED
