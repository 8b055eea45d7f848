"""What a user gets to read when the outside is wrong: three lines, never a stack trace."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.camera.replay import Recording
from gate.config.settings import load
from gate.integrations.broker import find_mosquitto, free_port
from gate.store.store import Store
from tests import warm
from tests.small_disk import mounted
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parent.parent / "fixtures"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def config(tmp_path: Path, models: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'name = "north"\ndata = "{tmp_path}/data"\n'
        f'[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[models]\nfolder = "{models}"\n[store]\nballast = 0\n'
        f"[screen]\nenabled = false\n"
    )
    return path


@pytest.fixture
def gate(config: Path) -> Run:
    """``gate`` as a user types it; whatever happens, no stack trace."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GATE_")}
        done = warm.run(
            *arguments, "--config", str(config), environment=environment | {"COLUMNS": "200"}
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert "this should not happen" not in done.stderr
        return done

    return run


def portrait() -> np.ndarray:
    image = cv2.imread(str(FIXTURES / "enrolled" / "barack-obama.jpg"))
    assert image is not None
    return image


def test_photographs_that_cannot_enrol_are_reported_one_by_one(gate: Run, tmp_path: Path) -> None:
    face = portrait()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes((FIXTURES / "enrolled" / "barack-obama.jpg").read_bytes()[:20_000])
    text = tmp_path / "text.jpg"
    text.write_text("no photograph")
    nobody = tmp_path / "nobody.png"
    cv2.imwrite(str(nobody), np.full((480, 640, 3), 120, np.uint8))
    five = tmp_path / "five.png"
    cv2.imwrite(str(five), np.hstack([cv2.resize(face, None, fx=0.38, fy=0.38)] * 5))
    done = gate(
        "enroll",
        *map(str, (cut, text, nobody, five, tmp_path / "missing.jpg")),
        *("--name", "Nobody", "--birth-year", "1950", "--agreed", "paper"),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: no photograph can be used:")
    assert f"{cut}: the photograph is damaged" in done.stderr
    assert f"{text}: not a readable photograph" in done.stderr
    assert f"{nobody}: no face in it" in done.stderr
    assert f"{five}: several faces in it" in done.stderr
    assert f"{tmp_path / 'missing.jpg'}: No such file or directory" in done.stderr
    assert "what to do: take others" in done.stderr


def test_a_damaged_frame_of_a_recording_is_named_and_the_others_are_used(
    gate: Run, tmp_path: Path, config: Path
) -> None:
    config.write_text(config.read_text() + "[mqtt]\nenabled = false\n")
    folder = tmp_path / "frames"
    folder.mkdir()
    frame = next((FIXTURES / "recordings" / "empty").glob("*.jpg"))
    for number in range(3):
        shutil.copy(frame, folder / f"{number}.jpg")
    (folder / "1.jpg").write_bytes(frame.read_bytes()[:500])
    done = gate("replay", str(folder))
    assert done.returncode == 0
    assert "the image cannot be decoded: the file is damaged or not an image" in done.stdout
    assert str(folder / "1.jpg") in done.stdout
    assert "2 frames, 1 damaged" in done.stdout


def test_a_video_that_lost_its_end_is_named(gate: Run, tmp_path: Path, config: Path) -> None:
    config.write_text(config.read_text() + "[mqtt]\nenabled = false\n")
    whole = (FIXTURES / "recordings" / "resident-walks-up.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    done = gate("replay", str(cut))
    assert done.returncode == 1
    assert "error: the video cannot be opened" in done.stderr
    assert f"where: {cut}" in done.stderr
    assert "cut off" in done.stderr


def test_a_video_of_which_half_can_be_read_says_how_much(tmp_path: Path) -> None:
    path = tmp_path / "half.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for number in range(40):
        writer.write(np.full((64, 64, 3), number, np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    recording = Recording(path, paced=False)
    recording.open()
    frames, said = 0, ""
    while not said:
        try:
            assert recording.read(0.0) is not None
            frames += 1
        except Exception as error:
            said = str(error)
    assert 0 < frames < 36
    assert f"the video is cut off: {frames} of 40 frames could be read" in said
    assert "what could be read was used" in said


def test_every_mistake_of_the_configuration_is_reported_at_once(gate: Run, config: Path) -> None:
    config.write_text(config.read_text() + '[door]\nunlok = 3\n[advanced]\ndoor.hold = "long"\n')
    done = gate("config", "check")
    assert done.returncode == 1
    assert done.stderr.startswith("error: 2 mistakes in the configuration:")
    assert "door.unlok: there is no such key; did you mean unlock?" in done.stderr
    assert "advanced.door.hold = 'long'" in done.stderr
    assert f"where: {config}" in done.stderr


def make_store(config: Path) -> Path:
    settings = load(config)
    Store.open(settings.store, settings.data).close()
    return settings.data


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        ("folder", "the key file cannot be read: Is a directory"),
        ("content", "the key file does not hold a key"),
        ("binary", "the key file does not hold a key"),
        ("missing", "the key file is missing"),
        ("other", "the key file does not belong to this database"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_named(
    gate: Run, config: Path, breaks: str, says: str
) -> None:
    key = make_store(config) / "gate.key"
    key.unlink()
    if breaks == "folder":
        key.mkdir()
    elif breaks != "missing":
        wrong = {"content": b"secret\n", "binary": b"\xff\xfe\x00" * 20, "other": b"00" * 32}
        key.write_bytes(wrong[breaks])
        key.chmod(0o600)
    done = gate("people", "list")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {says}")
    assert f"where: {key}" in done.stderr
    assert "what to do:" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_key_file_of_another_user_is_named(gate: Run, config: Path) -> None:
    key = make_store(config) / "gate.key"
    key.chmod(0)
    done = gate("people", "list")
    assert done.returncode == 1
    assert "the key file cannot be read: Permission denied" in done.stderr


def test_a_database_of_a_newer_gate_is_left_alone(gate: Run, config: Path) -> None:
    settings = load(config)
    with Store.open(settings.store, settings.data) as store, store.database.connect() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
        connection.commit()
    done = gate("people", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the database was written by a newer version of the gate")
    assert "schema 9999" in done.stderr
    assert "what to do: install that version again" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB that can really be full."""
    with mounted(tmp_path / "small", "16m") as where:
        yield where


def test_a_full_disk_is_named(gate: Run, config: Path, small_disk: Path) -> None:
    config.write_text(config.read_text().replace(str(config.parent / "data"), str(small_disk)))
    make_store(config)
    # opening fails already where the ballast has taken the rest
    with contextlib.suppress(OSError), (small_disk / "filling").open("wb", buffering=0) as filling:
        while filling.write(bytes(1 << 16)):
            pass
    done = gate(
        *("enroll", str(FIXTURES / "enrolled" / "barack-obama.jpg")),
        *("--name", "X", "--birth-year", "1950", "--agreed", "paper"),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the disk is full")
    assert "what to do: free some space" in done.stderr


class RefusingBroker:
    """Answers every CONNECT of MQTT 5 with reason 0x86: bad user name or password."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.recv(4096)
                client.sendall(bytes((0x20, 0x03, 0x00, 0x86, 0x00)))

    def stop(self) -> None:
        self._socket.close()


@pytest.fixture(params=["mosquitto", "by the protocol"])
def refusing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of a broker that knows no password but its own."""
    if request.param == "by the protocol":
        broker = RefusingBroker()
        yield broker.port
        broker.stop()
        return
    program = find_mosquitto()
    if program is None:
        pytest.skip("there is no mosquitto here")
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\n")
    process = subprocess.Popen([program, "-c", str(conf)], stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        threading.Event().wait(0.05)
    yield port
    process.terminate()
    process.wait(PATIENCE)


def test_a_broker_that_refuses_the_password_and_a_port_that_is_not_there_are_named(
    gate: Run, config: Path, refusing: int
) -> None:
    config.write_text(
        config.read_text()
        + f'[[camera]]\nsource = "{FIXTURES}/recordings/empty"\n'
        + f'[mqtt]\nport = {refusing}\nusername = "north"\npassword = "hunter22"\n'
        + '[relay]\ndriver = "lcus"\nport = "/dev/ttyUSB77"\n'
    )
    done = gate("doctor")
    assert done.returncode == 1
    assert "the broker refuses this client" in done.stdout
    assert f"127.0.0.1:{refusing}" in done.stdout
    assert "check [mqtt] username and password" in done.stdout
    assert "hunter22" not in done.stdout + done.stderr
    assert "the serial port cannot be opened: No such file or directory (/dev/ttyUSB77)" in (
        done.stdout
    )
    assert "plug the device in" in done.stdout
