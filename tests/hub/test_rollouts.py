"""A configuration on its way from the hub to real boxes, and back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.clock import ManualClock
from gate.config import from_hub
from gate.errors import ConfigurationError, StoreError
from gate.hub.boxes import Boxes
from gate.hub.configurations import ALL, Configurations, area_scope, gate_scope
from gate.hub.rollout import Action
from gate.hub.rollouts import Rollouts
from gate.store.store import Store
from gate.store.tables import BoxRow, EventRow
from gate.store.tables.base import now
from tests.hub.fleet import Box, Fleet
from tests.waiting import wait_for

WIDER = "[recognition]\npatience = 1.5\n"


def reported(fleet: Fleet, box: Box) -> dict[str, object]:
    rows = {row.gate: row for row in Boxes(fleet.store).all()}
    return dict(rows[box.gate].status.get("configuration", {}))


def started_again(box: Box) -> None:
    """What the gate does when the replica asks for it."""
    wait_for(lambda: box.restarts)
    box.stop()
    box.restarts = 0
    from_hub.started(box.data)
    box.start()


def values(box: Box) -> dict[str, object]:
    return from_hub.values_of(box.data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["fleet", pytest.param("postgresql_fleet", marks=pytest.mark.soak)]
)
def test_one_gate_first_then_the_others(kind: str, request: pytest.FixtureRequest) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    north, south = fleet.box("north"), fleet.box("south")
    wait_for(lambda: reported(fleet, north) and reported(fleet, south))
    version = Configurations(fleet.store).add(ALL, WIDER, "clerk")
    rollouts = Rollouts(fleet.store)
    rollouts.start(version.id, "clerk", watch=0)
    started_again(north)
    digest = from_hub.digest_of(version.values)
    wait_for(lambda: reported(fleet, north) == {"digest": digest, "state": "running"})
    assert (values(north), values(south), south.restarts) == (version.values, {}, 0)
    wait_for(lambda: (rollouts.step() or pytest.fail("it ended")).action is Action.NEXT)
    started_again(south)
    wait_for(lambda: values(south) == version.values)
    wait_for(lambda: rollouts.step() is None)
    assert rollouts.all()[0].state == "done"
    # a box that joins later has it from its first snapshot
    late = fleet.box("late")
    started_again(late)
    assert values(late) == version.values


@pytest.mark.slow
def test_a_box_that_refuses_it_takes_it_back_everywhere(fleet: Fleet) -> None:
    box = fleet.box("north")
    box.refusal = "sface is not installed"
    version = Configurations(fleet.store).add(ALL, WIDER, "clerk")
    rollouts = Rollouts(fleet.store)
    rollouts.start(version.id, "clerk", watch=0)
    wait_for(lambda: rollouts.step() is None)
    (ended,) = rollouts.all()
    assert ended.state == "returned"
    assert ended.why == "north: failed: sface is not installed"
    assert Configurations(fleet.store).wanted("north") == {}
    wait_for(lambda: "refused" not in reported(fleet, box))  # it heard that it is withdrawn
    assert box.restarts == 0


class Desk:
    """A register without boxes that run: what they report is written by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock()
        self.rollouts = Rollouts(store, self.clock)
        self.configurations = Configurations(store)

    def gate(self, name: str, area: str = "") -> None:
        Boxes(self.store).set_gate(name, area=area)
        box = BoxRow(id=name, gate=name, certificate=name, signing=b"", public=b"", ends=now())
        with self.store.database.write() as session:
            session.add(box)
        self.beat(name)

    def beat(self, *names: str, **said: object) -> None:
        """A beat; the gate serves with what it should, unless it says something else."""
        with self.store.database.write() as session:
            for name in names:
                row = session.get(BoxRow, name)
                assert row is not None
                digest = from_hub.digest_of(self.configurations.wanted(name))
                row.seen = self.clock.utc()
                row.status = {"configuration": {"digest": digest, "state": "running", **said}}

    def passages(self, gate: str, grants: int, denials: int, ago: float = 0.0) -> None:
        when = self.clock.utc() - timedelta(seconds=ago)
        with self.store.database.write() as session:
            first = session.query(EventRow).filter_by(gate=gate).count() + 1
            for place in range(grants + denials):
                decision = "grant" if place < grants else "deny"
                session.add(
                    EventRow(
                        gate=gate,
                        sequence=first + place,
                        id=f"{gate} {first + place}",
                        time=when,
                        type="passage.granted" if decision == "grant" else "passage.denied",
                        decision=decision,
                        method="face",
                        body={},
                    )
                )

    def later(self, seconds: float, *gates: str) -> Action | None:
        self.clock.advance(seconds)
        self.beat(*gates)
        verdict = self.rollouts.step()
        return verdict.action if verdict else None


