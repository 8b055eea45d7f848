"""People who asked to be missed, from the desk's pages; the gate counts on the same record."""

from __future__ import annotations

import math
import re
from datetime import timedelta

import pytest

from gate.services.absence_alerts import EVERY, AbsenceAlerts
from gate.store.store import Store

pytestmark = pytest.mark.slow

LIST = "/alarms/not-seen"


@pytest.fixture
def elder(clerk, desk):
    desk.not_seen_hours = 2.0
    person = desk.store.people.create("陈奶奶", birth_year=1940, phone="555 0101").id
    clerk.fill(f"/people/{person}/consent", answer="agreed", language="zh", purpose="not_seen")
    return person


@pytest.fixture
def gate(clerk, desk, clock, tmp_path):
    """The gate, in a connection of its own to the same database."""
    with Store.open(desk.store._settings, tmp_path, receivers=("mqtt",)) as store:
        missing = AbsenceAlerts(store, "gate-1", 2.0, lambda e: store.events.append([e]))

        def live(hours, every=EVERY):
            """So many hours of looking every minute; nobody stays signed in over them."""
            for _ in range(round(timedelta(hours=hours) / every)):
                clock.advance(every.total_seconds())
                missing.look(clock.utc(), True)
            clerk.sign_in("desk")

        yield live


def reported(desk):
    rows = desk.store.events.search(types=("person.not_seen", "person.not_seen_ended"))
    return [(row.type, row.body.get("details", {}).get("by")) for row in reversed(rows)]


def test_consent_is_asked_for_it_alone_and_can_be_withdrawn(clerk, desk, elder):
    assert desk.store.consents.answer(elder) is None  # the face was not asked for
    page = clerk.get(f"/people/{elder}").text
    assert "staff are alerted" in page
    path = f"/people/{elder}/consent"
    assert "2 hours" in clerk.get(path, params={"purpose": "not_seen", "language": "en"}).text
    clerk.fill(path, answer="withdrawn", language="zh", purpose="not_seen")
    assert "nobody is alerted" in clerk.get(f"/people/{elder}").text
    assert "陈奶奶" not in clerk.get(LIST).text
    assert clerk.fill(path, answer="agreed", language="zh", purpose="all").status_code == 422


def test_a_no_to_being_missed_does_not_touch_the_face(clerk, desk, elder):
    desk.store.consents.record(elder, "agreed", "1")
    clerk.fill(f"/people/{elder}/consent", answer="withdrawn", language="zh", purpose="not_seen")
    assert desk.store.consents.answer(elder).answer == "agreed"


def test_who_is_missed_is_looked_after_by_name_and_the_counting_begins_anew(
    clerk, desk, elder, gate
):
    gate(2.1)
    assert "missed since" in clerk.get(LIST).text
    assert "1 not seen for long" in clerk.get("/").text
    page = clerk.fill(f"{LIST}/{elder}/acknowledge", note="had visitors")
    assert "looked after by desk" in page.text
    assert reported(desk) == [("person.not_seen", None), ("person.not_seen_ended", "desk")]
    assert "had visitors" in clerk.get("/alarms").text
    lines = [(line.actor, line.action) for line in desk.store.audit.lines()]
    assert ("desk", "not_seen.acknowledge") in lines
    gate(1.8)
    assert len(reported(desk)) == 2
    gate(0.4)
    assert reported(desk)[-1] == ("person.not_seen", None)


def test_an_acknowledgement_of_nothing_changes_nothing(clerk, desk, elder):
    clerk.fill(f"{LIST}/{elder}/acknowledge", note="too early")
    assert reported(desk) == []


def test_who_is_away_is_not_missed_until_the_day_after(clerk, desk, elder, gate, clock):
    last = clock.utc().astimezone().date() + timedelta(days=1)
    page = clerk.fill(f"{LIST}/{elder}/pause", until=str(last))
    assert str(last) in page.text
    assert "Back again" in page.text
    back = desk.missing.watched(clock.utc())[elder].paused_until
    away = back - clock.utc()
    # as rarely as the gate may look without having been down
    gate(away / timedelta(hours=1), every=away / math.ceil(away / timedelta(minutes=2.5)))
    gate(1.9)
    assert reported(desk) == []
    gate(0.3)
    assert reported(desk) == [("person.not_seen", None)]


