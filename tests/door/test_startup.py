"""The door while the daemon starts: fire releases and stays released, and nothing is reported
twice or falsely."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gate.clock import SystemClock
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.startup import DoorStartup
from gate.door.state import EventOut, Phase
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings, Wire
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from tests.waiting import PATIENCE, eventually, wait_for

# seconds: a thread of a busy machine may not run for three
HOLD = 5.0
CONFIRM = 4.0
FIRE = {"fire": Wire(number=2, invert=True)}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModbusBoard, DoorController]]:
    """A Modbus board with a fire contact as recommended, behind the real guard."""
    device = ModbusBoard()
    device.board.wires[2] = True
    with SimulatedPort(device) as port:
        # seconds until the guard is thought to hang
        monkeypatch.setattr("gate.relay.guard_client.START", PATIENCE)
        monkeypatch.setattr("gate.relay.guard_client.SILENT", PATIENCE / 2)
        settings = RelaySettings(driver="modbus", port=port.path, timeout=2.0, inputs=FIRE)  # type: ignore[arg-type]
        relay = GuardedRelay(settings)
        controller = DoorController(relay, DoorSettings(hold=HOLD, confirm_within=CONFIRM))
        yield device, controller
        controller.close()


def opened_by(controller: DoorController) -> tuple[EventOut, ...]:
    """As ``open_doorway`` does it."""
    return controller.open(time.monotonic()) + controller.tick(time.monotonic())


def types(events: tuple[EventOut, ...]) -> list[str]:
    return [event.type for event in events]


def test_fire_before_the_start_is_an_event_and_keeps_the_door_released_while_models_load(
    board: tuple[ModbusBoard, DoorController],
) -> None:
    device, controller = board
    device.board.wires[2] = False
    clock = SystemClock()
    opened = opened_by(controller)
    assert types(opened) == ["door.fire", "door.unlocked"]
    startup = DoorStartup(controller, clock)
    startup.start()
    assert eventually(lambda: device.board.relays[0])
    time.sleep(HOLD + 1.5)  # longer than either
    assert [on for _, _, on in device.board.history] == [True]
    assert startup.finish() == ()
    assert startup.finish() == ()


def test_fire_during_the_start_is_handed_to_the_loop(
    board: tuple[ModbusBoard, DoorController],
) -> None:
    device, controller = board
    clock = SystemClock()
    assert opened_by(controller) == ()
    startup = DoorStartup(controller, clock)
    startup.start()
    device.board.wires[2] = False  # a cut wire
    assert eventually(lambda: device.board.relays[0])
    assert types(startup.finish()) == ["door.fire", "door.unlocked"]


def test_a_pause_after_a_start_in_fire_is_no_fault_of_the_board(
    board: tuple[ModbusBoard, DoorController],
) -> None:
    """Nothing ticks for seconds, the guard rests the relay: that is what it is for."""
    device, controller = board
    device.board.wires[2] = False
    opened_by(controller)
    assert eventually(lambda: [on for _, _, on in device.board.history] == [True, False])
    events: tuple[EventOut, ...] = ()
    after = time.monotonic() + 60.0  # the controller's time: it takes the one it is given

    def released() -> bool:
        nonlocal events
        events += controller.tick(after)
        return device.board.relays[0] and controller._driver.state(1) is True

    wait_for(released)
    for turn in range(100):  # longer than CONFIRM
        events += controller.tick(after + turn * 0.05)
    assert events == ()
    assert controller.state.phase is Phase.UNLOCKED
    assert device.board.relays[0]
