"""Frames are found again whatever was lost, gained or changed before them."""

from __future__ import annotations

import pytest

from gate.sensors.frames import split

HEADER = b"\x5a\x5a"


def frame(value: int) -> bytes:
    return HEADER + bytes((value, value ^ 0xFF))


def valid(data: bytes) -> bool:
    return data[2] ^ 0xFF == data[3]


def found(buffer: bytes, quiet: bool = False) -> tuple[list[bytes], bytes]:
    return split(buffer, HEADER, 4, valid, quiet)


def test_a_frame_counts_when_the_next_begins_or_the_line_is_quiet() -> None:
    assert found(frame(1) + frame(2)) == ([frame(1)], frame(2))
    assert found(frame(2)) == ([], frame(2))
    assert found(frame(2), quiet=True) == ([frame(2)], b"")


@pytest.mark.parametrize("junk", [b"", b"\x00", b"\x5a", b"\x5a\x5a\x01", b"\xff" * 9])
def test_what_lies_before_is_skipped(junk: bytes) -> None:
    frames, rest = found(junk + frame(7) + frame(8))
    assert frames == [frame(7)]
    assert rest == frame(8)


def test_a_check_that_agrees_by_chance_is_not_enough() -> None:
    assert found(frame(1) + b"\x00\x01" + frame(2), quiet=True) == ([frame(2)], b"")


def test_a_wrong_check_costs_one_frame() -> None:
    damaged = HEADER + b"\x01\x01"
    assert found(damaged + frame(2) + frame(3)) == ([frame(2)], frame(3))


def test_the_beginning_of_a_header_is_kept_for_the_next_bytes() -> None:
    assert found(b"\x00\x00\x5a") == ([], b"\x5a")
    assert found(b"\x00\x00") == ([], b"")
    assert found(b"\x00\x5a", quiet=True) == ([], b"")