def test_going_away_ends_an_absence_that_was_reported(clerk, desk, elder, gate, clock):
    gate(2.1)
    clerk.fill(f"{LIST}/{elder}/pause", until=str(clock.utc().astimezone().date()))
    assert reported(desk)[-1] == ("person.not_seen_ended", "desk")
    assert "missed since" not in clerk.get(LIST).text


def test_back_again_begins_the_counting(clerk, desk, elder, gate, clock):
    clerk.fill(f"{LIST}/{elder}/pause", until=str(clock.utc().date() + timedelta(days=30)))
    clerk.fill(f"{LIST}/{elder}/pause")
    gate(2.1)
    assert reported(desk) == [("person.not_seen", None)]


@pytest.mark.parametrize(
    "until", ["2020-01-01", "9999-12-31", "2026-02-30", "tomorrow", "2030-01-01"]
)
def test_a_day_that_is_none_over_or_too_far_is_refused(clerk, desk, elder, clock, until):
    assert clerk.fill(f"{LIST}/{elder}/pause", until=until).status_code == 422
    assert desk.missing.watched(clock.utc())[elder].paused_until is None


def test_nobody_is_watched_who_did_not_agree(clerk, desk):
    other = desk.store.people.create("别人").id
    assert clerk.fill(f"{LIST}/{other}/pause", until="2026-01-05").status_code == 404
    assert clerk.fill(f"{LIST}/999/acknowledge").status_code == 404


@pytest.mark.parametrize("role", ["technician", "auditor"])
def test_only_desk_and_manager_see_who_is_missed(browser, elder, role):
    client = browser(role)
    assert client.get(LIST).status_code == 403
    assert client.fill(f"{LIST}/{elder}/acknowledge").status_code == 403


def test_what_is_kept_goes_with_the_person(clerk, manager, desk, elder, gate):
    gate(2.1)
    assert clerk.get(f"/people/{elder}/data").json()["last_seen"]["alerted"]
    manager.sign_in("manager")
    desk.store.key_values.set(f"place:{elder}", {"inside": True, "at": 1.0})
    manager.fill(f"/people/{elder}/delete")
    assert desk.store.key_values.get(f"not_seen:{elder}") is None
    assert desk.store.key_values.get(f"place:{elder}") is None


def test_a_gate_that_misses_nobody_says_so(clerk):
    assert "Switched off" in clerk.get(LIST).text


def test_many_are_shown_by_pages_and_found_by_name(clerk, desk):
    for number in range(120):
        person = desk.store.people.create(f"住户{number:03}").id
        desk.store.consents.record(person, "agreed", "1", purpose="not_seen")
    pages = [clerk.get(LIST, params={"page": number}).text for number in (1, 2, 3)]
    assert [page.count("/pause") for page in pages] == [50, 50, 20]
    assert len({name for page in pages for name in re.findall("住户[0-9]{3}</a>", page)}) == 120
    assert ["page=2" in page for page in pages] == [True, False, True]
    found = clerk.get(LIST, params={"text": "户007"}).text
    assert found.count("/pause") == 1
    assert "Nobody found" in clerk.get(LIST, params={"text": "nobody"}).text


def test_today_names_who_is_missed_and_who_lives_alone_first(clerk, desk, gate, elder):
    other = desk.store.people.create("李爷爷", birth_year=1938).id
    for purpose in ("not_seen", "alone"):
        path = f"/people/{other}/consent"
        clerk.fill(path, answer="agreed", language="zh", purpose=purpose)
    assert "not seen for" not in clerk.get("/").text
    gate(3)
    text = clerk.get("/").text
    assert "李爷爷, lives alone: not seen for 3 hours" in text
    assert "陈奶奶: not seen for 3 hours" in text
    assert text.index("李爷爷") < text.index("陈奶奶")
    desk.clock.advance(3 * 86400)
    clerk.sign_in("desk")
    assert "李爷爷, lives alone: not seen for 3 days" in clerk.get("/").text
    clerk.fill(f"{LIST}/{other}/acknowledge")
    assert "李爷爷, lives alone" not in clerk.get("/").text
