"""100,000 damaged Modbus answers on the driver's own way: none confirms what did not happen."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU

from gate.errors import DeviceError
from gate.relay.modbus import ModbusRelay
from gate.relay.settings import ModbusSettings, RelaySettings
from gate.relay.settings import Wire as Input
from gate.simulators.modbus_board import ModbusBoard
from tests.wire import Wire, attach, damaged, framed, genuine

FRAMES = 100_000
INPUTS = {"contact": Input(number=3)}
BOARD = ModbusBoard()


def relay(wire: Wire) -> ModbusRelay:
    driver = ModbusRelay(RelaySettings(driver="modbus", port="wire", inputs=INPUTS))
    attach(driver._client, wire)
    return driver


class Line:
    """A board behind a line that damages nine answers of ten."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clean = False
        self.wire = Wire(self.answer)
        self.driver = relay(self.wire)

    def answer(self, request: bytes) -> bytes:
        function = request[1]
        if function == 5:
            whole = request
        else:
            whole = framed(bytes((1, function, 1, self.chance.randrange(256))))
        self.clean = self.chance.random() < 0.1
        return whole if self.clean else damaged(whole, self.chance)


@pytest.mark.parametrize("function", [1, 2])
def test_a_state_is_only_what_a_whole_answer_says(function: int) -> None:
    line = Line(function)
    bit = 0 if function == 1 else 3
    told = errors = 0
    for _ in range(FRAMES // 3):
        try:
            said = line.driver.state(1) if function == 1 else line.driver.inputs()["contact"]
        except DeviceError:
            errors += 1
            assert not line.clean, "the first whole answer after damage counts"
            continue
        told += 1
        whole = genuine(line.wire.came, bytes((1, function, 1)), 6)
        assert said in {bool(frame[3] >> bit & 1) for frame in whole}, line.wire.came.hex(" ")
    assert told > FRAMES // 3 * 0.1
    assert errors > FRAMES // 3 * 0.5


def test_an_order_counts_as_done_only_when_its_echo_is_whole() -> None:
    line = Line(3)
    told = errors = 0
    for n in range(FRAMES // 3):
        on = n % 2 == 0
        # the pulse: address 0x0200, seven tenths; off: coil 0, value 0
        body = struct.pack(">BBHH", 1, 5, 0x0200 if on else 0, 7 if on else 0)
        try:
            line.driver.set(1, on, 0.6 if on else 0.0)
        except DeviceError:
            errors += 1
            assert not line.clean
            continue
        told += 1
        assert genuine(line.wire.came, body[:4], 8), line.wire.came.hex(" ")
    assert told > FRAMES // 3 * 0.1
    assert errors > FRAMES // 3 * 0.5


def test_the_late_echo_of_the_opposite_order_confirms_nothing() -> None:
    plain = ModbusSettings(timed_pulse=False)
    on, off = (framed(struct.pack(">BBHH", 1, 5, 0, value)) for value in (0xFF00, 0))
    wire = Wire(lambda request: off)
    driver = ModbusRelay(RelaySettings(driver="modbus", port="wire", modbus=plain))
    attach(driver._client, wire)
    driver.set(1, False, 0)
    with pytest.raises(DeviceError, match="another command"):
        driver.set(1, True, 0.5)
    wire.answer = lambda request: on
    driver.set(1, True, 0.5)


def test_inputs_that_come_late_are_not_taken_for_coils() -> None:
    wire = Wire(lambda request: framed(bytes((1, 2, 1, 0xFF))))
    with pytest.raises(DeviceError, match="function 2"):
        relay(wire).state(1)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_error_or_a_whole_answer(data: bytes) -> None:
    driver = relay(Wire(lambda request: data))
    for ask in (lambda: driver.state(1), driver.inputs, lambda: driver.set(1, True, 0.5)):
        try:
            ask()
        except DeviceError:
            continue
        assert any(genuine(data, bytes((1, code)), size) for code, size in ((1, 6), (2, 6), (5, 8)))


def test_the_oracle_and_the_library_agree_on_the_check() -> None:
    chance = random.Random(9)
    for _ in range(1000):
        body = chance.randbytes(chance.randrange(1, 12))
        assert framed(body)[-2:] == FramerRTU.compute_CRC(body).to_bytes(2, "big")
