"""Readers: bytes and keys in, each card one claim."""

from __future__ import annotations

import queue
import random
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.readers.claim import Claim, ClaimKind
from gate.readers.lines import lines_of
from gate.readers.rdm6300 import encode, parse
from gate.readers.reader import Reader
from gate.readers.repeats import Repeats
from gate.readers.settings import ReaderSettings
from gate.readers.typed import Typing, key
from gate.readers.typed_claim import typed_claim
from gate.simulators.card import CardReader, CodeScanner
from gate.simulators.port import SimulatedPort, spoil

GOLDEN = bytes.fromhex("0230413030324435433338343303")


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


class TestRdm6300:
    def test_golden_frame_both_ways(self) -> None:
        assert parse(GOLDEN) == ([0x002D5C38], b"")
        assert encode(0x002D5C38, 0x0A) == GOLDEN

    def test_a_frame_in_pieces(self) -> None:
        numbers, rest = [], b""
        for byte in GOLDEN * 2:
            found, rest = parse(rest + bytes((byte,)))
            numbers += found
        assert numbers == [0x002D5C38] * 2

    def test_a_wrong_check_is_no_card(self) -> None:
        for at in range(1, 13):
            wrong = bytearray(GOLDEN)
            wrong[at] = ord("1") if wrong[at] != ord("1") else ord("2")
            assert parse(bytes(wrong))[0] == []

    @given(st.binary(max_size=200))
    def test_any_bytes_give_no_error_and_a_short_rest(self, data: bytes) -> None:
        _, rest = parse(data)
        assert len(rest) < 14

    def test_100_000_damaged_frames(self) -> None:
        chance = random.Random(4)
        true = {chance.getrandbits(32) for _ in range(50)}
        cards = sorted(true)
        rest = b""
        found = 0
        for n in range(100_000):
            frame = encode(chance.choice(cards), 0x0A)
            damage = n % 4
            if damage == 0:  # one byte changed, lost or doubled
                at = chance.randrange(14)
                byte = spoil(frame[at : at + 1], 1.0, chance)
                frame = frame[:at] + byte + frame[at + 1 :]
            elif damage == 1:
                frame = chance.randbytes(chance.randrange(30))
            elif damage == 2:
                frame = frame[: chance.randrange(14)]
            numbers, rest = parse(rest + frame)
            assert set(numbers) <= true
            found += len(numbers)
        assert found > 25_000 * 0.99

    def test_100_000_frames_with_many_errors_each_never_agree_twice_on_a_false_number(self) -> None:
        chance = random.Random(4)
        last = 0
        rest = b""
        single = 0
        for _ in range(100_000):
            numbers, rest = parse(rest + spoil(GOLDEN, 0.1, chance))
            for number in numbers:
                single += number != 0x002D5C38
                assert number == 0x002D5C38 or number != last
                last = number
        assert single < 1000  # what confirm = 2 is for

    def test_resynchronised_within_two_frames(self) -> None:
        chance = random.Random(5)
        for _ in range(20_000):
            noise = chance.randbytes(chance.randrange(40)) + GOLDEN[: chance.randrange(14)]
            numbers, _ = parse(noise + GOLDEN * 2)
            assert 0x002D5C38 in numbers


class TestReader:
    def test_a_card_lying_on_the_reader_is_one_claim(self) -> None:
        device = CardReader()
        claims: queue.Queue[Claim] = queue.Queue()
        with SimulatedPort(device) as port:
            reader = Reader(ReaderSettings(port=port.path, repeat=0.3), claims.put)
            reader.open()
            assert eventually(lambda: reader.there)
            device.show(0x002D5C38, 0.6)
            time.sleep(1.2)
            device.show(0x002D5C38, 0.2)
            time.sleep(0.6)
            reader.close()
        values = [(c.kind, c.value, c.reader) for c in claims.queue]
        assert values == [(ClaimKind.CARD, "0002972728", "reader")] * 2

    def test_lost_and_back_are_told(self) -> None:
        device = CardReader()
        told: list[tuple[str, bool]] = []
        claims: queue.Queue[Claim] = queue.Queue()
        with SimulatedPort(device) as port:
            settings = ReaderSettings(port=port.path, retry_first=0.05)
            reader = Reader(
                settings, claims.put, lambda name, there, why: told.append((name, there))
            )
            reader.open()
            assert eventually(lambda: told == [("reader", True)])
            port.unplug()
            assert eventually(lambda: told[-1] == ("reader", False))
            port.plug()
            assert eventually(lambda: told[-1] == ("reader", True))
            device.show(7)
            assert claims.get(timeout=3).value == "0000000007"
            reader.close()

    def test_a_serial_scanner_gives_permits(self) -> None:
        device = CodeScanner()
        claims: queue.Queue[Claim] = queue.Queue()
        with SimulatedPort(device) as port:
            reader = Reader(ReaderSettings(driver="scanner", port=port.path), claims.put)
            reader.open()
            assert eventually(lambda: reader.there)
            device.show("GATE1:abc_DEF-123")
            claim = claims.get(timeout=3)
            assert (claim.kind, claim.value) == (ClaimKind.PERMIT, "GATE1:abc_DEF-123")
            reader.close()

    def test_a_claim_hides_its_number(self) -> None:
        assert "2972728" not in repr(Claim(ClaimKind.CARD, "0002972728", "reader", 0))


