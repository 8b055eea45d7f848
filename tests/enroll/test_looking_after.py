"""Events, live view, orders, alarms, look-alikes, drift, permits, accounts' limits."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest
from openpyxl import load_workbook

from enroll import charts, drift
from enroll.faces import Faces
from enroll.housekeeping import Housekeeping
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.events.event import Event
from gate.recognition.face import Template
from gate.recognition.matching.lookalikes import lookalikes
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.store.orders import Orders
from gate.store.tables import PermitRow
from tests.waiting import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def written(desk):
    """A day of events of one gate and one person."""
    person = desk.store.people.create("李建国")
    noon = desk.clock.utc()
    events = [
        Event.make(
            "north",
            "passage.granted" if i % 4 else "passage.denied",
            noon - timedelta(minutes=i),
            decision="grant" if i % 4 else "deny",
            reasons=() if i % 4 else ("card_unknown",),
            person=person.ref,
            latency=100.0 + i,
            temperature={"estimated": 36.5},
        )
        for i in range(60)
    ]
    events.append(Event.make("north", "door.forced", noon))
    return desk.store.events.append(events)


def test_events_are_filtered_and_paged(clerk, desk, written):
    page = clerk.get("/events")
    assert "李建国" in page.text
    older = page.text.split('href="/events?before')[1].split('"')[0].replace("&amp;", "&")
    assert "Older" not in clerk.get("/events?before" + older).text
    refused = clerk.get("/events", params={"type": "passage.denied"}).text
    assert refused.count('class="told bad"') == 15
    assert (
        "opened without being unlocked" in clerk.get("/events", params={"type": "door.forced"}).text
    )
    assert "Nothing in this time" in clerk.get("/events", params={"until": "2020-01-01"}).text


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"type": "turned_away"}, 15),
        ({"type": "turned_away", "reason": "card_unknown"}, 15),
        ({"type": "turned_away", "reason": "expired"}, 0),
        ({"type": "let_in", "who": "建国"}, 45),
        ({"type": "let_in", "who": "王"}, 0),
        ({"method": "card"}, 0),
        ({"type": "alarms"}, 1),
        ({"gate": "south"}, 0),
    ],
)
def test_filters_are_combined(manager, written, chosen, found):
    table = manager.get("/events.xlsx", params=chosen)
    assert table.status_code == 200
    rows = list(load_workbook(io.BytesIO(table.content)).active.rows)
    assert len(rows) == found + 1
    page = manager.get("/events", params=chosen).text
    assert page.count('class="told ') == min(found, 50)
    assert page.count('class="chosen"') == len(chosen)


def test_the_table_says_the_same_as_the_page_and_only_who_may_export_gets_it(
    manager, clerk, written
):
    table = manager.get("/events.xlsx", params={"type": "turned_away"})
    rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(table.content)).active]
    assert rows[0][2:4] == ["What happened", "Person"]
    assert (
        rows[1][2] == "李建国 was refused (without a credential): the card is not in the register"
    )
    assert rows[1][6] == "Add the card on its holder's page."
    assert clerk.get("/events.xlsx").status_code == 403


def test_a_technician_sees_events_without_names(browser, written):
    technician = browser("technician")
    page = technician.get("/events").text
    assert "A registered person may pass" in page
    assert "李建国" not in page
    named = technician.get("/events", params={"who": "李", "type": "passages"}).text
    assert "Nothing in this time" in named


def test_one_event_is_said_in_words(clerk, written):
    page = clerk.get(f"/events/{written[0].id}").text
    assert "李建国 was refused" in page
    assert "Add the card on its holder&#39;s page." in page
    assert clerk.get("/events/none").status_code == 404


def test_the_raw_record_is_for_technicians(clerk, browser, written):
    page = f"/events/{written[0].id}"
    assert "card_unknown" not in clerk.get(page).text
    assert "card_unknown" in browser("technician").get(page).text


def test_light_or_dark_and_the_size_of_type_are_kept(clerk):
    assert "data-theme" not in clerk.get("/account").text
    clerk.get("/look/theme/dark")
    page = clerk.get("/look/size/large").text
    assert '<html lang="en" data-theme="dark" data-size="large">' in page
    assert "data-theme" not in clerk.get("/look/theme/system").text
    assert (
        clerk.get("/look/theme/dark?back=//evil.test", follow_redirects=False).headers["location"]
        == "/"
    )


def test_charts_of_a_day_count_what_was_written(clerk, desk, written):
    page = clerk.get("/events/charts").text
    # by hour, and the temperatures; what has no figures says so
    assert page.count('<svg class="chart"') == 2
    assert page.count("no data") == 1
    assert '<table class="strips grid">' in page
    empty = clerk.get("/events/charts?day=2020-01-01").text
    assert empty.count("no data") == 4
    assert '<svg class="chart"' not in empty
    assert "Latency p50 / p95 / p99" in page


@pytest.mark.parametrize("day", ["2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_refused(clerk, day):
    assert clerk.get("/events", params={"since": day}).status_code == 422
    assert clerk.get("/events/charts", params={"day": day}).status_code == 422


def test_a_chart_escapes_its_labels():
    picture = charts.bars([("<script>", 3)], 'a"b')
    assert "<script>" not in picture
    assert 'aria-label="a&#34;b"' in picture


def test_quantile_and_histogram():
    assert charts.quantile([], 0.5) is None
    assert charts.quantile([3, 1, 2], 0.5) == 2
    counts = charts.histogram([-1, 0, 9.9, 50], 0, 10, 2)
    assert [count for _, count in counts] == [2, 2]


def test_an_alarm_stays_until_somebody_sees_to_it(clerk, desk, written):
    assert "opened without being unlocked" in clerk.get("/alarms").text
    alarm = next(event for event in written if event.type == "door.forced")
    page = clerk.fill(f"/alarms/{alarm.id}", note="wind")
    assert "wind" in page.text
    lines = desk.store.audit.lines()
    assert any(line.action == "alarm.acknowledge" and line.subject == alarm.id for line in lines)
    clerk.fill(f"/alarms/{alarm.id}", note="rain")
    assert "rain" not in clerk.get("/alarms").text


def test_orders_reach_the_gate_with_the_name_of_who_gave_them(clerk, manager, desk, written):
    clerk.fill("/live/north/open", reason="parcel")
    manager.fill("/live/north/hold", minutes="30", reason="moving")
    orders = Orders(desk.store.database).take("north")
    assert [(row.command, row.ordered_by, row.reason) for row in orders] == [
        ("open", "desk", "parcel"),
        ("hold", "manager", "moving"),
    ]
    assert orders[1].until == desk.clock.utc() + timedelta(minutes=30)
    assert "moving" in clerk.get("/live").text


@pytest.mark.parametrize("command", ["hold", "lockdown", "normal", "fire_reset"])
def test_a_clerk_changes_no_mode(clerk, desk, written, command):
    assert clerk.fill(f"/live/north/{command}").status_code == 403
    assert Orders(desk.store.database).take("north") == []


def test_no_order_to_a_gate_that_is_none(clerk, written):
    assert clerk.fill("/live/nowhere/open").status_code == 404
    assert clerk.fill("/live/north/explode").status_code == 404


def test_look_alikes_are_listed_and_asked_for_a_second_proof(clerk, desk):
    random = np.random.default_rng(5)
    rows = random.normal(size=(50, 128)).astype(np.float32)
    rows[7] = rows[3] + 0.02 * rows[7]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = desk.store.people.create_many({"name": f"p{i}"} for i in range(50))
    desk.store.templates.add(
        *(Template(p, row, "dlib/1") for p, row in zip(people, rows, strict=True))
    )
    known = KnownFaces(desk.store, "dlib/1", 128)
    desk.faces = Faces(Examiner(None, ()), known)
    found = lookalikes(known.matcher())
    assert {found[0].one, found[0].other} == {people[3], people[7]}
    page = clerk.get("/lookalikes").text
    assert "p3" in page
    assert "p7" in page
    clerk.fill("/lookalikes", one=people[3], other=people[7])
    assert not desk.store.people.get(people[3]).face_alone
    assert "asked of both" in clerk.get("/lookalikes").text


def test_thin_evidence_is_a_hint_to_enrol_again(desk):
    person = desk.store.people.create("Li")
    now = desk.clock.utc()
    margins = [5.0] * 9 + [1.0] * 3
    desk.store.events.append(
        [
            Event.make(
                "north",
                "passage.granted",
                now - timedelta(hours=20 - index),
                person=person.ref,
                method="face",
                scores={"evidence": 4.0 + margin, "threshold": 4.0},
            )
            for index, margin in enumerate(margins)
        ]
    )
    assert drift.due(desk.store, now)
    assert drift.look(desk.store, now) == [person.ref]
    assert not drift.due(desk.store, now + timedelta(hours=20))
    assert drift.due(desk.store, now + timedelta(hours=24))
    assert drift.last(desk.store) == [person.ref]
    assert not drift.has_fallen([5.0] * 12)
    assert not drift.has_fallen([5.0, 1.0])


def test_retention_runs_by_itself_while_the_desk_is_served(desk, monkeypatch):
    monkeypatch.setattr("enroll.housekeeping._EVERY", 0.05)
    gone = desk.store.people.create("Li").id
    long_ago = desk.clock.utc() - timedelta(days=31)
    desk.store.people.update(gone, active=False, valid_until=long_ago)
    late = desk.store.people.create("Wang").id
    desk.store.events.append([Event.make("north", "door.opened", long_ago - timedelta(days=150))])
    desk.store.events.append([Event.make("north", "gate.started", desk.clock.utc())])
    runs = []

    def trouble(*_):
        runs.append(1)
        if len(runs) == 1:
            desk.store.people.update(late, active=False, valid_until=long_ago)
            raise RuntimeError("not foreseen")

    monkeypatch.setattr("enroll.drift.look", trouble)
    with Housekeeping(desk):
        eventually(lambda: not desk.store.people.count())
    assert desk.store.people.count() == 0
    kept = {row.type for row in desk.store.events.search()}
    assert kept - {"audit.head"} == {"gate.started"}
    deleted = [line for line in desk.store.audit.lines() if line.action == "person.delete"]
    assert [line.actor for line in deleted] == ["retention", "retention"]


def test_a_permit_is_printed_counted_and_withdrawn(clerk, desk, tmp_path):
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    person = desk.store.people.create("Li").id
    answer = clerk.fill(f"/people/{person}/permits", hours="48", uses="4")
    assert answer.content.startswith(b"%PDF")
    assert "0 / 4" in clerk.get(f"/people/{person}").text
    with desk.store.database.read() as session:
        serial = session.query(PermitRow).one().id
    clerk.fill(f"/people/{person}/permits/{serial}/revoke")
    assert desk.store.credentials.permit(serial).revoked


def test_a_household_gives_its_visitors_permits_within_its_allowance(clerk, desk, tmp_path):
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    home = desk.store.places.household("8", "301").id
    host = desk.store.people.create("Li", household_id=home).id
    assert "0 of 5 in use" in clerk.get(f"/people/{host}").text
    form = clerk.get(f"/people/new?visits={host}").text
    assert 'value="301"' in form
    assert '<option value="visitor" selected>' in form
    guest = desk.store.people.create("Wang", kind="visitor", household_id=home).id
    clerk.fill(f"/people/{host}/allowance", permits="1")
    wish = {"hours": "48", "uses": "2", "visitor_of_household": "1"}
    assert clerk.fill(f"/people/{guest}/permits", **wish).content.startswith(b"%PDF")
    assert "1 of 1 in use" in clerk.get(f"/people/{guest}").text
    refused = clerk.fill(f"/people/{guest}/permits", **wish)
    assert (refused.status_code, "limit of visitor permits" in refused.text) == (400, True)
    clerk.fill(f"/people/{host}/allowance", permits="")
    assert clerk.fill(f"/people/{guest}/permits", **wish).content.startswith(b"%PDF")
    long = clerk.fill(f"/people/{guest}/permits", **{**wish, "hours": "500"})
    assert "may not be valid for that long" in long.text
    homeless = desk.store.people.create("Zhao", kind="visitor").id
    assert clerk.fill(f"/people/{homeless}/permits", **wish).status_code == 400
    assert clerk.fill(f"/people/{homeless}/allowance", permits="1").status_code == 404


def test_cards_are_kept_in_one_form_and_belong_to_one_person(clerk, desk):
    one, other = (desk.store.people.create(name).id for name in "AB")
    clerk.fill(f"/people/{one}/cards", number="002D5C38", label="blue")
    assert desk.store.credentials.find("card", "0002972728").person.id == one
    answer = clerk.fill(f"/people/{other}/cards", number="0002972728")
    assert "somebody has this card already" in answer.text
    assert "not a card number" in clerk.fill(f"/people/{other}/cards", number="hello").text


@pytest.mark.parametrize("pin", ["12345", "111111", "abcdef", "1212121", "1234567890123"])
def test_weak_pins_are_refused(clerk, desk, pin):
    person = desk.store.people.create("A").id
    assert clerk.fill(f"/people/{person}/pins", pin=pin).status_code in (400, 422)
    assert desk.store.credentials.of(person) == []


def test_a_manager_keeps_schedules_and_holidays_and_nobody_else(manager, clerk, desk):
    book = desk.store.rulebook
    assert clerk.get("/rules").status_code == 403
    manager.fill("/rules/schedules", name="work", text="mon-fri 07:00-19:00; holiday closed")
    wrong = manager.fill("/rules/schedules", name="nights", text="22-6")
    assert (wrong.status_code, 'value="22-6"' in wrong.text) == (400, True)
    assert book.schedules() == {"work": "mon-fri 07:00-19:00; holiday closed"}
    days = {"first": "2026-10-01", "last": "2026-10-03", "name": "国庆节"}
    manager.fill("/rules/days", **days)
    manager.fill("/rules/days", first="2026-10-10", counts_as="thu")
    assert [(f"{d.day:%d}", d.counts_as, d.name) for d in book.holidays()] == [
        ("01", "holiday", "国庆节"),
        ("02", "holiday", "国庆节"),
        ("03", "holiday", "国庆节"),
        ("10", "thu", ""),
    ]
    page = manager.get("/rules").text
    assert "Thursday" in page
    assert page.count("国庆节") == 3
    assert manager.fill("/rules/days", first="2026-10-03", last="2026-10-01").status_code == 400
    assert manager.fill("/rules/days", first="2026-10-03", counts_as="feast").status_code == 400
    manager.fill("/rules/days/remove", day="2026-10-02")
    manager.fill("/rules/schedules/remove", name="work")
    assert manager.fill("/rules/schedules/remove", name="work").status_code == 400
    assert (book.schedules(), len(book.holidays())) == ({}, 3)
    assert {"rules.schedule", "rules.day"} <= {line.action for line in desk.store.audit.lines()}


def test_no_permit_is_offered_to_whoever_is_blocked(clerk, desk, tmp_path):
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    person = desk.store.people.create("Li").id
    assert "Print a permit" in clerk.get(f"/people/{person}").text
    desk.store.people.update(person, blocked=True)
    assert "Print a permit" not in clerk.get(f"/people/{person}").text
    refused = clerk.fill(f"/people/{person}/permits", hours="48", uses="4")
    assert (refused.status_code, "blocked" in refused.text) == (400, True)


def test_a_table_longer_than_a_piece_has_every_event_once(manager, written, monkeypatch):
    whole = load_workbook(io.BytesIO(manager.get("/events.xlsx").content)).active
    monkeypatch.setattr("enroll.pages.events._PIECE", 1)
    pieces = load_workbook(io.BytesIO(manager.get("/events.xlsx").content)).active
    assert list(pieces.values) == list(whole.values)
    monkeypatch.setattr("enroll.pages.events.EXPORTED", 2)
    assert len(list(load_workbook(io.BytesIO(manager.get("/events.xlsx").content)).active)) == 3
