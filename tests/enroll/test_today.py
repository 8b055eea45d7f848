"""Today: what waits, the curve, the gates at a glance, and the stream."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from benchmarks.desk_browser import served
from enroll import today
from enroll.gates import GateView, tone
from enroll.ordinary_day import OrdinaryDay, means
from gate.events.event import Event
from gate.services.gate_status import StatusWriter
from tests.enroll.chromium import PASSWORD
from tests.enroll.test_live_feed import happen

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def view(**changes):
    values = {
        "name": "north",
        "said": NOW,
        "running": "running",
        "door": {"state": "locked"},
        "mode": "normal",
        "until": None,
        "devices": {},
        "faults": (),
        "encoder": "",
        "software": "",
        "enrolled": None,
        "liveness": None,
        "passage": None,
    }
    return GateView(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, "good"),
        ({"running": ""}, "plain"),
        ({"running": "silent"}, "bad"),
        ({"running": "stopped"}, "bad"),
        ({"door": {"state": "forced_open"}}, "bad"),
        ({"mode": "fire"}, "bad"),
        ({"mode": "held_open"}, "warn"),
        ({"faults": ("relay.board",)}, "warn"),
        ({"devices": {"camera": {"main": False}}}, "warn"),
        ({"devices": {"camera": {"main": True}}}, "good"),
        ({"door": {"state": "locked", "tamper": True}}, "warn"),
    ],
)
def test_a_gate_is_told_by_its_colour(changes, seen):
    assert tone(view(**changes)) == seen


@pytest.mark.parametrize(("days", "waits"), [(0, False), (8, False), (9, True)])
def test_a_backup_waits_when_it_is_old(days, waits):
    newest = {"made": (NOW - timedelta(days=days)).isoformat()}
    assert (today.backup_wait(newest, NOW) is not None) == waits
    assert today.backup_wait(None, NOW).tone == "bad"


@pytest.mark.parametrize(
    ("days", "text"),
    [(31, None), (29, "The desk's certificate ends in {count} days"), (-1, "has expired")],
)
def test_a_certificate_waits_before_it_ends(days, text):
    wait = today.certificate_wait(NOW + timedelta(days=days), NOW)
    assert (wait is None) if text is None else (text in wait.text)
    assert today.certificate_wait(None, NOW) is None


def test_an_ordinary_day_is_the_mean_of_the_same_weekday(desk):
    midnight = desk.clock.utc().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    for weeks, count in ((1, 2), (2, 4), (3, 0)):
        at = midnight - timedelta(weeks=weeks) + timedelta(hours=7)
        desk.store.events.append([Event.make("north", "passage.granted", at) for _ in range(count)])
    happen(desk, "north", 5)  # today does not count
    ordinary = OrdinaryDay().of(desk.store.database, midnight)
    assert ordinary[7] == 3
    assert sum(ordinary) == 3
    assert means([]) == [0.0] * 24


@pytest.mark.slow
def test_what_waits_is_counted_and_leads_to_those_people(desk, clerk):
    now = desk.clock.utc()
    desk.store.people.create("甲", valid_until=now - timedelta(days=1))
    desk.store.people.create("乙", valid_until=now + timedelta(days=3))
    third = desk.store.people.create("丙")
    desk.store.consents.record(third.id, "agreed", "1")
    found = {wait.link.rpartition("=")[2]: wait.count for wait in today.waits(desk, now)}
    assert found == {"ended": 1, "ends_soon": 1, "no_face_yet": 1}
    page = clerk.get("/").text
    for state, name in (("ended", "甲"), ("ends_soon", "乙"), ("no_face_yet", "丙")):
        assert f"/people?state={state}" in page
        listed = clerk.get(f"/people?state={state}").text
        assert [one for one in "甲乙丙" if f">{one}</a>" in listed] == [name]


@pytest.mark.slow
def test_an_empty_desk_teaches_the_next_step(clerk, desk):
    page = clerk.get("/").text
    assert "First steps" in page
    assert "Whoever passes appears here by itself" in page
    desk.store.events.append([Event.make("north", "passage.granted", desk.clock.utc())])
    assert "Nobody is registered yet" in clerk.get("/").text
    desk.store.people.create("甲")
    assert "Nobody is registered yet" not in clerk.get("/").text


@pytest.mark.slow
def test_the_gates_can_be_opened_from_today_and_it_comes_back(clerk, desk):
    happen(desk, "north", 1)
    assert 'action="/live/north/open"' in clerk.get("/").text
    answer = clerk.fill("/live/north/open", back="/")
    assert answer.url.path == "/"
    assert "The order was given to the gate" in answer.text
    assert clerk.fill("/live/north/open", back="//evil.test").url.host == "desk.test"


@pytest.mark.slow
def test_alarms_are_shown_by_cause_and_acknowledged_together(clerk, desk):
    desk.store.events.append(
        [
            Event.make(
                "north",
                "camera.lost",
                desk.clock.utc() - timedelta(minutes=i),
                details={"camera": "main"},
            )
            for i in range(8)
        ]
    )
    assert "8 times" in clerk.get("/").text
    page = clerk.get("/alarms").text
    assert "Acknowledge all 8" in page
    until = re.search('name="until" value="([^"]+)"', page)[1]
    happen(desk, "north", 0)
    (newer,) = desk.store.events.append(
        [
            Event.make(
                "north",
                "camera.lost",
                desk.clock.utc() + timedelta(minutes=1),
                details={"camera": "main"},
            )
        ]
    )
    desk.clock.advance(120)
    answer = clerk.fill("/alarms", key="north|camera.lost|main", until=until, note="插头松了")
    assert "Acknowledged." in answer.text
    assert answer.text.count("插头松了") == 8
    assert f'id="{newer.id}"' in answer.text  # what came after the page was loaded is not seen to
    assert clerk.fill("/alarms", key="x", until="yesterday").status_code == 422


def read_lines(answer, wanted, seen):
    """Read the stream until ``wanted`` lines were seen; the id of the last."""
    cursor = ""
    for text in answer.iter_lines():
        if text.startswith("id: "):
            cursor = text[4:]
        elif text.startswith("data: ") and '"html": "<li' in text:
            html = json.loads(text[6:])["html"]
            seen.append(re.search('id="e-([^"]+)"', html)[1])
            if len(seen) >= wanted:
                return cursor
    raise AssertionError("the stream ended")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_no_line_of_two_gates_is_lost_or_comes_twice_also_after_a_break(desk, browser):
    """Sixty passages a minute and more; the reader goes away half way and comes back."""
    browser("desk")  # makes the account
    happen(desk, "north", 1)
    written, seen = [], []

    def write():
        for turn in range(30):
            written.extend(happen(desk, "north", 1, minute=turn))
            written.extend(happen(desk, "车库", 1, "passage.denied", minute=turn))

    with served(desk) as address, httpx.Client(base_url=address, timeout=60) as client:
        client.headers["accept"] = "text/html"
        client.post("/login", data={"login": "desk", "password": PASSWORD})
        page = client.get("/").text
        since = re.search('data-since="([^"]*)"', page)[1]
        writer = threading.Thread(target=write)
        writer.start()
        with client.stream("GET", "/stream", params={"since": since}) as answer:
            cursor = read_lines(answer, 10, seen)
        writer.join()
        with client.stream("GET", "/stream", headers={"last-event-id": cursor}) as answer:
            read_lines(answer, 60, seen)
    assert sorted(seen) == sorted(written)
    assert len(set(seen)) == 60


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_parts_of_the_page_follow_and_the_stream_ends_with_the_session(desk, browser):
    browser("desk")
    happen(desk, "north", 1)
    board = StatusWriter(desk.store.key_values, "north", desk.clock, lambda write: write())
    with served(desk) as address, httpx.Client(base_url=address, timeout=60) as client:
        client.headers["accept"] = "text/html"
        client.post("/login", data={"login": "desk", "password": PASSWORD})
        with client.stream("GET", "/stream") as answer:
            parts = 0
            for text in answer.iter_lines():
                if text == "event: part" and not parts:
                    board.put("mode", {"mode": "lockdown", "until": None})
                    board.keep()
                parts += text == "event: part"
                if "locked down" in text:
                    desk.sessions.end(client.cookies[desk.cookie])
                if text == "event: end":
                    break
            else:
                raise AssertionError("the stream ended unexpectedly")


@pytest.mark.slow
def test_a_desk_that_stops_ends_its_streams_itself(desk, browser, caplog):
    browser("desk")
    with (
        served(desk) as address,
        httpx.Client(base_url=address, timeout=60, headers={"accept": "text/html"}) as client,
    ):
        client.post("/login", data={"login": "desk", "password": PASSWORD})
        with client.stream("GET", "/stream") as answer:
            parts = answer.iter_lines()
            next(parts)
            desk.closing.begin()  # the first that the server does when it stops
            list(parts)  # raises when it was cut off
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_the_stream_is_for_those_who_may_see_the_gates(browser, desk):
    assert browser().get("/stream", follow_redirects=False).status_code == 303
