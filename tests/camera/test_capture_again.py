"""Streams that are opened again at once: of another size, or too much for this box."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.camera.capture import IN_VAIN, Capture
from gate.camera.judge import Ended
from tests.camera.capturing import HASTY, PATIENT, start, worker
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def heard() -> list[tuple[bool, str]]:
    return []


def test_a_stream_of_another_size_is_opened_again_at_once_and_is_not_lost(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    if marker.exists():
        send(1, 9, 8, 6); time.sleep(60)
    marker.touch()
    send(0, 7)
    sys.exit({int(Ended.CHANGED)})
    """
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    capture = Capture(PATIENT, told, worker(tmp_path, body), retry=(PATIENCE, PATIENCE))
    capture.open()
    try:
        frames = [wait_for(lambda: capture.read(0.1))]
        while frames[-1].image.shape == (4, 6, 3):
            frames.append(wait_for(lambda: capture.read(0.1)))
        assert frames[-1].image.shape == (8, 6, 3)
        assert heard == [(True, "")]
    finally:
        capture.close()


def test_a_stream_whose_changes_are_of_another_kind_is_not_opened_again_for_ever(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    with marker.open("a") as lives:
        lives.write(sys.argv[2])
    send(0, 7)
    if sys.argv[2] == "1":
        sys.exit({int(Ended.CHANGED)})
    time.sleep(60)
    """
    capture = start(worker(tmp_path, body), heard)
    try:
        wait_for(lambda: (tmp_path / "lives").exists() and "0" in (tmp_path / "lives").read_text())
        assert (tmp_path / "lives").read_text() == "1" * (1 + IN_VAIN) + "0"
        assert heard == [(True, "")]
    finally:
        capture.close()


def test_a_box_too_slow_for_a_stream_decodes_less_of_it_and_says_so(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    send(int(sys.argv[1]), int(sys.argv[1]))
    if sys.argv[1] != "2":
        sys.exit({int(Ended.BEHIND)})
    time.sleep(60)
    """
    slow: list[tuple[bool, str]] = []
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    speed = lambda camera, well, why: slow.append((well, why))  # noqa: E731
    command = worker(tmp_path, body)
    capture = Capture(PATIENT, told, command, retry=(PATIENCE, PATIENCE), slow=speed)
    capture.open()
    try:
        wait_for(lambda: slow)
        assert slow == [(False, "this box is too slow for the stream")]
        assert heard == [(True, "")]
        assert wait_for(lambda: capture.read(0.1)).image[0, 0, 0] == 2
    finally:
        capture.close()


def test_a_box_that_was_too_slow_tries_the_whole_stream_again(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    with marker.open("a") as lives:
        lives.write(sys.argv[1])
    busy = len(marker.read_text()) < 6
    for n in range(10_000):
        send(n)
        if sys.argv[1] != "2" and busy:
            sys.exit({int(Ended.BEHIND)})
        time.sleep(0.005)
    """
    slow: list[bool] = []
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    capture = Capture(
        PATIENT,
        told,
        worker(tmp_path, body),
        retry=(PATIENCE, PATIENCE),
        slow=lambda camera, well, why: slow.append(well),
        whole_again=(0.01, 0.02),
        well=1.0,  # a process that ends after its first frame is never taken for fast enough
    )
    capture.open()
    try:
        wait_for(lambda: len(slow) == 2)
        assert slow == [False, True]
        assert (tmp_path / "lives").read_text() == "012121"
        assert heard == [(True, "")]
    finally:
        capture.close()


def test_key_pictures_far_apart_are_no_lost_camera(
    tmp_path: Path, heard: list[tuple[bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in ("_OPENING", "RARE"):  # a busy machine starts and wakes a process late
        monkeypatch.setattr(f"gate.camera.capture.{seconds}", PATIENCE)
    body = f"""
    if sys.argv[1] != "2":
        sys.exit({int(Ended.BEHIND)})
    send(0); time.sleep(1.0); send(1, 9)
    time.sleep(60)
    """
    capture = start(worker(tmp_path, body), heard, HASTY)
    try:
        wait_for(lambda: capture._count == 2 or (False, "no frame for 0.4 s") in heard)
        assert heard[:1] == [(True, "")]
        assert capture._count == 2
    finally:
        capture.close()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Ended.DAMAGED, "packets of the stream are lost on the way"),
        (Ended.LATE, "the pictures come too late"),
    ],
)
def test_a_stream_given_up_says_why(
    tmp_path: Path, heard: list[tuple[bool, str]], status: int, reason: str
) -> None:
    capture = start(worker(tmp_path, f"send(0)\nsys.exit({int(status)})"), heard)
    try:
        wait_for(lambda: len(heard) >= 2)
        assert heard[:2] == [(True, ""), (False, reason)]
    finally:
        capture.close()
