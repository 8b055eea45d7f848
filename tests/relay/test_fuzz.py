"""Damaged bytes: no exception but DeviceError, no false word of a board, no relay moved."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import DeviceError
from gate.relay.driver_factory import make_driver
from gate.relay.lcus import command, parse_bytes, parse_text
from gate.relay.numato import answer_of
from gate.relay.settings import LcusSettings, RelaySettings
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard, crc16
from gate.simulators.numato_board import NumatoBoard
from gate.simulators.port import Device, SimulatedPort, spoil
from tests.effort import rounds
from tests.relay.patience import answer_within, patient_driver
from tests.waiting import eventually

pytestmark = pytest.mark.fuzz

FRAMES = rounds(2_000)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    parse_text(data)
    parse_bytes(data, 8)
    answer_of("relay read 0", data)
    for device in (LcusBoard(8, "text"), LcusBoard(variant="AA"), ModbusBoard(), NumatoBoard()):
        device.receive(data, 1.0)


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """One byte changed, lost or doubled; cut off; or noise in its place."""
    fate = chance.randrange(3)
    if fate == 0:
        at = chance.randrange(len(frame))
        return frame[:at] + spoil(frame[at : at + 1], 1.0, chance) + frame[at + 1 :]
    if fate == 1:
        return frame[: chance.randrange(len(frame))]
    return chance.randbytes(chance.randrange(12))


def test_lcus_board_obeys_no_damaged_frame() -> None:
    """So that the simulator is no easier on the driver than a board that checks its sums."""
    chance = random.Random(1)
    for _ in range(FRAMES):
        board = LcusBoard(8)
        hurt = damaged(command(chance.randint(1, 8), True), chance)
        board.receive(hurt, 1.0)
        whole = any(command(n, True) in hurt for n in range(1, 9))
        assert whole or not board.board.history


def test_modbus_board_obeys_no_damaged_frame() -> None:
    chance = random.Random(2)
    body = bytes.fromhex("010502000007")
    frame = body + crc16(body)
    for _ in range(FRAMES):
        board = ModbusBoard()
        hurt = damaged(frame, chance)
        board.receive(hurt, 1.0)
        assert frame in hurt or not board.board.history


def test_text_status_damaged_names_no_wrong_state() -> None:
    chance = random.Random(3)
    true = {1: False, 2: True}
    for _ in range(FRAMES):
        said = parse_text(damaged(b"CH1:OFF \r\nCH2:ON \r\n", chance))
        if set(said) == set(true):
            assert said == true


def test_status_bytes_damaged_are_no_status_unless_each_is_0_or_1() -> None:
    chance = random.Random(6)
    for _ in range(FRAMES):
        true = bytes(chance.randrange(2) for _ in range(4))
        hurt = damaged(true, chance)
        said = parse_bytes(hurt, 4)
        whole = len(hurt) == 4 and set(hurt) <= {0, 1}
        assert said == ({n: bool(byte) for n, byte in enumerate(hurt, 1)} if whole else {})


def test_numato_answers_damaged_give_no_wrong_word() -> None:
    chance = random.Random(4)
    for word in ("on", "off"):
        answer = f"relay read 0\r\n\r{word}\n\r>".encode()
        for _ in range(FRAMES // 2):
            said = answer_of("relay read 0", damaged(answer, chance))
            assert said not in {"on", "off"} - {word}


def test_after_damage_the_next_frame_is_obeyed_by_the_second_at_the_latest() -> None:
    chance = random.Random(5)
    for _ in range(5000):
        board = LcusBoard(2)
        board.receive(damaged(command(1, True), chance), 1.0)
        board.receive(command(2, True) * 2, 1.0)
        assert board.board.relays[1]


class Answers:
    """A serial port whose board is asked over a bad line: what it answers, and how it arrives."""

    def __init__(self, device: Device, seed: int) -> None:
        self.device = device
        self.chance = random.Random(seed)
        self.clean = True
        self._waiting = b""

    def open(self) -> None:
        pass

    def forget(self) -> None:
        self._waiting = b""

    def write(self, data: bytes) -> None:
        whole = self.device.receive(data, 1.0)
        late = self._waiting
        self.clean = self.chance.random() < 0.1
        self._waiting = late + (whole if self.clean else damaged(whole, self.chance))

    def answer(self, complete: Callable[[bytes], bool]) -> bytes:
        got, self._waiting = self._waiting, b""
        return got


@pytest.mark.parametrize(
    ("name", "readback", "device"),
    [
        ("lcus", "text", LcusBoard(4, "text")),
        ("lcus", "bytes", LcusBoard(4, "bytes")),
        ("numato", "none", NumatoBoard(4)),
    ],
)
def test_damaged_answers_on_the_drivers_way(name: str, readback: str, device: Any) -> None:
    """What it says is what the board said; the first whole answer after any damage counts."""
    lcus = LcusSettings(readback=readback)  # type: ignore[arg-type]
    driver: Any = make_driver(RelaySettings(driver=name, channels=4, lcus=lcus))  # type: ignore[arg-type]
    port = driver._port = Answers(device, 7)
    reported = errors = 0
    relays = device.board.relays
    for n in range(FRAMES):
        if n % 16 == 0:
            relays[:] = [port.chance.random() < 0.5 for _ in relays]
        before = list(relays)
        channel = port.chance.randrange(4)
        try:
            said = driver.state(channel + 1)
        except DeviceError:
            errors += 1
            assert not port.clean
        else:
            reported += 1
            # four bytes of 0 and 1 without a check cannot show that one of them was changed
            assert said == relays[channel] or (readback == "bytes" and not port.clean)
        assert relays == before, "asking moves nothing"
    assert reported > FRAMES * 0.1
    assert errors > FRAMES * 0.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "device"),
    [("lcus", LcusBoard(2, "text")), ("modbus", ModbusBoard()), ("numato", NumatoBoard())],
)
def test_a_noisy_line_gives_the_true_state_or_an_error(name: str, device: Device) -> None:
    lcus = LcusSettings(readback="text")
    reported = 0

    def says_off() -> bool:
        with suppress(DeviceError):
            assert driver.state(1) is False
            return True
        return False

    with SimulatedPort(device) as port:
        driver = patient_driver(driver=name, port=port.path, channels=2, lcus=lcus)
        driver.open()
        port.faults.noise = 0.02
        answer_within(driver, 0.05)
        for _ in range(60):
            reported += says_off()
        port.faults.noise = 0.0
        assert eventually(says_off)
        driver.close()
    assert reported
    assert device.board.history == []  # type: ignore[attr-defined]
