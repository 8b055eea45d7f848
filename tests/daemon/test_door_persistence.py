"""Lock-downs and fire releases outlive restarts, and a store that cannot be written for a while."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.clock import ManualClock
from gate.config.settings import Settings
from gate.daemon.build import open_doorway
from gate.daemon.deferred_writes import DeferredWrites
from gate.daemon.door_persistence import DoorPersistence, file_of, read
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import ExitButton, Fire, FireReset, Input, Lockdown, Normal
from gate.door.state_machine import energised
from gate.relay.simulated import SimulatedRelay
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.waiting import wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0, busy_timeout=0.2), tmp_path) as opened:
        yield opened


class Door:
    """As much of a loop as the door's memory needs."""

    def __init__(self, **wires: bool) -> None:
        self.clock = ManualClock(100.0)
        self.relay = SimulatedRelay(channels=1, clock=self.clock, wires=wires)
        self.controller = DoorController(self.relay, DoorSettings())
        self.controller.open(self.clock.monotonic())
        self.controller.tick(self.clock.monotonic())

    def restore(self, given: Input) -> None:
        self.controller.handle(given, self.clock.monotonic())

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            self.controller.tick(self.clock.monotonic())


def recalled(store: Store) -> Door:
    """A door after a restart."""
    door = Door()
    DoorPersistence(store, "g", lambda write: write()).recall(door)  # type: ignore[arg-type]
    return door


def locked_or_burning(store: Store) -> tuple[bool, bool]:
    state = recalled(store).controller.state
    return state.fire, state.lockdown


class Tried(DeferredWrites):
    """Counts how often it has begun to write what waits."""

    looks = 0

    def look(self) -> None:
        self.looks += 1
        super().look()


@pytest.mark.parametrize("kind", ["reset", "lockdown"])
def test_what_could_not_be_written_at_once_is_written_later(
    store: Store, tmp_path: Path, kind: str
) -> None:
    door = Door()
    writes = Tried(store)
    if kind == "reset":
        store.key_values.set("door:g", {"fire": True, "lockdown": False})
    memory = DoorPersistence(store, "g", writes.later)
    memory.recall(door)  # type: ignore[arg-type]
    thread = threading.Thread(target=writes.run)
    other = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    door.restore(FireReset() if kind == "reset" else Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    thread.start()
    try:
        wait_for(lambda: writes.looks)  # it is tried, and cannot be written
        assert locked_or_burning(store) == (kind == "reset", False)
        other.execute("ROLLBACK")
        other.close()
        wait_for(lambda: locked_or_burning(store) == (False, kind == "lockdown"))
    finally:
        writes.close()
        thread.join()


def test_what_was_passed_on_last_is_written_before_the_end(store: Store) -> None:
    door = Door()
    writes = DeferredWrites(store)
    memory = DoorPersistence(store, "g", writes.later)
    writes.close()
    door.restore(Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    writes.run()
    assert recalled(store).controller.state.lockdown


def test_a_fire_that_still_burns_after_a_restart_cannot_be_reset(store: Store) -> None:
    store.key_values.set("door:g", {"fire": True, "lockdown": False})
    door = Door(fire=True)
    DoorPersistence(store, "g", lambda write: write()).recall(door)  # type: ignore[arg-type]
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
    DoorPersistence(store, "g", lambda write: write()).recall(quiet)  # type: ignore[arg-type]
    quiet.wait(2)
    assert quiet.controller.state.released


def beside(store: Store, folder: Path, door: Door) -> DoorPersistence:
    memory = DoorPersistence(store, "g", lambda write: write(), folder)
    memory.recall(door)  # type: ignore[arg-type]
    memory.keep(door)  # type: ignore[arg-type]
    return memory


@pytest.mark.parametrize("button", [True, False])
def test_a_lockdown_holds_before_the_database_is_open(
    store: Store, tmp_path: Path, button: bool
) -> None:
    door = Door()
    memory = beside(store, tmp_path, door)
    door.restore(Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    settings = Settings.model_validate(
        {
            "name": "g",
            "data": tmp_path,
            "door": {"exit_in_lockdown": button},
            "relay": {"driver": "simulated"},
        }
    )
    clock = ManualClock(100.0)
    doorway = open_doorway(settings, clock)  # no store is open here
    try:
        assert doorway.controller.state.lockdown
        assert [event.type for event in doorway.opened].count("door.lockdown") == 1
        doorway.controller.handle(ExitButton(), clock.monotonic())
        assert energised(doorway.controller.state, settings.door) == button
    finally:
        doorway.close()


def test_what_only_the_file_or_only_the_database_keeps_is_restored_and_written_to_both(
    store: Store, tmp_path: Path
) -> None:
    store.key_values.set("door:g", {"fire": False, "lockdown": True})
    beside(store, tmp_path, Door())
    assert read(file_of(tmp_path, "g")) == {"fire": False, "lockdown": True}
    store.key_values.set("door:g", {"fire": False, "lockdown": False})
    door = Door()
    memory = beside(store, tmp_path, door)
    assert door.controller.state.lockdown
    assert (store.key_values.get("door:g") or {})["lockdown"]
    door.restore(Normal())
    memory.keep(door)  # type: ignore[arg-type]
    assert read(file_of(tmp_path, "g")) == {"fire": False, "lockdown": False}
    assert not locked_or_burning(store)[1]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"fire": 1, "lockdown": "no"}', "\x00"]
)
def test_a_damaged_file_locks_nothing_and_stops_nothing(
    store: Store, tmp_path: Path, content: str
) -> None:
    file_of(tmp_path, "g").write_text(content)
    door = Door()
    beside(store, tmp_path, door)
    assert not door.controller.state.lockdown


def test_a_file_that_cannot_be_replaced_is_removed(store: Store, tmp_path: Path) -> None:
    door = Door()
    memory = beside(store, tmp_path, door)
    file_of(tmp_path, "g").write_text('{"fire": false, "lockdown": true}')
    (tmp_path / ".g.door.part").mkdir()  # as good as a full disk
    door.restore(Lockdown())
    memory.keep(door)  # type: ignore[arg-type]
    assert read(file_of(tmp_path, "g")) is None
    assert locked_or_burning(store)[1]


def test_a_fire_is_written_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current often goes with a fire."""
    monkeypatch.setattr(DeferredWrites, "every", 1000.0)
    door = Door()
    writes = DeferredWrites(store)
    memory = DoorPersistence(store, "g", writes.later)
    thread = threading.Thread(target=writes.run, daemon=True)
    thread.start()
    door.restore(Fire(True))
    memory.keep(door)  # type: ignore[arg-type]
    try:
        wait_for(lambda: recalled(store).controller.state.fire)
    finally:
        writes.close()
        thread.join()
