"""A camera on its side or upside down: its pictures are turned wherever they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from gate.camera.capture import Capture
from gate.camera.replay import Recording
from gate.camera.settings import CameraSettings, Turn
from gate.camera.turning import turned
from gate.daemon.recognition_worker import make_source
from tests.camera.capturing import worker
from tests.waiting import PATIENCE

# the numbers 0 to 5 in two rows, and as they are read once the picture was turned clockwise
AS_MOUNTED = [[0, 1, 2], [3, 4, 5]]
TURNED: dict[Turn, list[list[int]]] = {
    0: AS_MOUNTED,
    90: [[3, 0], [4, 1], [5, 2]],
    180: [[5, 4, 3], [2, 1, 0]],
    270: [[2, 5], [1, 4], [0, 3]],
}


def picture() -> NDArray[np.uint8]:
    return np.repeat(np.uint8(AS_MOUNTED)[..., None], 3, axis=2)


def first_of(source: Any) -> list[list[int]]:
    source.open()
    try:
        frame = source.read(PATIENCE)
    finally:
        source.close()
    assert frame is not None
    return [list(map(int, row)) for row in frame.image[..., 0]]


@pytest.mark.parametrize("turn", TURNED)
def test_degrees_are_clockwise(turn: Turn) -> None:
    assert turned(picture(), turn)[..., 2].tolist() == TURNED[turn]


@pytest.mark.parametrize("turn", TURNED)
def test_a_live_camera_and_a_recording_in_its_place(tmp_path: Path, turn: Turn) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    cv2.imwrite(str(frames / "0.png"), picture())
    settings = CameraSettings(source=str(frames), rotate=turn)
    assert first_of(make_source(settings, lambda *_: None)) == TURNED[turn]
    assert first_of(Recording(frames, paced=False, rotate=turn)) == TURNED[turn]

    body = """
    sys.stdout.buffer.write(pack(time.monotonic(), 0, 2, 3))
    sys.stdout.buffer.write(bytes(value for value in range(6) for _ in range(3)))
    sys.stdout.buffer.flush()
    time.sleep(60)
    """
    live = CameraSettings(rotate=turn, silent_after=PATIENCE)
    assert first_of(Capture(live, command=worker(tmp_path, body))) == TURNED[turn]


@pytest.mark.parametrize("wrong", [45, -90, "90", 360])
def test_only_quarters_are_taken(wrong: object) -> None:
    with pytest.raises(ValidationError):
        CameraSettings.model_validate({"rotate": wrong})
