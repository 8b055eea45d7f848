"""The register's thread: writes that wait for the store, orders, the schedule of the open door."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import gate.daemon.store_sync
import gate.errors
from gate.access.schedule import parse
from gate.clock import ManualClock
from gate.daemon.door_persistence import DoorMemory
from gate.daemon.event_loop import Order
from gate.daemon.store_sync import Register
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import FireReset, Input, Lockdown
from gate.relay.simulated import SimulatedRelay
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0, busy_timeout=0.2), tmp_path) as opened:
        yield opened


class Door:
    """As much of a loop as the door's memory and the register need."""

    def __init__(self, **wires: bool) -> None:
        self.clock = ManualClock(100.0)
        self.relay = SimulatedRelay(channels=1, clock=self.clock, wires=wires)
        self.controller = DoorController(self.relay, DoorSettings())
        self.controller.open(self.clock.monotonic())
        self.house = SimpleNamespace(people={}, rules=SimpleNamespace(schedules={}, days={}))

    def restore(self, given: Input) -> None:
        self.controller.handle(given, self.clock.monotonic())

    def refusal(self, kind: str) -> str:
        return ""

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            self.controller.tick(self.clock.monotonic())


def register(store: Store, door: Door, schedule: str = "") -> tuple[Register, list[Any]]:
    access = SimpleNamespace(hold_open="open")
    if schedule:
        door.house.rules.schedules = {"open": parse(schedule)}
    core: Any = SimpleNamespace(
        loop=door,
        store=store,
        known=SimpleNamespace(matcher=lambda: None, relearn=lambda: None),
        recogniser=SimpleNamespace(matcher=None),
        settings=SimpleNamespace(name="g", access=access),
    )
    posted: list[Any] = []
    return Register(core, posted.append), posted


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Register, Door], None]]:
    begun: list[tuple[Register, threading.Thread]] = []

    def begin(reg: Register, door: Door) -> None:
        monkeypatch.setattr(
            "gate.daemon.store_sync.build_house", lambda settings, store: door.house
        )
        thread = threading.Thread(target=reg.run)
        begun.append((reg, thread))
        thread.start()

    yield begin
    for reg, thread in begun:
        reg.close()
        thread.join()


def recalled(store: Store) -> Door:
    """A door after a restart."""
    door = Door()
    DoorMemory(store, "g", lambda write: write()).recall(door)  # type: ignore[arg-type]
    return door


