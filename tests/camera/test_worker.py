"""The capture process over small streams: what it tells apart depends on FFmpeg's own words.

``streams`` holds GStreamer's moving ball (``videotestsrc pattern=ball``) by x264 and x265: twelve
pictures of 96 × 64, the first and the seventh key ones, and four of 64 × 96, the first a key one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.camera.decoding import Effort
from gate.camera.judge import Ended
from gate.camera.wire import HEADER, unpack

STREAMS = Path(__file__).parent / "streams"
KINDS = ["h264", "h265"]
FIRST, SECOND = (64, 96), (96, 64)  # height and width
START = b"\x00\x00\x01"  # of a unit of H.264 or H.265
ALL, EVERY = 12, 6  # pictures of the first size, and from one key picture to the next


def captured(
    stream: Path, effort: Effort = Effort.WHOLE, sizes: str = "1"
) -> tuple[int, list[tuple[int, int]]]:
    """Exit status, and the size of every picture handed on."""
    arguments = ["640", "480", "15", "3", str(int(effort)), sizes]
    done = subprocess.run(
        [sys.executable, "-m", "gate.camera.worker", *arguments],
        input=f"file://{stream}\n".encode(),
        capture_output=True,
        check=False,
    )
    sent, found = done.stdout, []
    while sent:
        _, _, height, width = unpack(sent[: HEADER.size])
        found.append((height, width))
        sent = sent[HEADER.size + height * width * 3 :]
    return done.returncode, found


@pytest.fixture(params=KINDS)
def stream(request: pytest.FixtureRequest) -> Path:
    return STREAMS / f"two-sizes.{request.param}"


@pytest.mark.slow
def test_pictures_of_another_size_are_not_stretched_to_the_first(stream: Path) -> None:
    status, sizes = captured(stream)
    assert status == Ended.CHANGED
    assert set(sizes) == {FIRST}
    assert ALL - 2 <= len(sizes) <= ALL  # the decoder reads ahead


@pytest.mark.slow
def test_where_sizes_are_not_looked_at_the_stream_goes_on(stream: Path) -> None:
    status, sizes = captured(stream, sizes="0")
    assert status == Ended.STREAM
    assert len(sizes) == ALL + 4


@pytest.mark.slow
def test_pictures_that_need_a_damaged_one_are_left_out(tmp_path: Path) -> None:
    units = (STREAMS / "two-sizes.h264").read_bytes().split(START)
    coded = [i for i, unit in enumerate(units) if unit and unit[0] & 0x1F in (1, 5)]
    third = coded[2]
    units[third] = units[third][: len(units[third]) // 2]
    (tmp_path / "cut.h264").write_bytes(START.join(units))
    status, sizes = captured(tmp_path / "cut.h264")
    assert status == Ended.CHANGED
    assert EVERY <= len(sizes) <= 2 + EVERY  # two before, and those from the next key picture on


@pytest.mark.slow
def test_pictures_that_need_one_that_never_came_are_left_out(tmp_path: Path) -> None:
    units = (STREAMS / "two-sizes.h265").read_bytes().split(START)
    coded = [i for i, unit in enumerate(units) if unit and (unit[0] >> 1) & 0x3F < 32]
    del units[coded[2]]
    (tmp_path / "cut.h265").write_bytes(START.join(units))
    status, sizes = captured(tmp_path / "cut.h265")
    assert status == Ended.CHANGED
    # FFmpeg leaves out those up to the key picture itself, and complains at that
    assert 1 <= len(sizes) <= 2


@pytest.mark.slow
def test_a_box_that_is_too_slow_decodes_key_pictures_alone(stream: Path) -> None:
    status, sizes = captured(stream, Effort.KEY_PICTURES, sizes="0")
    assert status == Ended.STREAM
    assert len(sizes) == ALL // EVERY + 1
