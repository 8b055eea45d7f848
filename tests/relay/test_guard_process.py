"""The guard: what is asked of it happens, and when nothing more is asked the relay falls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gate.errors import DeviceError
from gate.relay.guard_client import GuardedRelay
from gate.relay.lcus import command
from gate.relay.settings import LcusSettings, RelaySettings, Wire
from gate.simulators.board import Board
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from tests.relay.patience import answers, open_guard, told
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.slow

TEXT = LcusSettings(readback="text")
# seconds within which a relay that nobody holds has fallen: half a second on an idle machine
LATEST = 10.0


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that does not get the processor for seconds is not thought to hang."""
    monkeypatch.setattr("gate.relay.guard_client.START", PATIENCE)
    monkeypatch.setattr("gate.relay.guard_client.SILENT", PATIENCE / 2)


def begin_pulse(relay: GuardedRelay, board: Board, seconds: float) -> float:
    """Until the board has seen a pulse; returns when the first one began, monotonic seconds.

    A guard that did not run for the length of a pulse leaves it out: then another one is begun.
    """
    first = begin = time.monotonic()
    while True:
        relay.set(1, True, seconds, begin)
        if eventually(lambda: board.history, seconds):
            return first
        begin = time.monotonic()
        assert begin < first + PATIENCE


def test_orders_reach_the_board_and_its_word_comes_back() -> None:
    device = ModbusBoard()
    with SimulatedPort(device) as port:
        wires = {"contact": Wire(number=2)}
        settings = RelaySettings(driver="modbus", port=port.path, timeout=2.0, inputs=wires)
        relay = GuardedRelay(settings)
        open_guard(relay)
        assert eventually(lambda: told(relay) is False)
        relay.set(1, True, 60.0)
        assert eventually(lambda: told(relay) is True)
        device.board.wires[2] = True
        assert eventually(lambda: answers(relay) and relay.inputs() == {"contact": True})
        relay.set(1, False, 0)
        assert eventually(lambda: told(relay) is False)
        relay.close()


def test_every_relay_rests_before_open_returns() -> None:
    device = LcusBoard(2)
    device.board.relays[:] = [True, True]
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path, channels=2))
        open_guard(relay)
        assert eventually(lambda: device.board.relays == [False, False])
        relay.close()


def test_a_relay_nobody_refreshes_falls_on_time() -> None:
    device = LcusBoard(1)
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path))
        open_guard(relay)
        begin = begin_pulse(relay, device.board, 0.3)
        assert eventually(lambda: not device.board.relays[0])
        off, _, _ = device.board.history[-1]
        assert 0.3 <= off - begin < LATEST
        relay.close()


def test_a_pulse_that_is_over_is_not_begun_again_by_an_order_that_was_late() -> None:
    device = LcusBoard(2)
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path, channels=2))
        open_guard(relay)
        begin = begin_pulse(relay, device.board, 0.3)
        assert eventually(lambda: not device.board.relays[0])
        before = list(device.board.history)
        # what a refresh looks like that was computed before the end and sent after it
        relay.set(1, True, 0.05, begin + 0.25)
        relay.set(2, True, 60.0)  # orders are obeyed in their order, channels in theirs
        assert eventually(lambda: device.board.relays[1])
        assert [change for change in device.board.history if change[1] == 0] == before
        relay.close()


def test_refreshing_keeps_it_on_without_a_gap() -> None:
    device = LcusBoard(2)
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path, channels=2))
        open_guard(relay)
        end = 0.0

        def refreshed_in_time() -> bool:
            nonlocal end
            relay.set(1, False, 0)
            assert eventually(lambda: not device.board.relays[0])
            device.board.history.clear()
            end = time.monotonic() + 3.0
            relay.set(1, True, 3.0)
            seen = eventually(lambda: device.board.relays[0], 2.0)
            relay.set(1, True, 60.0)
            return seen and time.monotonic() < end

        assert eventually(refreshed_in_time)
        assert eventually(lambda: time.monotonic() > end)  # when it would fall unless refreshed
        relay.set(2, True, 60.0)  # channels are driven in their order
        assert eventually(lambda: device.board.relays[1])
        assert [on for _, channel, on in device.board.history if channel == 0] == [True]
        relay.close()


