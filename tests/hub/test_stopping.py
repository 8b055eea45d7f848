"""A box ends at once, obeys or empties itself, whatever it is doing with what the hub sent."""

from __future__ import annotations

import pytest

from gate.replica import apply
from tests.hub.fleet import Fleet
from tests.waiting import wait_for


@pytest.mark.slow
def test_a_box_that_is_loading_everything_stops_and_goes_on_later(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        fleet.enrol(f"p{n}", n)
    box = fleet.box("north", start=False)
    monkeypatch.setattr(apply, "_NEW", 8)  # people in one transaction
    monkeypatch.setattr(apply, "_PAUSE", 600.0)  # the pause between two
    box.start()
    wait_for(lambda: box.store.people.count() > 0)
    assert box.stop() < 10  # without it: ten minutes
    assert box.store.people.count() < 20
    monkeypatch.setattr(apply, "_PAUSE", 0.0)
    box.start()
    wait_for(lambda: len(box.names) == 20)


@pytest.mark.slow
def test_a_box_shut_out_while_it_loads_everything_keeps_nobody(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(40):
        fleet.enrol(f"p{n}", n)
    box = fleet.box("north", start=False)
    monkeypatch.setattr(apply, "_NEW", 8)
    monkeypatch.setattr(apply, "_PAUSE", 1.0)  # the hub's answer comes in one of these
    box.start()
    wait_for(lambda: box.store.people.count() > 0)
    boxes = fleet.server.hub.boxes
    (row,) = (row for row in boxes.all() if row.gate == "north")
    assert boxes.end(row.id, "revoked", "stolen", "guard")
    wait_for(lambda: ("box", False) in box.reports)
    box.stop()  # and every thread of it has ended
    assert box.store.people.count() == 0
    assert box.store.templates.count() == {}


@pytest.mark.slow
def test_a_box_that_is_loading_everything_is_locked_down(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        fleet.enrol(f"p{n}", n)
    box = fleet.box("north", start=False)
    monkeypatch.setattr(apply, "_NEW", 8)
    monkeypatch.setattr(apply, "_PAUSE", 600.0)  # it does not ask for the feed before that is over
    box.start()
    wait_for(lambda: box.store.people.count() > 0)
    fleet.store.orders.give("north", "lockdown", "guard")
    wait_for(lambda: box.orders)
    wait_for(lambda: fleet.store.orders.latest()[0].result == "done")
    assert [each[:2] for each in box.orders] == [("lockdown", "guard")]
    assert box.store.people.count() < 20