def test_lines_of_a_scanner() -> None:
    assert lines_of(b"one\r\ntwo\nthr") == (["one", "two"], b"thr")
    assert lines_of(b"\xff\xfe\r\nok\r") == (["ok"], b"")
    assert lines_of(b"a\x00b\n") == ([], b"")
    assert len(lines_of(b"x" * 10_000)[1]) == 2048


def test_repeats() -> None:
    state, fresh = Repeats().see("a", 0, 1.5)
    assert fresh
    for at in (1.0, 2.0, 3.0):
        state, fresh = state.see("a", at, 1.5)
        assert not fresh
    assert state.see("b", 3.1, 1.5)[1]
    assert state.see("a", 4.5, 1.5)[1]


CODES = {str(d): 2 + (d - 1) % 10 for d in range(10)} | {"A": 30, "-": 12}


def type_keys(
    text: str, at: float = 0.0, typing: Typing | None = None
) -> tuple[Typing, str | None]:
    state, line = typing or Typing(), None
    for character in text:
        if character == "\n":
            state, line = key(state, 28, True, at, 10)
        else:
            state, _ = key(state, CODES[character], True, at, 10)
            state, _ = key(state, CODES[character], False, at, 10)
    return state, line


class TestWedge:
    def test_digits_and_enter(self) -> None:
        assert type_keys("0002972728\n")[1] == "0002972728"

    def test_shift_makes_capitals_and_signs(self) -> None:
        state, _ = key(Typing(), 42, True, 0, 10)
        state, _ = type_keys("A-", 0, state)
        state, _ = key(state, 42, False, 0, 10)
        assert type_keys("1\n", 0, state)[1] == "A_1"

    def test_an_unfinished_line_is_forgotten(self) -> None:
        state, _ = type_keys("12")
        assert type_keys("34\n", 11, state)[1] == "34"

    def test_escape_clears(self) -> None:
        state, _ = type_keys("12")
        state, _ = key(state, 1, True, 1, 10)
        assert type_keys("\n", 1, state)[1] is None

    @pytest.mark.parametrize(
        ("kind", "line", "claim"),
        [
            ("card", "0002972728", (ClaimKind.CARD, "0002972728")),
            ("card", "not a card", None),
            ("pin", "4711", (ClaimKind.PIN, "4711")),
            ("pin", "47a1", None),
            ("permit", "GATE1:x", (ClaimKind.PERMIT, "GATE1:x")),
        ],
    )
    def test_what_a_line_stands_for(self, kind: str, line: str, claim: object) -> None:
        settings = ReaderSettings(driver="wedge", kind=kind)  # type: ignore[arg-type]
        assert typed_claim(line, settings) == claim

    def test_the_device_is_grabbed_and_its_keys_become_a_claim(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import os

        out, into = os.pipe()
        events: list[Any] = []
        grabbed: list[str] = []

        class InputDevice:
            def __init__(self, path: str) -> None:
                self.path, self.fd = path, out

            def grab(self) -> None:
                grabbed.append(self.path)

            def read(self) -> list[Any]:
                os.read(out, 1)
                return events

            def close(self) -> None:
                pass

        fake = types.ModuleType("evdev")
        fake.InputDevice = InputDevice  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "evdev", fake)
        for code in [CODES[d] for d in "0002972728"] + [28]:
            for value in (1, 2, 0):
                events.append(types.SimpleNamespace(type=1, code=code, value=value))
        claims: queue.Queue[Claim] = queue.Queue()
        path = "/dev/input/by-id/usb-reader-event-kbd"
        reader = Reader(ReaderSettings(driver="wedge", port=path), claims.put)
        reader.open()
        os.write(into, b"x")
        assert claims.get(timeout=3).value == "0002972728"
        assert grabbed == [path]
        reader.close()
        os.close(out)
        os.close(into)

    def test_a_wedge_that_is_not_there_is_told_with_its_path(self) -> None:
        pytest.importorskip("evdev")
        told: list[str] = []
        settings = ReaderSettings(driver="wedge", port="/dev/input/by-id/none")
        reader = Reader(settings, lambda c: None, lambda name, there, why: told.append(why))
        reader.open()
        assert eventually(lambda: bool(told))
        reader.close()
        assert "/dev/input/by-id/none" in told[0]


def test_an_osdp_reader_without_a_key_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        ReaderSettings(driver="osdp")
