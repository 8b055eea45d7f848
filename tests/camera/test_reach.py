"""Why a camera gives no picture, asked of devices and of an RTSP server of these tests."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path

import pytest

from gate.camera import reach
from gate.camera.reach import why_not
from tests.waiting import PATIENCE

OTHERWISE = "no frame within 10 s"


class Rtsp:
    """Answers each request with what its path asks for: /free, /basic, /digest, /gone, /web."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heard: list[str] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            with wire:
                while request := wire.recv(4096).decode():
                    self.heard.append(request)
                    wire.sendall(self._answer(request).encode())

    def _answer(self, request: str) -> str:
        path = request.split()[1].rpartition("/")[2]
        if path == "web":
            return "HTTP/1.1 400 Bad Request\r\n\r\n"
        if path == "gone":
            return "RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n"
        if path == "free" or self._allowed(request, path):
            return "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"
        asks = 'Digest realm="cam", nonce="4f"' if path == "digest" else 'Basic realm="cam"'
        return f"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: {asks}\r\n\r\n"

    def _allowed(self, request: str, path: str) -> bool:
        if path == "basic":
            return "Authorization: Basic Z2F0ZTpzQGNyZXQ=\r\n" in request  # gate:s@cret
        uri = request.split()[1]
        a1, a2 = (md5(t.encode()).hexdigest() for t in ("gate:cam:s@cret", f"DESCRIBE:{uri}"))
        return f'response="{md5(f"{a1}:4f:{a2}".encode()).hexdigest()}"' in request

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def listening() -> Iterator[Rtsp]:
    made = Rtsp()
    yield made
    made.close()


@pytest.fixture
def server(listening: Rtsp, monkeypatch: pytest.MonkeyPatch) -> Rtsp:
    monkeypatch.setattr(reach, "PATIENCE", PATIENCE)
    return listening


@pytest.mark.parametrize(
    ("login", "path", "what"),
    [
        ("", "free", OTHERWISE),
        ("", "basic", "the camera asks for a user and a password"),
        ("", "digest", "the camera asks for a user and a password"),
        ("gate:wrong@", "basic", "the camera refuses this user or password"),
        ("gate:wrong@", "digest", "the camera refuses this user or password"),
        ("gate:s%40cret@", "basic", OTHERWISE),
        ("gate:s%40cret@", "digest", OTHERWISE),
        ("", "gone", "the camera has no stream at this path"),
        ("", "web", "what answers there does not speak RTSP"),
    ],
)
def test_the_camera_itself_says_what_is_wrong(
    server: Rtsp, login: str, path: str, what: str
) -> None:
    found = why_not(f"rtsp://{login}127.0.0.1:{server.port}/{path}", OTHERWISE)
    assert found.what == what
    assert found.hint
    assert "cret" not in found.where + found.hint
    # nobody reads a password on the wire, nor in the address asked for
    assert all("s%40cret" not in request for request in server.heard)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("/dev/video-nowhere", "there is no such device"),
        ("rtsp//192.168.1.64/1", "this is not the address of a camera"),
        ("rtsp:192.168.1.64", "the address of the camera cannot be read"),
        ("rtps://192.168.1.64/1", "this is not the address of a camera"),
        ("/nowhere/recordings/resident", "there is no such device, address or recording"),
        ("rtsp://admin:a#1@192.168.1.64/1", "the address of the camera cannot be read"),
        ("rtsp://admin:a/1@192.168.1.64/1", "the address of the camera cannot be read"),
        ("rtsp://camera.invalid/1", "the name camera.invalid is not known"),
    ],
)
def test_an_address_with_a_mistake_is_named(source: str, what: str) -> None:
    found = why_not(source, OTHERWISE)
    assert found.what == what
    assert "a#1" not in found.where
    assert "a/1" not in found.where


def test_a_port_without_a_camera_and_a_camera_that_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as ours:  # nobody else can listen there meanwhile
        ours.bind(("127.0.0.1", 0))
        port = ours.getsockname()[1]
        found = why_not(f"rtsp://127.0.0.1:{port}/1", OTHERWISE)
    assert found.what == f"127.0.0.1 has nothing at port {port}"
    monkeypatch.setattr(reach, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = why_not(f"rtsp://127.0.0.1:{port}/1", OTHERWISE)
    assert found.what == "the camera takes the connection but does not answer"


def test_a_device_that_this_user_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert why_not("/dev/null", OTHERWISE).what == "this user may not open the camera"
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert why_not("/dev/null", OTHERWISE).what == OTHERWISE


def test_a_recording_that_is_there_is_no_mistake(tmp_path: Path) -> None:
    assert why_not(str(tmp_path), OTHERWISE).what == OTHERWISE
    assert re.search("source", why_not(str(tmp_path), OTHERWISE).hint)


def test_a_device_that_is_gone_is_answered_with_names_that_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = [Path("/dev/video1"), Path("/dev/video2")]
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter(there))
    link = Path("/dev/v4l/by-path/pci-0000:00:14.0-usb-0:3:1.0-video-index0")
    monkeypatch.setattr(reach, "lasting", lambda name: [link] if name.endswith("1") else [])
    found = why_not("/dev/video-nowhere", OTHERWISE)
    assert found.hint == f"plug it in, or name one of {link}, /dev/video2"
