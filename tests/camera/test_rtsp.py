"""The camera source and ``gate run`` against RTSP servers nobody here wrote, with cuts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from gate.camera import reach
from gate.camera.capture import Capture
from gate.camera.reach import why_not
from gate.camera.settings import CameraSettings
from gate.config.settings import build
from gate.demo.scenes import enrol_photographs
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.services.enrolment import Examiner
from gate.store.store import Store
from tests.camera.rtsp_serving import RtspServer, film_of, missing
from tests.gate_process import GateProcess
from tests.waiting import PATIENCE, wait_for

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
def packages(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept for the next run, where pytest keeps anything."""
    cache = getattr(pytestconfig, "cache", None)  # absent with -p no:cacheprovider
    return cache.mkdir("rtsp-server") if cache else tmp_path_factory.mktemp("packages")


@pytest.fixture
def server(kind: str, film: Path, packages: Path) -> Iterator[RtspServer]:
    made = RtspServer(kind, film, packages)
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def heard() -> list[tuple[bool, str]]:
    return []


def camera(address: str, heard: list[tuple[bool, str]], silent_after: float = PATIENCE) -> Capture:
    settings = CameraSettings(source=address, silent_after=silent_after)
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    return Capture(settings, told, retry=(0.1, 0.5))


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
    silent_after = 3.0 if cut == "frozen" else PATIENCE
    with closing(camera(server.address, heard, silent_after)) as capture:
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


def test_an_address_it_does_not_have(
    server: RtspServer, heard: list[tuple[bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(camera(server.address.replace("door", "garden"), heard)) as capture:
        capture.open()
        wait_for(lambda: heard, LONG)
        assert capture.read(0.01) is None
    assert heard[0] == (False, "the camera has no stream at this path")
    monkeypatch.setattr(reach, "PATIENCE", PATIENCE)
    found = why_not(server.address.replace("door", "garden"), "")
    assert found.what == "the camera has no stream at this path"
    assert why_not(server.address, "nothing").what == "nothing"


def test_a_wrong_password(
    server: RtspServer, heard: list[tuple[bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if server.kind != "gstreamer":
        pytest.skip("this server asks for no password")
    with closing(camera(server.address_for("other"), heard)) as capture:
        capture.open()
        wait_for(lambda: heard, LONG)
    assert heard[0] == (False, "the camera refuses this user or password")
    monkeypatch.setattr(reach, "PATIENCE", PATIENCE)
    found = why_not(server.address_for("other"), "")
    assert found.what == "the camera refuses this user or password"


def frames(recording: Path) -> list[np.ndarray]:
    import cv2

    capture, found = cv2.VideoCapture(str(recording)), []
    while (read := capture.read())[0]:
        found.append(read[1])
    capture.release()
    return found


def enrol(gate: GateProcess) -> None:
    settings = build(gate.values)
    with Store.open(settings.store, gate.folder) as store:
        detector = build_detector(settings.recognition, settings.models)
        encoder = build_encoder(settings.recognition, settings.models)
        enrol_photographs(store, Examiner(detector, [encoder]), FIXTURES / "enrolled")


def test_a_resident_passes_at_a_network_camera_before_and_after_a_cut(
    server: RtspServer, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At one of the servers: how the source fares with each of them is tested above."""
    if server.kind == "pypi" and not missing("gstreamer", packages):
        pytest.skip("GStreamer's server was used")
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    camera = {"source": server.address, "silent_after": 3}
    gate = GateProcess(tmp_path, {"camera": [camera], "access": {"passage": {"same_person": 1.0}}})
    enrol(gate)
    with gate.running():
        wait_for(lambda: "passage.granted" in gate.types(), LONG)
        server.down()
        wait_for(lambda: "camera.lost" in gate.types(), LONG)
        server.up()
        wait_for(lambda: "camera.back" in gate.types(), LONG)

        def after() -> list[str]:
            seen = gate.types()
            return seen[seen.index("camera.back") :]

        wait_for(lambda: "passage.granted" in after(), LONG)
    assert "secret" not in gate.log.read_text()  # the address' password
