"""The camera source and ``gate run`` against RTSP servers nobody here wrote, with cuts."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gate.camera.capture import Capture
from gate.camera.settings import CameraSettings
from gate.config.settings import build
from gate.demo.scenes import enrol_photographs
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.services.enrolment import Examiner
from gate.store.store import Store
from tests.camera.rtsp_serving import RtspServer, film_of, missing
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
RESIDENT = FIXTURES / "recordings" / "resident-walks-up.mp4"
LONG = 120.0  # seconds; the server encodes, on a machine that does much else


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a minute, so that no stream ends before a test does."""
    return film_of(RESIDENT, 20, tmp_path_factory.mktemp("film") / "resident.mp4")


@pytest.fixture(scope="module", params=["gstreamer", "pypi"])
def kind(request: pytest.FixtureRequest, packages: Path) -> str:
    if why := missing(request.param, packages):
        pytest.skip(why)
    return str(request.param)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def server(kind: str, film: Path, packages: Path) -> Iterator[RtspServer]:
    made = RtspServer(kind, film, packages)
    made.up()
    yield made
    made.down()


@pytest.fixture
def heard() -> list[tuple[bool, str]]:
    return []


def camera(address: str, heard: list[tuple[bool, str]]) -> Capture:
    settings = CameraSettings(source=address, silent_after=3, retry_first=0.1, retry_most=0.5)
    return Capture(settings, lambda camera, there, why: heard.append((there, why)))


def test_pictures_arrive_and_are_those_of_the_recording(
    server: RtspServer, heard: list[tuple[bool, str]]
) -> None:
    with closing(camera(server.address, heard)) as capture:
        capture.open()
        first = wait_for(lambda: capture.read(1.0), LONG)
        second = wait_for(lambda: capture.read(1.0), LONG)
    assert first.image.shape == (480, 640, 3)
    assert second.captured > first.captured
    wanted = np.mean([frame.mean() for frame in frames(RESIDENT)])
    assert abs(first.image.mean() - wanted) < 25  # a picture of this scene, not grey
    assert first.image.std() > 20


@pytest.mark.parametrize("cut", ["no power", "frozen"])
def test_a_server_that_goes_is_reported_once_and_used_again_when_it_is_back(
    cut: str, server: RtspServer, heard: list[tuple[bool, str]]
) -> None:
    with closing(camera(server.address, heard)) as capture:
        capture.open()
        wait_for(lambda: capture.read(1.0), LONG)
        if cut == "no power":
            server.down()
            wait_for(lambda: len(heard) > 1, LONG)
            server.up()
        else:
            with server.frozen():
                wait_for(lambda: len(heard) > 1, LONG)
        wait_for(lambda: len(heard) > 2, LONG)
        assert wait_for(lambda: capture.read(1.0), LONG)
    assert [there for there, _ in heard[:3]] == [True, False, True]
    assert heard[1][1] == ("the stream ended" if cut == "no power" else "no frame for 3 s")


def test_an_address_it_does_not_have(server: RtspServer, heard: list[tuple[bool, str]]) -> None:
    with closing(camera(server.address.replace("door", "garden"), heard)) as capture:
        capture.open()
        wait_for(lambda: heard, LONG)
        assert capture.read(0.01) is None
    assert heard[0] == (False, "it cannot be opened")


def test_a_wrong_password(server: RtspServer, heard: list[tuple[bool, str]]) -> None:
    if server.kind != "gstreamer":
        pytest.skip("this server asks for no password")
    with closing(camera(server.address_for("other"), heard)) as capture:
        capture.open()
        wait_for(lambda: heard, LONG)
    assert heard[0] == (False, "it cannot be opened")


def frames(recording: Path) -> list[np.ndarray]:
    import cv2

    capture, found = cv2.VideoCapture(str(recording)), []
    while (read := capture.read())[0]:
        found.append(read[1])
    capture.release()
    return found


def events(folder: Path) -> list[str]:
    """Types, the first event first."""
    with closing(sqlite3.connect(folder / "gate.db")) as connection:
        rows = connection.execute("select type from events order by sequence")
        return [type for (type,) in rows]


@contextmanager
def gate_run(folder: Path, source: str) -> Iterator[None]:
    """``gate run`` with the enrolled of the fixtures, and this camera."""
    values: dict[str, dict[str, Any]] = {
        "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
        "liveness": {"mode": "warn"},
        "models": {"folder": str(folder / "models")},
        "mqtt": {"enabled": False},
        "screen": {"enabled": False},
        "access": {"passage": {"same_person": 1.0}},
        "store": {"ballast": 0},
    }
    settings = build({**values, "data": str(folder)})
    with Store.open(settings.store, folder) as store:
        detector = build_detector(settings.recognition, settings.models)
        encoder = build_encoder(settings.recognition, settings.models)
        enrol_photographs(store, Examiner(detector, [encoder]), FIXTURES / "enrolled")
    lines = [
        f"data = {json.dumps(str(folder))}",
        "[[camera]]",
        f"source = {json.dumps(source)}",
        "silent_after = 3",
        "retry_first = 0.1",
        "retry_most = 0.5",
        "[access.passage]",
        "same_person = 1.0",
    ]
    for name in ("recognition", "liveness", "models", "mqtt", "screen", "store"):
        lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in values[name].items())]
    (folder / "gate.toml").write_text("\n".join(lines))
    run = "from gate.cli import main; main()"
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-c", run, "run", "-c", str(folder / "gate.toml")],
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: b"gate.ready" in (folder / "log").read_bytes(), 2 * LONG)
        yield
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(LONG) == 0


def test_a_resident_passes_at_a_network_camera_before_and_after_a_cut(
    server: RtspServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    with gate_run(tmp_path, server.address):
        wait_for(lambda: "passage.granted" in events(tmp_path), LONG)
        server.down()
        wait_for(lambda: "camera.lost" in events(tmp_path), LONG)
        server.up()
        wait_for(lambda: "camera.back" in events(tmp_path), LONG)

        def after() -> list[str]:
            seen = events(tmp_path)
            return seen[seen.index("camera.back") :]

        wait_for(lambda: "passage.granted" in after(), LONG)
    log = (tmp_path / "log").read_text()
    assert "secret" not in log  # the address' password
