"""A network camera for `gate init`: offered, chosen, asked for its streams."""

from __future__ import annotations

import pytest

from gate.camera.onvif.device import Stream
from gate.camera.onvif.discovery import Found
from gate.errors import CameraError, ConfigurationError
from gate.setup import network_camera
from gate.setup.network_camera import best, choose
from tests.camera.onvif.test_onvif import Simulated


class Answers:
    """Says nothing aloud and answers in order."""

    def __init__(self, *answers: str) -> None:
        self.asks = True
        self.said: list[str] = []
        self._answers = list(answers)

    def say(self, text: str, style: str = "", **values: object) -> None:
        self.said.append(text.format(**values))

    def ask(self, text: str, default: str) -> str:
        return self._answers.pop(0) or default

    def sure(self, text: str, default: bool) -> bool:
        return default


def stream(width: int, height: int, address: str = "rtsp://camera/x") -> Stream:
    return Stream("P", "main", "E", "H264", width, height, 25.0, address)


def test_the_smallest_stream_that_shows_faces_large_enough_is_taken() -> None:
    sizes = [(3840, 2160), (1280, 720), (640, 360), (1920, 1080)]
    assert best([stream(*size) for size in sizes]).height == 720
    assert best([stream(640, 360), stream(704, 576)]).height == 576
    with pytest.raises(ConfigurationError, match="no stream"):
        best([stream(1280, 720, "")])


def test_one_of_the_network_is_chosen_and_its_password_is_in_the_source_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(network_camera.PASSWORD, "p@ss/word")
    camera = Simulated()
    try:
        here = f"http://127.0.0.1:{camera.server_port}/onvif/device_service"
        talk = Answers("2", "ga te")
        source = choose("", talk, lambda: [Found("http://elsewhere/"), Found(here, "Gate cam")])
    finally:
        camera.shutdown()
        camera.server_close()
    assert source.startswith("rtsp://ga%20te:p%40ss%2Fword@")
    assert any("Gate cam" in line for line in talk.said)
    assert not any("word" in line for line in talk.said)


def test_nobody_answers_or_another_number_or_not_a_camera() -> None:
    with pytest.raises(ConfigurationError, match="no network camera answered"):
        choose("", Answers(), list)
    with pytest.raises(ConfigurationError, match="no camera 3"):
        choose("", Answers("3"), lambda: [Found("http://127.0.0.1:1/")])
    with pytest.raises(CameraError):
        choose("127.0.0.1:1", Answers(""))
