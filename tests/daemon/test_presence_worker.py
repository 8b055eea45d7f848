"""Anti-passback at the doors of several gates of one register."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from gate.access.request import Presence, Rules
from gate.clock import ManualClock
from gate.config.settings import Settings
from gate.daemon.items import Linked
from gate.daemon.orders import Order
from gate.daemon.presence_worker import PresenceWorker
from gate.store.store import Store
from tests.daemon.loop_gate import LI, Gate


def watched(store: Store, direction: str) -> tuple[Gate, PresenceWorker]:
    """A gate with hard anti-passback that hears of the others when it is set to follow."""
    gate = Gate(clock=ManualClock(0.0, datetime.now(UTC)))  # places carry the machine's time
    settings = Settings.model_validate(
        {"access": {"antipassback": "hard", "direction": direction, "antipassback_hours": 12}}
    )
    rules = Rules(antipassback="hard")
    gate.loop.handle(replace(gate.loop.context, rules=rules, inward=direction == "in"))
    core = SimpleNamespace(settings=settings, store=store, loop=gate.loop)
    people = PresenceWorker(
        core,  # type: ignore[arg-type]
        gate.clock,
        gate.recorder,
        lambda write: write(),
        gate.loop.handle,
    )
    return gate, people


def through(gate: Gate) -> bool:
    """Li shows the card and goes through; whether they were let in."""
    before = gate.types.count("passage.granted")
    gate.card(LI)
    gate.wait(0.3)
    if gate.types.count("passage.granted") == before:
        return False
    gate.wire("contact", True)
    gate.wait(0.5)
    gate.wire("contact", False)
    gate.wait(10)
    return True


def test_in_by_one_gate_out_by_another_and_in_again(store: Store) -> None:
    (inner, follow_in), (outer, follow_out) = watched(store, "in"), watched(store, "out")
    assert through(inner)
    assert not through(inner), "twice in without going out"
    follow_out.follow()
    outer.wait(20)
    assert through(outer)
    inner.wait(40)
    follow_in.follow()
    assert through(inner)


def test_after_the_hours_nobody_knows_any_more(store: Store) -> None:
    gate, people = watched(store, "in")
    assert through(gate)
    gate.clock.advance(11 * 3600)
    people.look()
    assert not through(gate)
    gate.clock.advance(2 * 3600)
    people.look()
    assert through(gate)


def test_without_the_other_gates_nobody_is_refused_for_it(store: Store) -> None:
    """Li may have left by a gate that is not heard at the moment."""
    gate, _ = watched(store, "in")
    read_again = gate.loop.context
    assert through(gate)
    gate.loop.handle(Linked(False))
    gate.loop.handle(read_again)  # the register, meanwhile
    assert through(gate)
    granted = [each for each in gate.recorder.events if each.type == "passage.granted"]
    assert [event.reasons for event in granted] == [("welcome",), ("welcome", "already_passed")]
    gate.loop.handle(Linked(True))
    assert not through(gate)


def test_who_is_known_at_a_door_that_stands_open_walks_through(store: Store) -> None:
    inner, follow = watched(store, "in")
    assert through(inner)
    outer, _ = watched(store, "out")
    outer.wait(20)
    outer.loop.handle(Order("hold", "desk", 100.0))
    outer.wait(0.2)
    outer.card(LI)
    outer.wait(0.2)
    assert outer.loop.context.presence == {LI.id: Presence.OUTSIDE}
    inner.wait(60)
    follow.follow()
    assert through(inner)
