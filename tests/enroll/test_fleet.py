"""The desk's page of boxes: codes, orders to all, who has not confirmed a deletion."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gate.hub.boxes import Boxes
from gate.hub.overview import overview
from gate.store.tables import BoxRow


def has_box(desk, gate, **status):
    """A box of ``gate`` that has just sent its beat."""
    Boxes(desk.store).set_gate(gate)
    now = desk.clock.utc()
    row = BoxRow(
        id=f"{gate}0123456789", gate=gate, certificate=gate, signing=b"", public=b"", ends=now
    )
    row.seen, row.status, row.cursor = now, status, 1
    with desk.store.database.write() as session:
        session.add(row)


@pytest.mark.slow
def test_a_manager_makes_a_code_and_sees_the_gate(manager, desk):
    assert "No gate has a box yet" in manager.get("/fleet").text
    page = manager.fill("/fleet/pair", gate="north")
    assert re.search(r"([2-9A-Z]{4}-){3}[2-9A-Z]{4}", page.text)
    assert [line.gate for line in overview(desk.store, desk.clock.utc())] == ["north"]
    assert manager.fill("/fleet/pair", gate="No Gate").status_code in (400, 422)


@pytest.mark.slow
def test_who_only_looks_may_neither_pair_nor_shut_out(clerk, desk):
    has_box(desk, "north", version="1", people=0, outbox=3)
    assert "north" in clerk.get("/fleet").text
    assert clerk.fill("/fleet/pair", gate="north").status_code == 403
    assert clerk.fill("/fleet/lockdown").status_code == 403
    assert clerk.fill("/fleet/north/revoke").status_code == 403


@pytest.mark.slow
def test_one_click_locks_every_gate_down(manager, desk):
    for gate in ("a", "b", "c"):
        has_box(desk, gate)
    manager.fill("/fleet/lockdown")
    ordered = {row.gate for row in desk.store.orders.latest(limit=9) if row.command == "lockdown"}
    assert ordered == {"a", "b", "c", desk.gate}


@pytest.mark.slow
def test_a_box_shut_out_is_gone_from_the_page_and_new_keys_begin(manager, desk):
    has_box(desk, "north")
    manager.fill("/fleet/north/revoke")
    assert Boxes(desk.store).all() == []
    assert manager.fill("/fleet/north/revoke").status_code == 404


@pytest.mark.slow
def test_a_deletion_names_the_gates_that_have_not_confirmed(manager, desk):
    person = desk.store.people.create("李红").id
    has_box(desk, "north")
    with desk.store.database.write() as session:
        session.get(BoxRow, "north0123456789").paired = desk.clock.utc() - timedelta(days=400)
    desk.store.people.delete(person)
    assert re.search(r"missing: north|尚缺：north", manager.get("/fleet").text)


def test_people_on_a_box_are_compared_with_those_of_its_scope(desk):
    desk.store.people.create("inside", groups=["staff"])
    desk.store.people.create("outside")
    Boxes(desk.store).set_gate("north", groups=["staff"])
    has_box(desk, "north", people=1, clock=desk.clock.utc().isoformat())
    (line,) = overview(desk.store, desk.clock.utc())
    assert (line.people, line.expected, line.connected, line.off) == (1, 1, True, 0.0)
    desk.clock.advance(60)
    assert not overview(desk.store, desk.clock.utc())[0].connected


def test_two_boxes_of_one_identity_are_told(manager, desk):
    times = [desk.clock.utc().isoformat()] * 3
    has_box(desk, "north")
    has_box(desk, "south", instances={"last": "a", "before": ["b"], "back": times})
    page = manager.get("/fleet").text
    assert "Two boxes report as the gate south" in page
    assert "report as the gate north" not in page


def test_how_much_of_the_register_a_box_has_loaded_is_told(manager, desk):
    has_box(desk, "north", people=0, loading={"done": 4_200, "of": 7_000})
    assert "loading: 4,200 of 7,000 have arrived" in manager.get("/fleet").text
    manager.cookies.set("desk_language", "zh", domain="desk.test")
    assert "载入中：已收到 4,200／7,000 人" in manager.get("/fleet").text
