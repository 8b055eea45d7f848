"""What is handed on of a stream, and why it is given up."""

from __future__ import annotations

import pytest

from gate.camera.decoding import Decoding
from gate.camera.judge import Ended, Judge
from gate.camera.lateness import Lateness

STEP = 0.1
MISSED = "RTP: missed 1 packets\n"
RESIZED = "Format yuv420p chosen by get_format().\n"


class Camera:
    """Ten pictures a second; what was printed with each is given."""

    def __init__(self, **judge: object) -> None:
        self.said = ""
        self.now, self.stamp = 1000.0, 0.0
        late = Lateness(lambda: True)
        told = {"lateness": late, "decoding": Decoding(1), "printed": lambda: self.said} | judge
        self.judge = Judge(**told)  # type: ignore[arg-type]

    def gives(self, *, key: bool = False, took: float = STEP, said: str = "") -> Ended | bool:
        self.said = said
        self.now += took
        self.stamp += STEP
        return self.judge.verdict(self.stamp, key, self.now)

    def until_ended(self, pictures: int, *, took: float = STEP, said: str = "") -> Ended | bool:
        for _ in range(pictures):
            verdict = self.gives(took=took, said=said)
            if isinstance(verdict, Ended):
                return verdict
        return verdict


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    made.gives(key=True)
    assert made.gives() is True
    return made


def test_a_damaged_picture_is_left_out_and_the_stream_goes_on(camera: Camera) -> None:
    assert camera.gives(said=MISSED) is False
    assert camera.gives() is False
    assert camera.gives(key=True) is True


def test_where_no_picture_is_whole_for_long_the_reason_is_said(camera: Camera) -> None:
    assert camera.until_ended(29, said=MISSED) is False
    assert camera.until_ended(3, said=MISSED) is Ended.DAMAGED


def test_whole_pictures_between_keep_the_stream(camera: Camera) -> None:
    for _ in range(5):
        assert camera.until_ended(25, said=MISSED) is False
        assert camera.gives() is False  # it may still belong to what was lost
        assert camera.gives(key=True) is True


def test_where_every_picture_is_late_for_long_the_reason_is_said(camera: Camera) -> None:
    assert camera.until_ended(100, took=2 * STEP) is Ended.LATE


def test_a_box_that_is_too_slow_may_decode_less() -> None:
    camera = Camera(slower=True)
    camera.gives(key=True)
    assert camera.until_ended(100, took=2 * STEP) is Ended.BEHIND


def test_another_size_ends_the_stream_unless_that_was_in_vain() -> None:
    for sizes, verdict in ((True, Ended.CHANGED), (False, True)):
        camera = Camera(sizes=sizes)
        for _ in range(3):
            camera.gives(key=True)
        assert camera.gives(key=True, said=RESIZED) is verdict


def test_a_source_without_stamps_and_without_ffmpeg_is_handed_on_as_it_comes() -> None:
    camera = Camera(lateness=None, decoding=None)
    assert all(camera.gives(took=1.0, said=MISSED) is True for _ in range(50))


@pytest.mark.parametrize(
    ("said", "torn"),
    [
        ("Corrupt JPEG data: premature end of data segment\n", True),
        ("Premature end of JPEG file\n", True),
        ("Corrupt JPEG data: 1 extraneous bytes before marker 0xd9\n", False),
        ("", False),
    ],
)
def test_half_a_picture_of_a_usb_camera_is_left_out(said: str, torn: bool) -> None:
    camera = Camera(decoding=None)
    camera.said = said
    assert camera.judge.torn() is torn
