"""Relay drivers: the bytes of each board in both directions, and what happens when it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from gate.errors import DeviceError
from gate.relay.driver import RelayDriver
from gate.relay.driver_factory import make_driver
from gate.relay.lcus import command, parse_bytes, parse_text
from gate.relay.modbus import tenths_for
from gate.relay.numato import answer_of
from gate.relay.settings import LcusSettings, ModbusSettings, RelaySettings, Wire
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard, ModbusTcp, crc16
from gate.simulators.numato_board import NumatoBoard
from gate.simulators.port import Device, SimulatedPort
from tests.relay.patience import answer_within, patient_driver
from tests.waiting import PATIENCE, eventually

INPUTS = {"contact": Wire(number=0), "fire": Wire(number=3, invert=True)}


class Recorded:
    """A device that notes what it hears and answers as a real one would."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.heard = b""
        self.said = b""

    def receive(self, data: bytes, now: float) -> bytes:
        self.heard += data
        answer = self.device.receive(data, now)
        self.said += answer
        return answer

    def stream(self, now: float) -> bytes:
        return self.device.stream(now)


def test_lcus_frames_are_the_ones_of_the_board() -> None:
    assert command(1, True).hex(" ") == "a0 01 01 a2"
    assert command(1, False).hex(" ") == "a0 01 00 a1"
    assert command(2, True).hex(" ") == "a0 02 01 a3"
    assert command(8, False).hex(" ") == "a0 08 00 a8"


def test_lcus_speaks_those_frames_on_the_wire() -> None:
    device = Recorded(LcusBoard(2))
    with SimulatedPort(device) as port:
        driver = make_driver(RelaySettings(driver="lcus", port=port.path, channels=2))
        driver.open()
        driver.set(2, True, 1)
        driver.set(1, True, 1)
        driver.close()
        expected = "a00100a1 a00200a2 a00201a3 a00101a2 a00100a1 a00200a2".replace(" ", "")
        assert eventually(lambda: device.heard.hex() == expected), device.heard.hex(" ")


def test_lcus_status_in_text_spacing_varies() -> None:
    assert parse_text(b"CH1:OFF \r\nCH2:ON \r\n") == {1: False, 2: True}
    assert parse_text(b"ch1: on\r\nCH2:OFF\r\n") == {1: True, 2: False}
    assert parse_text(b"\x00CH1:OF") == {}


def test_lcus_status_in_bytes() -> None:
    assert parse_bytes(b"\x00\x01", 2) == {1: False, 2: True}
    assert parse_bytes(b"\x00", 2) == {}
    assert parse_bytes(b"\x00\x02", 2) == {}


@pytest.mark.parametrize("readback", ["text", "bytes"])
def test_lcus_reads_back_where_the_board_answers(readback: str) -> None:
    with SimulatedPort(LcusBoard(2, readback)) as port:  # type: ignore[arg-type]
        lcus = LcusSettings(readback=readback)  # type: ignore[arg-type]
        driver = patient_driver(driver="lcus", port=port.path, channels=2, lcus=lcus)
        driver.open()
        driver.set(2, True, 1)
        assert (driver.state(1), driver.state(2)) == (False, True)
        port.faults.mute = True
        answer_within(driver, 0.1)
        with pytest.raises(DeviceError, match="did not report the state of channel 2"):
            driver.state(2)
        driver.close()


def test_lcus_1_is_silent_and_its_state_is_unknown() -> None:
    with SimulatedPort(LcusBoard(1)) as port:
        driver = make_driver(RelaySettings(driver="lcus", port=port.path))
        driver.open()
        assert driver.state(1) is None
        driver.close()


def test_look_alike_takes_single_bytes() -> None:
    device = Recorded(LcusBoard(1, variant="AA"))
    with SimulatedPort(device) as port:
        lcus = LcusSettings(variant="AA", timed_pulse=False)
        driver = make_driver(RelaySettings(driver="lcus", port=port.path, lcus=lcus))
        driver.open()
        driver.set(1, True, 1)
        driver.close()
        assert eventually(lambda: device.heard == b"\xbb\xaa\xbb")


def test_look_alike_falls_by_itself_when_its_pulse_is_used() -> None:
    device = Recorded(LcusBoard(1, variant="AA"))
    with SimulatedPort(device) as port:
        lcus = LcusSettings(variant="AA", timed_pulse=True)
        driver = make_driver(RelaySettings(driver="lcus", port=port.path, lcus=lcus))
        driver.open()
        driver.set(1, True, 0.5)
        assert eventually(lambda: device.heard == b"\xbb\xcc")
        board = device.device.board  # type: ignore[attr-defined]
        assert eventually(lambda: board.relays == [False])
        assert board.history[1][0] - board.history[0][0] >= 1.0
        driver.close()