def test_the_daemon_is_killed_and_the_relay_falls() -> None:
    device = LcusBoard(1)
    with SimulatedPort(device) as port:
        daemon = (
            "import time; from gate.relay.guard_client import GuardedRelay;"
            "from gate.relay.settings import RelaySettings;"
            "from tests.relay.patience import open_guard;"
            f"r = GuardedRelay(RelaySettings(driver='lcus', port={port.path!r})); open_guard(r);"
            "r.set(1, True, 60); time.sleep(60)"
        )
        process = subprocess.Popen([sys.executable, "-c", daemon])
        assert eventually(lambda: device.board.relays[0])
        killed = time.monotonic()
        process.kill()
        process.wait()
        assert eventually(lambda: not device.board.relays[0])
        assert device.board.history[-1][0] - killed < LATEST


def test_a_guard_that_is_killed_is_started_again_and_rests_the_relay() -> None:
    device = LcusBoard(1)
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path))
        open_guard(relay)
        relay.set(1, True, 60)
        assert eventually(lambda: device.board.relays[0])
        first = relay.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: answers(relay) and relay.pid != first)
        # the board acknowledges nothing: what the guard wrote may still be on the wire
        assert eventually(lambda: not device.board.relays[0])
        relay.close()


def test_a_guard_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.relay.guard_client.SILENT", 1.0)
    with SimulatedPort(LcusBoard(1)) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path))
        open_guard(relay)
        first = relay.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        assert eventually(lambda: answers(relay) and relay.pid != first)
        relay.close()


def test_cable_pulled_and_back() -> None:
    device = LcusBoard(1, "text")
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path, lcus=TEXT))
        open_guard(relay)
        port.unplug()
        assert eventually(lambda: not answers(relay))
        with pytest.raises(DeviceError) as raised:
            relay.inputs()
        assert raised.value.where == port.path
        port.plug()
        assert eventually(lambda: answers(relay))
        relay.set(1, True, 60)
        assert eventually(lambda: told(relay) is True)
        relay.close()


class Deaf:
    """A board that once does not hear that a relay is to rest."""

    def __init__(self, device: LcusBoard) -> None:
        self.device = device
        self.lost = False

    def receive(self, data: bytes, now: float) -> bytes:
        if not self.lost and self.device.board.relays[0] and command(1, False) in data:
            self.lost = True
            return b""
        return self.device.receive(data, now)

    def stream(self, now: float) -> bytes:
        return self.device.stream(now)


def test_a_lost_command_is_repeated() -> None:
    board = LcusBoard(1)
    device = Deaf(board)
    with SimulatedPort(device) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path))
        open_guard(relay)
        relay.set(1, True, 60)
        assert eventually(lambda: board.board.relays[0])
        relay.set(1, False, 0)
        assert eventually(lambda: not board.board.relays[0])
        assert device.lost
        relay.close()


def test_the_main_loop_never_waits_for_the_board() -> None:
    with SimulatedPort(ModbusBoard()) as port:
        relay = GuardedRelay(RelaySettings(driver="modbus", port=port.path))
        open_guard(relay)
        port.faults.silence = True
        times = []
        for _ in range(100):
            begin = time.monotonic()
            try:
                relay.set(1, True, 0.5)
                relay.state(1)
            except DeviceError:
                pass
            times.append(time.monotonic() - begin)
            time.sleep(0.005)
        # the median: a machine that does other things may keep any one of them
        assert sorted(times)[50] < 0.05
        relay.close()


def test_closing_twice_and_using_afterwards_is_no_crash() -> None:
    with SimulatedPort(LcusBoard(1)) as port:
        relay = GuardedRelay(RelaySettings(driver="lcus", port=port.path))
        open_guard(relay)
        relay.close()
        relay.close()
        with pytest.raises(DeviceError, match="not running"):
            relay.set(1, True, 1)
        assert not answers(relay)
        assert relay.pid is None


def test_a_board_that_is_not_there_is_named_at_start() -> None:
    relay = GuardedRelay(RelaySettings(driver="lcus", port="/dev/serial/by-id/none"))
    with pytest.raises(DeviceError) as raised:
        relay.open()
    assert raised.value.where == "/dev/serial/by-id/none"
    relay.close()
