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
from tests.devices.wire import Net, Wire, attach, damaged, framed, genuine
from tests.effort import rounds

pytestmark = pytest.mark.fuzz

FRAMES = rounds(2_000)
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
    reported = errors = 0
    for _ in range(FRAMES // 3):
        try:
            said = line.driver.state(1) if function == 1 else line.driver.inputs()["contact"]
        except DeviceError:
            errors += 1
            assert not line.clean, "the first whole answer after damage counts"
            continue
        reported += 1
        whole = genuine(line.wire.came, bytes((1, function, 1)), 6)
        assert said in {bool(frame[3] >> bit & 1) for frame in whole}, line.wire.came.hex(" ")
    assert reported > FRAMES // 3 * 0.05
    assert errors > FRAMES // 3 * 0.5


def test_an_order_counts_as_done_only_when_its_echo_is_whole() -> None:
    line = Line(3)
    reported = errors = 0
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
        reported += 1
        assert genuine(line.wire.came, body[:4], 8), line.wire.came.hex(" ")
    assert reported > FRAMES // 3 * 0.05
    assert errors > FRAMES // 3 * 0.5


def over_tcp(net: Net) -> ModbusRelay:
    ethernet = ModbusSettings(transport="tcp")
    driver = ModbusRelay(RelaySettings(driver="modbus", modbus=ethernet, inputs=INPUTS))
    driver._client.socket = net  # type: ignore[assignment]
    return driver


def hurt_on_ethernet(whole: bytes, chance: random.Random) -> bytes:
    """Cut, shifted, of another request, unit or question: TCP itself leaves no bit wrong."""
    at = chance.randrange(len(whole))
    other = chance.randrange(1, 256)
    match chance.randrange(9):
        case 0:
            return whole[:at]
        case 1:
            return whole[:at] + whole[at + 1 :]
        case 2:
            return chance.randbytes(chance.randrange(1, 4)) + whole
        case 3:
            return chance.randbytes(chance.randrange(20))
        case 4:  # of another request, protocol, length, unit, function
            return whole[:1] + bytes((whole[1] ^ other,)) + whole[2:]
        case 5:
            return whole[:3] + bytes((other,)) + whole[4:]
        case 6:
            return whole[:5] + bytes((whole[5] ^ other,)) + whole[6:]
        case 7:
            return whole[:6] + bytes((whole[6] ^ other,)) + whole[7:]
        case _:
            return whole[:7] + bytes((whole[7] ^ other,)) + whole[8:]


def test_over_ethernet_a_state_is_only_what_a_whole_answer_says() -> None:
    chance = random.Random(11)
    clean = False

    def answer(request: bytes) -> bytes:
        nonlocal clean
        body = bytes((request[7], 1, chance.randrange(256)))
        whole = request[:4] + struct.pack(">H", len(body) + 1) + request[6:7] + body
        clean = chance.random() < 0.1
        return whole if clean else hurt_on_ethernet(whole, chance)

    net = Net(answer)
    driver = over_tcp(net)
    reported = errors = 0
    for _ in range(FRAMES):
        driver._client.socket = net  # type: ignore[assignment]
        try:
            said = driver.state(1)
        except DeviceError:
            errors += 1
            assert not clean, "the first whole answer after damage counts"
            continue
        reported += 1
        number = struct.pack(">H", driver._client.transaction.next_tid)
        places = [at for at in range(len(net.came)) if net.came[at + 2 : at + 6] == b"\0\0\0\4"]
        values = {
            bool(net.came[at + 9] & 1)
            for at in places
            if net.came[at : at + 2] in (number, b"\0\0")
            and net.came[at + 6 : at + 9] == b"\1\1\1"
            and len(net.came) > at + 9
        }
        assert said in values, net.came.hex(" ")
    assert reported > FRAMES * 0.05
    assert errors > FRAMES * 0.5


def test_over_ethernet_what_came_too_late_is_dropped() -> None:
    late: list[bytes] = []

    def answer(request: bytes) -> bytes:
        whole = request[:4] + b"\0\4" + request[6:8] + bytes((1, 1))
        late.append(whole)
        return b"" if len(late) == 1 else whole

    net = Net(answer)
    driver = over_tcp(net)
    with pytest.raises(DeviceError):
        driver.state(1)
    net._waiting = late[0]
    driver._client.socket = net  # type: ignore[assignment]
    assert driver.state(1) is True


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