def modbus(port: SimulatedPort, **more: object) -> RelayDriver:
    return patient_driver(driver="modbus", port=port.path, inputs=INPUTS, **more)


def test_modbus_bytes_on_the_wire() -> None:
    device = Recorded(ModbusBoard())
    with SimulatedPort(device) as port:
        driver = modbus(port)
        driver.open()
        assert device.heard.hex(" ") == "01 05 00 00 00 00 cd ca"
        device.heard = b""
        driver.set(1, True, 0.6)
        assert device.heard.hex(" ") == "01 05 02 00 00 07 8d b0"
        driver.set(1, True, 60.0)  # longer than the machine keeps anybody waiting
        device.heard = device.said = b""
        assert driver.state(1) is True
        assert device.heard.hex(" ") == "01 01 00 00 00 08 3d cc"
        assert device.said.hex(" ") == "01 01 01 01 90 48"
        device.heard = device.said = b""
        device.device.board.wires[0] = True  # type: ignore[attr-defined]
        assert driver.inputs() == {"contact": True, "fire": True}
        assert device.heard.hex(" ") == "01 02 00 00 00 08 79 cc"
        assert device.said.hex(" ") == "01 02 01 01 60 48"
        driver.close()


def test_modbus_without_timed_pulse_uses_the_coil() -> None:
    device = Recorded(ModbusBoard())
    with SimulatedPort(device) as port:
        driver = modbus(port, modbus=ModbusSettings(timed_pulse=False))
        driver.open()
        device.heard = b""
        driver.set(1, True, 0.6)
        assert device.heard.hex(" ") == "01 05 00 00 ff 00 8c 3a"
        driver.close()


def test_simulated_board_knows_the_golden_frames() -> None:
    board = ModbusBoard()
    board.board.relays[0] = False
    assert board.receive(bytes.fromhex("01010000 00083dcc"), 0).hex() == "010101005188"
    toggle = bytes.fromhex("01050000 5500f29a")
    assert board.receive(toggle, 1) == toggle
    assert board.board.relays[0]
    assert crc16(bytes.fromhex("010502000007")).hex() == "8db0"


def test_modbus_relay_falls_by_itself() -> None:
    device = ModbusBoard()
    with SimulatedPort(device) as port:
        driver = modbus(port)
        driver.open()
        driver.set(1, True, 1.0)
        assert eventually(lambda: driver.state(1) is False)
        (on, _, first), (off, _, last) = device.board.history
        assert (first, last) == (True, False)
        assert off - on >= 1.0
        driver.close()


def test_a_pulse_lasts_at_least_the_hold() -> None:
    assert tenths_for(0.6) == 7
    assert tenths_for(0.01) == 2
    assert tenths_for(0.61) == 8
    assert tenths_for(1e9) == 0x7FFF


def test_modbus_over_tcp() -> None:
    with ModbusTcp(ModbusBoard()) as server:
        settings = ModbusSettings(
            transport="tcp", host="127.0.0.1", tcp_port=server.server_address[1]
        )
        driver = patient_driver(driver="modbus", modbus=settings, inputs=INPUTS)
        driver.open()
        driver.set(1, True, 60.0)
        assert driver.state(1) is True
        assert driver.inputs() == {"contact": False, "fire": True}
        driver.set(1, False, 0)
        assert driver.state(1) is False
        driver.close()
        server.shutdown()


@pytest.mark.parametrize("fault", ["silence", "corrupt"])
def test_modbus_board_that_does_not_answer_is_an_error(fault: str) -> None:
    with SimulatedPort(ModbusBoard()) as port:
        driver = modbus(port)
        driver.open()
        setattr(port.faults, fault, True)
        answer_within(driver, 0.1)
        with pytest.raises(DeviceError, match="no valid answer"):
            driver.set(1, True, 0.5)
        driver.close()


