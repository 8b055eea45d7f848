"""Recordings: folders and videos, whole, damaged and cut off."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording, Frame
from gate.errors import CameraError


def image(value: int) -> np.ndarray:
    return np.full((48, 64, 3), value, np.uint8)


def folder(tmp_path: Path, count: int) -> Path:
    for n in range(count):
        cv2.imwrite(str(tmp_path / f"{n:03}.png"), image(n))
    return tmp_path


def everything(recording: Recording) -> list[Frame | CameraError]:
    recording.open()
    found: list[Frame | CameraError] = []
    while True:
        try:
            frame = recording.read(0)
        except EndOfRecording:
            return found
        except CameraError as error:
            found.append(error)
            continue
        assert frame is not None
        found.append(frame)


def test_a_folder_gives_every_frame_at_its_own_time(tmp_path: Path) -> None:
    frames = everything(Recording(folder(tmp_path, 5), fps=10, start=100, paced=False))
    assert [f.captured for f in frames if isinstance(f, Frame)] == pytest.approx(
        [100.0, 100.1, 100.2, 100.3, 100.4]
    )
    assert [int(f.image[0, 0, 0]) for f in frames if isinstance(f, Frame)] == [0, 1, 2, 3, 4]


def test_paced_takes_the_time_it_took(tmp_path: Path) -> None:
    began = time.monotonic()
    frames = everything(Recording(folder(tmp_path, 6), fps=20, paced=True))
    assert 0.2 < time.monotonic() - began < 30
    assert frames


def test_a_corrupt_jpeg_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    for n in range(3):
        cv2.imwrite(str(tmp_path / f"{n}.jpg"), image(50 * n))
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(whole[: len(whole) // 2])
    frames = everything(Recording(tmp_path, paced=False))
    assert [type(f) for f in frames] == [Frame, CameraError, Frame]
    assert "damaged" in str(frames[1])
    assert "1.jpg" in str(frames[1])


def test_an_empty_folder_and_a_missing_path_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="holds no images"):
        Recording(tmp_path, paced=False).open()
    with pytest.raises(CameraError, match="no such recording"):
        Recording(tmp_path / "none", paced=False).open()


def video(path: Path, count: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    rng = np.random.default_rng(1)
    for _ in range(count):
        writer.write(rng.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    return path


def test_a_video_gives_its_frames(tmp_path: Path) -> None:
    frames = everything(Recording(video(tmp_path / "a.avi", 12), paced=False))
    assert len(frames) == 12
    assert all(isinstance(f, Frame) for f in frames)


def test_a_truncated_video_gives_what_it_holds_and_says_that_it_is_cut(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi", 40)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames = everything(Recording(path, paced=False))
    assert isinstance(frames[-1], CameraError)
    assert "cut off" in str(frames[-1]) or "cannot be opened" in str(frames[-1])


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    with pytest.raises(CameraError, match="cannot be opened"):
        Recording(tmp_path / "a.mp4", paced=False).open()