@pytest.mark.parametrize("kind", ["reset", "lockdown"])
def test_what_could_not_be_written_at_once_is_written_later(
    store: Store, tmp_path: Path, run: Callable[[Register, Door], None], kind: str
) -> None:
    door = Door()
    reg, _ = register(store, door)
    if kind == "reset":
        store.key_values.set("door:g", {"fire": True, "lockdown": False})
    memory = DoorMemory(store, "g", reg.later)
    memory.recall(door)  # type: ignore[arg-type]
    run(reg, door)
    other = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    door.restore(FireReset() if kind == "reset" else Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    time.sleep(1.5)
    other.execute("ROLLBACK")
    other.close()
    time.sleep(1.5)
    state = recalled(store).controller.state
    assert (state.fire, state.lockdown) == (False, kind == "lockdown")


def test_what_was_handed_over_last_is_written_before_the_end(
    store: Store, run: Callable[[Register, Door], None]
) -> None:
    door = Door()
    reg, _ = register(store, door)
    memory = DoorMemory(store, "g", reg.later)
    thread = threading.Thread(target=reg.run)
    reg.close()
    door.restore(Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    thread.start()
    thread.join()
    assert recalled(store).controller.state.lockdown


def test_a_fire_that_still_burns_after_a_restart_cannot_be_reset(store: Store) -> None:
    store.key_values.set("door:g", {"fire": True, "lockdown": False})
    door = Door(fire=True)
    DoorMemory(store, "g", lambda write: write()).recall(door)  # type: ignore[arg-type]
    door.wait(2)
    door.restore(FireReset())
    door.wait(2)
    assert door.controller.state.released
    door.relay.wires["fire"] = False
    door.wait(2)
    assert door.controller.state.released, "the latch stays until somebody resets it"
    door.restore(FireReset())
    door.wait(2)
    assert not door.controller.state.released
    quiet = Door(fire=False)
    DoorMemory(store, "g", lambda write: write()).recall(quiet)  # type: ignore[arg-type]
    quiet.wait(2)
    assert quiet.controller.state.released


def test_a_store_that_refuses_the_answer_keeps_no_order_from_the_door(
    store: Store, run: Callable[[Register, Door], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door()
    reg, posted = register(store, door)
    really, refused = store.orders.done, []

    def done(order: int, result: str) -> None:
        if not refused:
            refused.append(order)
            raise gate.errors.StoreError("the database is locked by another process")
        really(order, result)

    monkeypatch.setattr(store.orders, "done", done)
    run(reg, door)
    time.sleep(0.3)
    for command in ("normal", "lockdown"):
        store.orders.give("g", command, "li")
    time.sleep(2.5)
    assert [o.kind for o in posted if isinstance(o, Order)] == ["normal", "lockdown"]
    assert {row.result for row in store.orders.latest("g")} == {"done"}


def test_an_order_nobody_took_stays_void_when_the_clock_is_set_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    store.orders.give("g", "open", "li")
    for ahead in (30, -45):
        moment = now + timedelta(minutes=ahead)
        monkeypatch.setattr("gate.store.orders.now", lambda moment=moment: moment)
        assert store.orders.take("g") == []


def test_an_order_given_while_the_gate_starts_counts_and_an_old_one_never_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = datetime.now(UTC)
    store.orders.give("g", "lockdown", "li")
    store.orders.void("g")
    assert [row.command for row in store.orders.take("g")] == ["lockdown"]
    store.orders.give("g", "open", "li")
    monkeypatch.setattr("gate.store.orders.now", lambda: given + timedelta(minutes=30))
    store.orders.void("g")
    monkeypatch.setattr("gate.store.orders.now", lambda: given)
    assert store.orders.take("g") == []


class Wall(datetime):
    at: datetime

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return cls.at


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> type[Wall]:
    monkeypatch.setattr(gate.register, "datetime", Wall)
    monkeypatch.setattr(Wall, "astimezone", lambda self, tz=None: self, raising=False)
    return Wall


def test_a_weekend_is_one_window_and_so_one_order(store: Store, wall: type[Wall]) -> None:
    reg, posted = register(store, Door(), "sat-sun 00:00-24:00")
    for second in range(0, 600, 5):
        wall.at = Wall(2026, 1, 3, 8, tzinfo=UTC) + timedelta(seconds=second)
        reg._hold_open()
    assert [o.kind for o in posted] == ["hold"]
    assert posted[0].seconds == pytest.approx(40 * 3600, abs=60)


@pytest.mark.parametrize(
    "later", [Wall(2026, 1, 8, 2, tzinfo=UTC), Wall(2026, 1, 6, 23, tzinfo=UTC)]
)
def test_a_clock_that_is_put_right_ends_the_hold(
    store: Store, wall: type[Wall], later: Wall
) -> None:
    reg, posted = register(store, Door(), "mon-fri 08:00-18:00")
    wall.at = Wall(2026, 1, 7, 14, tzinfo=UTC)  # as the box remembered at its start
    reg._hold_open()
    wall.at = later
    reg._hold_open()
    reg._hold_open()
    assert [o.kind for o in posted] == ["hold", "hold_ends"]


def test_a_schedule_that_is_changed_or_taken_away_counts_at_once(
    store: Store, wall: type[Wall]
) -> None:
    door = Door()
    reg, posted = register(store, door, "mon-fri 08:00-18:00")
    wall.at = Wall(2026, 1, 7, 14, tzinfo=UTC)
    reg._hold_open()
    door.house.rules.schedules = {"open": parse("mon-fri 08:00-20:00")}
    reg._hold_open()
    door.house.rules.schedules = {}
    reg._hold_open()
    reg._hold_open()
    assert [(o.kind, o.seconds / 3600) for o in posted] == [
        ("hold", 4.0), ("hold", 6.0), ("hold_ends", 0.0),
    ]  # fmt: skip
