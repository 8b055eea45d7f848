"""100,000 lines, keys and card events: no exception, and nothing taken that was not there."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.readers.claim import UNREADABLE, ClaimKind
from gate.readers.lines import LONGEST_LINE, lines_of
from gate.readers.osdp import Keyed, card_of, keyed
from gate.readers.settings import ReaderSettings
from gate.readers.typed import ENTER, Typing, key
from gate.readers.typed_claim import typed_claim
from gate.readers.wiegand import encode, pack
from gate.simulators.port import spoil
from tests.effort import rounds

pytestmark = pytest.mark.fuzz

PLAIN = ReaderSettings()
FRAMES = rounds(2_000)


def test_texts_of_a_scanner_are_printed_lines_that_were_sent() -> None:
    chance = random.Random(1)
    texts = [f"GATE1:{chance.randbytes(30).hex()}" for _ in range(20)]
    rest = sent = b""
    clean = whole = 0
    for _ in range(FRAMES):
        text = chance.choice(texts)
        frame = text.encode() + b"\r\n"
        fate = chance.randrange(4)
        if fate == 0:
            frame = spoil(frame, 0.05, chance)
        elif fate == 1:
            frame = chance.randbytes(chance.randrange(60))
        elif fate == 2:
            frame = frame[: chance.randrange(len(frame))]
        sent = rest + frame
        found, rest = lines_of(sent)
        for line in found:
            assert line.isprintable()
            assert len(line) <= LONGEST_LINE
            assert line.encode() in sent
        # what came before may be torn and run into a line, never into the one after it
        clean = clean + 1 if fate == 3 else 0
        if clean > 1:
            assert found == [text]
            whole += 1
    assert whole > FRAMES / 20


def test_two_texts_after_any_noise_give_the_second() -> None:
    chance = random.Random(2)
    for _ in range(5000):
        noise = chance.randbytes(chance.randrange(100))
        found, _ = lines_of(noise + b"GATE1:abc\r\nGATE1:abc\r\n")
        assert found[-1] == "GATE1:abc"


def test_a_card_event_counts_only_with_right_parity() -> None:
    chance = random.Random(3)
    taken = 0
    for _ in range(FRAMES):
        length = chance.choice((26, 34))
        number = chance.getrandbits(length - 2)
        bits = list(encode(number, length))
        flipped = chance.sample(range(length), chance.randrange(3))
        for at in flipped:
            bits[at] ^= 1
        half = length // 2
        right = sum(bits[:half]) % 2 == 0 and sum(bits[half:]) % 2 == 1
        said = card_of(pack(tuple(bits)), length, PLAIN)
        assert (said is not None) == right
        if said is not None:
            taken += 1
            assert int(said) == int("".join(map(str, bits[1:-1])), 2)
        assert right or flipped
    assert taken > FRAMES / 4


@given(st.binary(max_size=20), st.integers(-5, 300), st.binary(max_size=40))
def test_any_card_event_and_any_keys_give_no_error(data: bytes, length: int, keys: bytes) -> None:
    said = card_of(data, length, PLAIN)
    assert said is None or (len(said) in (10, 17) and said.isdigit())
    after, pins = keyed(Keyed(), keys, 0.0)
    assert all(part.isdigit() and len(part) <= 12 for part in [*pins, after.digits or "0"])


def test_any_keys_give_a_claim_of_the_configured_kind() -> None:
    chance = random.Random(4)
    settings = {
        kind: ReaderSettings(driver="wedge", kind=kind)  # type: ignore[arg-type]
        for kind in ("card", "pin", "permit")
    }
    typing = Typing()
    now = 0.0
    lines = 0
    for _ in range(FRAMES):
        now += chance.uniform(0, 0.2)
        code = chance.choice((ENTER, chance.randrange(2, 12), chance.randrange(2, 12), 42))
        code = chance.randrange(0, 768) if chance.random() < 0.3 else code
        typing, line = key(typing, code, chance.random() < 0.6, now, 10)
        if line is None:
            continue
        lines += 1
        for kind, one in settings.items():
            shown, value = typed_claim(line, one)
            assert shown is ClaimKind(kind)
            if value != UNREADABLE and kind == "card":
                assert len(value) in (10, 17)
            if value != UNREADABLE and kind != "permit":
                assert value.isdigit()
    assert lines > FRAMES / 20
    typing, _ = key(typing, 42, False, now, 10)  # shift let go
    typing, _ = key(typing, ENTER, True, now, 10)
    for code in (1, 3, 4, 5, ENTER):  # Escape, then 2 3 4
        typing, line = key(typing, code, True, now, 10)
    assert line == "234"
