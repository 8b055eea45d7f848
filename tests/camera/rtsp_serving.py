"""RTSP servers nobody here wrote, each a process that serves one recording as H.264."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from gate.integrations.broker import free_port
from tests.waiting import wait_for

SYSTEM = "/usr/bin/python3"  # Debian's own has the bindings of GStreamer
USER, PASSWORD = "gate", "secret word"

# PyPI's aio-rtsp-toolkit; PyAV, which it brings, encodes the recording
PYPI = """
import asyncio, logging, sys
packages, film, port = sys.argv[1:]
sys.path.insert(0, packages)
from pathlib import Path
import av
from aio_rtsp_toolkit import server

coded = Path(film).with_name("film")
coded.mkdir(exist_ok=True)
coded /= "door.mp4"
if not coded.exists():
    with av.open(film) as read, av.open(str(coded), "w") as write:
        seen = read.streams.video[0]
        quick = {"preset": "ultrafast", "tune": "zerolatency", "g": "10"}
        made = write.add_stream("libx264", rate=10, options=quick)
        made.width, made.height, made.pix_fmt = seen.width, seen.height, "yuv420p"
        for frame in read.decode(seen):
            fresh = av.VideoFrame.from_ndarray(frame.to_ndarray(format="bgr24"), "bgr24")
            write.mux(made.encode(fresh))
        write.mux(made.encode())
asyncio.run(server.serve(str(coded.parent), "127.0.0.1", int(port), control_port=None))
"""

# GStreamer's RTSP server of Debian, with a password as cameras want one
GSTREAMER = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
film, port, user, password = sys.argv[1:]
Gst.init(None)
for name in ("x264enc", "rtph264pay", "decodebin", "qtdemux", "avdec_mpeg4"):
    if Gst.ElementFactory.find(name) is None:
        sys.exit(f"GStreamer has no {name}")
if port == "0":
    sys.exit(0)
server = GstRtspServer.RTSPServer(service=port, address="127.0.0.1")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( filesrc location={film} ! decodebin ! videoconvert ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! "
    "video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)
auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
token = GstRtspServer.RTSPToken()
token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
auth.add_digest(user, password, token)
server.set_auth(auth)
roles = GstRtspServer.RTSPPermissions()
for right in ("media.factory.access", "media.factory.construct"):
    roles.add_permission_for_role("viewer", right, True)
factory.set_permissions(roles)
server.get_mount_points().add_factory("/door.mp4", factory)
server.attach(None)
GLib.MainLoop().run()
"""


class RtspServer:
    """``kind``: "gstreamer" or "pypi"; ``film`` is served as /door.mp4 once ``up`` was called."""

    def __init__(self, kind: str, film: Path, packages: Path) -> None:
        self.kind = kind
        self._film, self._packages = film, packages
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = film.with_name("server.log")

    @property
    def address(self) -> str:
        return self.address_for(PASSWORD)

    def address_for(self, password: str) -> str:
        who = f"{USER}:{password.replace(' ', '%20')}@" if self.kind == "gstreamer" else ""
        return f"rtsp://{who}127.0.0.1:{self._port}/door.mp4"

    def up(self) -> None:
        """Start it, and return when it takes connections."""
        film, port = str(self._film), str(self._port)
        if self.kind == "gstreamer":
            command = [SYSTEM, "-c", GSTREAMER, film, port, USER, PASSWORD]
        else:
            command = [sys.executable, "-c", PYPI, str(self._packages), film, port]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._listens, 180)

    def down(self) -> None:
        """End it at once, as a camera without power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        port = f"{self._port:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return any(f":{port}" in line.split()[1] and line.split()[3] == "0A" for line in lines)


def missing(kind: str, packages: Path) -> str:
    """Why this server cannot be had here; "" where it can.

    Installs PyPI's into ``packages``, unless an earlier run has.
    """
    if kind == "gstreamer":
        command = [SYSTEM, "-c", GSTREAMER, "", "0", "", ""]
        if not Path(SYSTEM).exists() or subprocess.run(command, capture_output=True).returncode:
            return "Debian's GStreamer with its RTSP server is not installed"
        return ""
    wanted = "aio-rtsp-toolkit[server]==0.1.4"
    whole = packages / f"{wanted} {sys.implementation.cache_tag}"  # there once all of it is
    if whole.exists():
        return ""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target"]
    done = subprocess.run([*pip, str(packages), wanted], capture_output=True)
    if done.returncode:
        return "the package aio-rtsp-toolkit cannot be installed here"
    whole.touch()
    return ""


def film_of(recording: Path, times: int, made: Path) -> Path:
    """The recording, ``times`` over, as one film."""
    frames = []
    capture = cv2.VideoCapture(str(recording))
    while (read := capture.read())[0]:
        frames.append(read[1])
    capture.release()
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(made), cv2.VideoWriter.fourcc(*"mp4v"), 10, (width, height))
    for frame in frames * times:
        writer.write(frame)
    writer.release()
    return made