class Late:
    """A device whose answers can be kept back; they are let go a few turns of the port later."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.keeps = False
        self.kept = b""
        self._turns = 0

    def receive(self, data: bytes, now: float) -> bytes:
        answer = self.device.receive(data, now)
        if not self.keeps:
            return self._let_go() + answer
        self.kept += answer
        return b""

    def stream(self, now: float) -> bytes:
        self._turns = 0 if self.keeps else self._turns + 1
        return self.device.stream(now) + (self._let_go() if self._turns > 5 else b"")

    def _let_go(self) -> bytes:
        kept, self.kept = self.kept, b""
        return kept


def late_once(device: Late, driver: RelayDriver, ask: Callable[[], object]) -> None:
    """Ask while the board keeps its answer back, which comes when the next question is asked."""
    device.keeps = True
    answer_within(driver, 0.1)
    with pytest.raises(DeviceError):
        ask()
    assert eventually(lambda: device.kept)
    answer_within(driver, PATIENCE)
    device.keeps = False


def test_a_late_answer_is_not_taken_for_the_answer_to_the_same_question_later() -> None:
    board = ModbusBoard()
    device = Late(board)
    with SimulatedPort(device) as port:
        driver = modbus(port)
        driver.open()
        late_once(device, driver, lambda: driver.state(1))
        board.board.switch(0, True, time.monotonic())  # now true; the late answer says off
        assert driver.state(1) is True
        driver.close()


def test_a_late_answer_is_no_fault_of_the_next_question() -> None:
    """It was: "an answer to function 5" to a question of function 1."""
    device = Late(ModbusBoard())
    with SimulatedPort(device) as port:
        driver = modbus(port)
        driver.open()
        late_once(device, driver, lambda: driver.set(1, True, 60.0))
        assert driver.state(1) is True
        late_once(device, driver, lambda: driver.state(1))
        driver.set(1, True, 60.0)
        driver.close()


def test_coils_are_never_taken_for_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are eight bits: only the function tells an answer about relays from one about a fire."""
    board = ModbusBoard()
    answer = board.answer
    with SimulatedPort(board) as port:
        driver = modbus(port)
        driver.open()
        driver.inputs()
        monkeypatch.setattr(
            board, "answer", lambda request, now: answer(b"\x01" + request[1:], now)
        )
        with pytest.raises(DeviceError, match="an answer to function 1"):
            driver.inputs()
        driver.close()


@pytest.mark.parametrize("transport", ["rtu", "tcp"])
def test_a_clock_set_back_while_an_answer_is_awaited_makes_nobody_wait(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = ModbusBoard()
    with SimulatedPort(board) as port, ModbusTcp(board) as server:
        settings = ModbusSettings(
            transport=transport,  # type: ignore[arg-type]
            host="127.0.0.1",
            tcp_port=server.server_address[1],
        )
        driver = modbus(port, modbus=settings)
        driver.open()
        answer_within(driver, 0.1)
        port.faults.silence = True
        monkeypatch.setattr(board, "answer", lambda request, now: b"")  # a frame cut short
        now = time.time()
        hours = iter(range(1000))
        monkeypatch.setattr("time.time", lambda: now - 3600 * next(hours))
        begin = time.monotonic()
        with pytest.raises(DeviceError):
            driver.state(1)
        assert time.monotonic() - begin < 20
        driver.close()
        server.shutdown()


def test_numato_words_on_the_wire() -> None:
    device = Recorded(NumatoBoard(4))
    with SimulatedPort(device) as port:
        driver = patient_driver(driver="numato", port=port.path, inputs=INPUTS)
        driver.open()
        assert device.heard == b"\rrelay off 0\r"
        device.heard = b""
        driver.set(1, True, 1)
        assert driver.state(1) is True
        assert driver.inputs() == {"contact": False, "fire": True}
        assert device.heard == b"relay on 0\rrelay read 0\rgpio read 0\rgpio read 3\r"
        driver.close()


def test_numato_answers_must_belong_to_the_command() -> None:
    assert answer_of("relay read 0", b"relay read 0\r\n\ron\n\r>") == "on"
    assert answer_of("relay on 0", b"relay on 0\r\n\r>") == ""
    assert answer_of("relay read 0", b"relay read 1\r\n\ron\n\r>") is None
    assert answer_of("relay read 0", b"relay read 0\r\n\ron") is None
    assert answer_of("relay read 0", b"\xff\xfe\n\r>") is None


@pytest.mark.parametrize("driver", ["lcus", "modbus", "numato"])
def test_a_port_that_is_not_there_is_named(driver: str) -> None:
    settings = RelaySettings(driver=driver, port="/dev/serial/by-id/none")  # type: ignore[arg-type]
    with pytest.raises(DeviceError) as raised:
        make_driver(settings).open()
    assert raised.value.where == "/dev/serial/by-id/none"
    assert raised.value.hint


@pytest.mark.parametrize(
    ("name", "device"), [("lcus", LcusBoard), ("modbus", ModbusBoard), ("numato", NumatoBoard)]
)
def test_a_cable_pulled_is_an_error_and_opening_again_goes_on(
    name: str, device: Callable[[], Device]
) -> None:
    with SimulatedPort(device()) as port:
        driver = patient_driver(driver=name, port=port.path)
        driver.open()
        port.unplug()
        with pytest.raises(DeviceError):
            driver.set(1, True, 1)
        driver.close()
        port.plug()
        driver.open()
        answer_within(driver, 0.2)

        def switched() -> bool:
            with suppress(DeviceError):
                driver.set(1, True, 60)
            return port.device.board.relays[0]  # type: ignore[attr-defined,no-any-return]

        assert eventually(switched)
        driver.close()
