"""RDM6300 frames: cut, damaged, repeated."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gate.readers.rdm6300 import encode, parse
from gate.simulators.port import spoil
from tests.effort import rounds

GOLDEN = bytes.fromhex("0230413030324435433338343303")


def test_golden_frame_both_ways() -> None:
    assert parse(GOLDEN) == ([0x002D5C38], b"")
    assert encode(0x002D5C38, 0x0A) == GOLDEN


def test_a_frame_in_pieces() -> None:
    numbers, rest = [], b""
    for byte in GOLDEN * 2:
        found, rest = parse(rest + bytes((byte,)))
        numbers += found
    assert numbers == [0x002D5C38] * 2


def test_a_wrong_check_is_no_card() -> None:
    for at in range(1, 13):
        wrong = bytearray(GOLDEN)
        wrong[at] = ord("1") if wrong[at] != ord("1") else ord("2")
        assert parse(bytes(wrong))[0] == []


@given(st.binary(max_size=200))
def test_any_bytes_give_no_error_and_a_short_rest(data: bytes) -> None:
    _, rest = parse(data)
    assert len(rest) < 14


def test_damaged_frames() -> None:
    chance = random.Random(4)
    true = {chance.getrandbits(32) for _ in range(50)}
    cards = sorted(true)
    rest = b""
    found = 0
    for n in range(rounds(4_000)):
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
    assert found > rounds(4_000) / 4 * 0.99


def test_frames_with_many_errors_each_never_agree_twice_on_a_false_number() -> None:
    chance = random.Random(4)
    last = 0
    rest = b""
    single = 0
    for _ in range(rounds(4_000)):
        numbers, rest = parse(rest + spoil(GOLDEN, 0.1, chance))
        for number in numbers:
            single += number != 0x002D5C38
            assert number == 0x002D5C38 or number != last
            last = number
    assert single < 1000  # what confirm = 2 is for


def test_resynchronised_within_two_frames() -> None:
    chance = random.Random(5)
    for _ in range(rounds(2_000, 20_000)):
        noise = chance.randbytes(chance.randrange(40)) + GOLDEN[: chance.randrange(14)]
        numbers, _ = parse(noise + GOLDEN * 2)
        assert 0x002D5C38 in numbers
