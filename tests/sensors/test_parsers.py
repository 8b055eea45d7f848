"""Frames of the infrared modules: golden bytes, and any damage to them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sensors import mcu9061x, mcu90640
from gate.simulators.port import spoil
from gate.simulators.temperature import PointSensor, image_frame, point_frame
from tests.effort import rounds

GOLDEN = bytes.fromhex("5A5A45040C780D19A7")


def one_error(frame: bytes, chance: random.Random) -> bytes:
    """One byte changed, lost or doubled."""
    at = chance.randrange(len(frame))
    byte = frame[at]
    kind = chance.randrange(3)
    middle = (bytes((byte ^ chance.randrange(1, 256),)), b"", bytes((byte, byte)))[kind]
    return frame[:at] + middle + frame[at + 1 :]


class TestPoint:
    def test_golden_frame_both_ways(self) -> None:
        assert mcu9061x.parse(GOLDEN, quiet=True) == ([(31.92, 33.53)], b"")
        assert point_frame(31.92, 33.53) == GOLDEN

    def test_commands_are_the_ones_of_the_module(self) -> None:
        assert mcu9061x.STREAM.hex(" ") == "a5 45 ea"
        assert mcu9061x.ONE_READING.hex(" ") == "a5 15 ba"
        sensor = PointSensor(31.92, 33.53, streams=False)
        assert sensor.stream(1) == b""
        assert sensor.receive(mcu9061x.ONE_READING, 1) == GOLDEN
        sensor.receive(mcu9061x.STREAM, 1)
        assert sensor.stream(1) == GOLDEN

    def test_below_zero(self) -> None:
        assert mcu9061x.parse(point_frame(-5.25, -10.5), quiet=True)[0] == [(-5.25, -10.5)]

    def test_a_frame_waits_until_the_next_header_or_a_pause_confirms_it(self) -> None:
        assert mcu9061x.parse(GOLDEN, quiet=False) == ([], GOLDEN)
        values, rest = mcu9061x.parse(GOLDEN + b"\x5a\x5a\x45\x04", quiet=False)
        assert (len(values), rest) == (1, b"\x5a\x5a\x45\x04")

    def test_byte_by_byte(self) -> None:
        values: list[tuple[float, float]] = []
        rest = b""
        for byte in GOLDEN * 3:
            found, rest = mcu9061x.parse(rest + bytes((byte,)), quiet=False)
            values += found
        found, rest = mcu9061x.parse(rest, quiet=True)
        assert (values + found, rest) == ([(31.92, 33.53)] * 3, b"")

    def test_any_single_byte_changed_is_no_reading(self) -> None:
        for at in range(9):
            for value in set(range(256)) - {GOLDEN[at]}:
                wrong = GOLDEN[:at] + bytes((value,)) + GOLDEN[at + 1 :]
                assert mcu9061x.parse(wrong, quiet=True) == ([], b"")

    def test_any_byte_lost_or_doubled_in_a_stream_is_no_false_reading(self) -> None:
        chance = random.Random(1)
        for _ in range(rounds(2_000, 20_000)):
            first = point_frame(chance.uniform(20, 43), chance.uniform(0, 40))
            second = point_frame(chance.uniform(20, 43), chance.uniform(0, 40))
            at = chance.randrange(9)
            hurt = first[:at] + (first[at : at + 1] * 2 if chance.random() < 0.5 else b"")
            hurt += first[at + 1 :]
            values, _ = mcu9061x.parse(hurt + second * 2, quiet=True)
            true = mcu9061x.parse(second * 2, quiet=True)[0]
            # a doubled first or last byte leaves the frame itself whole
            assert [v for v in values if v != mcu9061x._values(first)] == true

    @given(st.binary(max_size=200), st.booleans())
    def test_any_bytes_give_no_error(self, data: bytes, quiet: bool) -> None:
        _, rest = mcu9061x.parse(data, quiet)
        assert len(rest) < 13
        assert not (quiet and rest)

    def test_damaged_frames(self) -> None:
        chance = random.Random(2)
        true = {(round(30 + n / 100, 2), 25.0) for n in range(0, 1000, 37)}
        choices = sorted(true)
        frames = [point_frame(*values) for values in choices]
        rest = b""
        found = 0
        for n in range(rounds(4_000)):
            frame = chance.choice(frames)
            damage = n % 4
            if damage == 0:
                frame = spoil(frame, 0.1, chance)
            elif damage == 1:
                frame = chance.randbytes(chance.randrange(30))
            elif damage == 2:
                frame = frame[: chance.randrange(9)]
            # the modules pause between frames; one pause in three is lost in a busy machine
            values, rest = mcu9061x.parse(rest + frame, quiet=chance.random() > 0.33)
            assert set(values) <= true
            found += len(values)
        assert found > rounds(4_000) / 4 * 0.8

    @pytest.mark.slow
    def test_resynchronised_within_two_frames(self) -> None:
        chance = random.Random(3)
        for _ in range(rounds(2_000, 20_000)):
            noise = chance.randbytes(chance.randrange(40)) + GOLDEN[: chance.randrange(9)]
            values, _ = mcu9061x.parse(noise + GOLDEN * 2, quiet=True)
            assert (31.92, 33.53) in values


class TestImage:
    image = np.round(np.random.default_rng(1).uniform(20, 38, (24, 32)), 2).astype(np.float32)

    def test_both_ways(self) -> None:
        frame = image_frame(self.image, 26.5)
        assert len(frame) == 1544
        assert frame[:4] == bytes.fromhex("5A5A0206")
        ((image, ambient),), rest = mcu90640.parse(frame, quiet=True)
        assert np.abs(image - self.image).max() < 0.006
        assert (ambient, rest) == (26.5, b"")

    def test_damaged_frames(self) -> None:
        chance = random.Random(6)
        images = [self.image, np.flipud(self.image), np.full((24, 32), 33.2, np.float32)]
        frames = [image_frame(image, 26.5 - n) for n, image in enumerate(images)]
        true = set(frames)
        rest = b""
        found = false = 0
        for n in range(rounds(4_000)):
            frame = chance.choice(frames)
            errors = (0, 1, 1, chance.randrange(2, 6), 0, 0)[n % 6]
            for _ in range(errors):
                frame = one_error(frame, chance)
            if n % 6 == 4:
                frame = chance.randbytes(chance.randrange(2000))
            elif n % 6 == 5:
                frame = frame[: chance.randrange(1544)]
            buffer = rest + frame
            values, rest = mcu90640.parse(buffer, quiet=chance.random() > 0.33)
            for image, ambient in values:
                # made again from what was read, header and sum included, it is what was there
                again = image_frame(image, ambient)
                assert again in buffer
                false += again not in true
            found += len(values)
        assert found > rounds(4_000) / 6 * 0.8
        # a sum misses words that changed places, and a few of many errors; it misses no single one
        assert false < 5

    def test_any_single_error_is_no_image(self) -> None:
        chance = random.Random(8)
        frame = image_frame(self.image, 26.5)
        for _ in range(rounds(2_000, 20_000)):
            hurt = one_error(frame, chance)
            if frame in hurt:  # the last byte was doubled
                continue
            assert mcu90640.parse(hurt, quiet=True) == ([], b"")

    @given(st.binary(max_size=4000), st.booleans())
    def test_any_bytes_give_no_error(self, data: bytes, quiet: bool) -> None:
        _, rest = mcu90640.parse(data, quiet)
        assert len(rest) < 1548
        assert not (quiet and rest)

    def test_resynchronised_within_two_frames(self) -> None:
        frame = image_frame(self.image, 26.5)
        chance = random.Random(7)
        for n in range(5000):
            cut = chance.randrange(1544)
            torn = frame[:cut] if n % 2 else frame[cut:] + chance.randbytes(chance.randrange(9))
            images, _ = mcu90640.parse(torn + frame * 2, quiet=True)
            assert len(images) >= 1
            assert images[-1][1] == 26.5

    def test_hottest_pixels_of_the_face(self) -> None:
        image = np.full((24, 32), 22.0, np.float32)
        image[8:10, 14:18] = 34.0
        image[0, 0] = 60.0  # a lamp in the corner
        assert mcu90640.hottest(image, 0.03, (0.4, 0.3, 0.6, 0.5)) == 34.0
        assert mcu90640.hottest(image, 0.001) == 60.0
        assert mcu90640.hottest(image, 1.0, (0.9, 0.9, 0.9, 0.9)) == 22.0
