"""One look for all boxes that wait, and when each is answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gate.fleet.scope import EVERYBODY
from gate.hub import app
from gate.hub.boxes import Boxes
from gate.hub.glance import Glance, Glances, glance
from tests.hub.fleet import Fleet
from tests.waiting import wait_for

SEEN = Glance(7, "m", {"north": (2, EVERYBODY)}, {"south": [{"id": "1"}]}, 3, {})


@pytest.mark.parametrize(
    ("box", "nothing", "pressing"),
    [
        (("north", 7, "m", 2, 3), True, False),
        (("north", 7, "m", 2, None), True, False),
        (("north", 6, "l", 2, 3), False, False),  # changes, perhaps of others
        (("north", 7, "other", 2, 3), False, False),
        (("north", 8, "n", 2, 3), False, True),  # the hub was put back from a backup
        (("north", 7, "m", 1, 3), False, True),  # another scope
        (("north", 7, "m", 2, 1), False, True),  # somebody was seen elsewhere
        (("south", 7, "m", 1, 3), False, True),  # an order
    ],
)
def test_whether_there_is_something_for_a_box(
    box: tuple[str, int, str, int, int | None], nothing: bool, pressing: bool
) -> None:
    gate, n, _, scope, seen = box
    assert SEEN.nothing_for(*box) is nothing
    assert SEEN.pressing(gate, n, scope, seen) is pressing


def test_one_looks_for_all(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look() -> Glance:
        looks.append(1)
        return glance(fleet.store, lambda rows: [])

    monkeypatch.setattr("gate.hub.glance._FRESH", 600.0)

    async def ask() -> None:
        glances, first, second = Glances(look), object(), object()
        same = await asyncio.gather(*(glances.after(first) for _ in range(20)))
        assert (len(looks), len({id(each) for each in same})) == (1, 1)
        fleet.enrol("new")
        assert (await glances.after(second)).head > same[0].head
        assert len(looks) == 2

    asyncio.run(ask())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "limit", "value"),
    [("fleet", "OTHERS", 1 / 3_600), ("postgresql_fleet", "PATIENCE", 3_600.0)],
)
def test_a_change_reaches_whom_it_concerns_before_the_others(
    kind: str,
    limit: str,
    value: float,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    monkeypatch.setattr(app, limit, value)
    homes = {house: fleet.store.places.household(house, "0101").id for house in ("1", "2")}
    first = fleet.enrol("first", 1, household_id=homes["1"])
    for gate, house in (("north", "1"), ("south", "2")):
        Boxes(fleet.store).set_gate(gate, buildings=[house])
    north, south = (fleet.box(gate, start=False) for gate in ("north", "south"))
    for box in (north, south):
        box.start(poll=30.0)
    wait_for(lambda: fleet.agreed() and north.names == {"first"})
    wait_for(lambda: south.at >= fleet.level())
    wait_for(lambda: fleet.server.hub.concerned.begun)
    before = south.at
    fleet.enrol("second", 2, household_id=homes["1"])
    wait_for(lambda: north.names == {"first", "second"})
    assert south.at == before  # still waiting
    # what it has waited for comes with the first change that concerns it
    fleet.store.people.update(first, household_id=homes["2"])
    wait_for(lambda: south.names == {"first"} and north.names == {"second"})
    wait_for(fleet.agreed)


@pytest.mark.slow
def test_what_concerns_others_comes_after_a_while(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PATIENCE", 0.5)
    Boxes(fleet.store).set_gate("north", buildings=["1"])
    box = fleet.box("north", start=False)
    box.start(poll=30.0)
    wait_for(lambda: box.at >= fleet.level())
    fleet.enrol("elsewhere")
    wait_for(fleet.agreed)
    assert box.names == set()


@pytest.mark.slow
def test_an_order_that_was_obeyed_is_not_given_until_the_next_look(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = fleet.box("north", start=False)
    box.start(poll=30.0)
    wait_for(lambda: box.at >= fleet.level())
    monkeypatch.setattr("gate.hub.glance._FRESH", 600.0)  # only a new order makes it look
    waits: list[float] = []
    waker = fleet.server.hub.waker
    real = waker.wait

    async def wait(ticket: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)
        await real(ticket, seconds)
        waits.pop()

    monkeypatch.setattr(waker, "wait", wait)
    for count in (1, 2):
        fleet.store.orders.give("north", "open", f"guard {count}")
        wait_for(lambda count=count: len(box.orders) == count)  # type: ignore[misc]
        wait_for(lambda: fleet.store.orders.latest("north")[0].result == "done")
        # it asks again and is kept waiting, instead of obeying and reporting round and round
        wait_for(lambda: waits)
    assert [order[1] for order in box.orders] == ["guard 1", "guard 2"]


def test_of_two_orders_the_one_that_was_not_obeyed_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gate.hub.glance._FRESH", 600.0)

    async def ask() -> None:
        seen = replace(SEEN, ordered={"south": [{"id": "1"}, {"id": "2"}], "north": [{"id": "3"}]})
        glances, ticket = Glances(lambda: seen), object()
        glances.taken("south", ["1"])  # before anybody has looked
        await glances.after(ticket)
        glances.taken("south", ["1"])
        assert (await glances.after(ticket)).ordered == {
            "south": [{"id": "2"}],
            "north": [{"id": "3"}],
        }
        glances.taken("south", ["2", "unknown"])
        assert (await glances.after(ticket)).ordered == {"north": [{"id": "3"}]}

    asyncio.run(ask())