@pytest.fixture
def desk(fleet: Fleet) -> Desk:
    return Desk(fleet.store)


@pytest.mark.slow
def test_grants_that_fall_below_the_usual_share_of_the_gate_take_it_back(desk: Desk) -> None:
    for name in ("a", "b"):
        desk.gate(name)
        desk.passages(name, 190, 10, ago=3600)
    version = desk.configurations.add(ALL, WIDER, "clerk")
    desk.rollouts.start(version.id, "clerk", watch=600)
    assert desk.later(5, "a", "b") is Action.WAIT  # ready now
    desk.clock.advance(60)
    desk.passages("a", 29, 1)
    assert desk.later(1, "a", "b") is Action.WAIT
    assert desk.configurations.wanted("a") == version.values
    desk.passages("a", 5, 25)
    assert desk.later(1, "a", "b") is Action.BACK
    assert desk.rollouts.all()[0].why == "a: grants: 95 % (n = 200) → 57 % (n = 60)"
    assert desk.configurations.wanted("a") == desk.configurations.wanted("b") == {}


@pytest.mark.slow
def test_events_of_before_the_gate_was_ready_do_not_count(desk: Desk) -> None:
    desk.gate("a")
    desk.passages("a", 190, 10, ago=3600)
    version = desk.configurations.add(ALL, WIDER, "clerk")
    desk.rollouts.start(version.id, "clerk", watch=60)
    desk.clock.advance(30)
    desk.passages("a", 0, 50)
    assert desk.later(5, "a") is Action.WAIT
    desk.clock.advance(10)
    desk.passages("a", 30, 0)
    assert desk.later(60, "a") is Action.DONE


@pytest.mark.slow
def test_one_is_on_its_way_at_a_time_and_can_be_stopped(desk: Desk) -> None:
    desk.gate("a")
    first = desk.configurations.add(ALL, WIDER, "clerk")
    with pytest.raises(StoreError, match="no such version"):
        desk.rollouts.start(99, "clerk")
    desk.rollouts.start(first.id, "clerk")
    with pytest.raises(StoreError, match="on its way already"):
        desk.rollouts.start(first.id, "clerk")
    assert desk.configurations.wanted("a") == first.values
    assert desk.rollouts.stop("clerk")
    assert not desk.rollouts.stop("clerk")
    assert desk.configurations.wanted("a") == {}
    assert desk.rollouts.step() is None


@pytest.mark.slow
def test_the_narrower_scope_overrides_and_reaches_only_its_gates(desk: Desk) -> None:
    desk.gate("a", "east")
    desk.gate("b", "west")
    texts = {
        ALL: "[recognition]\npatience = 1.0\ninterval = 0.2",
        area_scope("east"): "[recognition]\npatience = 2.0",
        gate_scope("b"): "[door]\nunlock = 5.0",
    }
    for scope, text in texts.items():
        version = desk.configurations.add(scope, text, "clerk")
        desk.rollouts.start(version.id, "clerk", watch=0)
        while desk.rollouts.running():
            desk.later(1, "a", "b")
    a, b = desk.configurations.wanted("a"), desk.configurations.wanted("b")
    assert a == {"recognition": {"patience": 2.0, "interval": 0.2}}
    assert b == {"recognition": {"patience": 1.0, "interval": 0.2}, "door": {"unlock": 5.0}}
    with pytest.raises(StoreError, match="no such gate"):
        desk.rollouts.start(desk.configurations.add(area_scope("north"), "", "clerk").id, "clerk")


def test_what_a_hub_may_not_set_is_not_even_kept(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=r"relay\.port"):
        desk.configurations.add(ALL, "[relay]\nport = '/dev/ttyS9'", "clerk")
    assert desk.configurations.all() == []
