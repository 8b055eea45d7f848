"""ONVIF against the virtual camera of the PyPI package ``ipycam``, and its faults by our own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.camera.onvif import discovery, soap
from gate.camera.onvif.device import Camera
from gate.camera.settings import CameraSettings
from gate.config.settings import Settings
from gate.doctor.finding import Level
from gate.doctor.network import network_cameras
from gate.errors import CameraError
from tests.camera.onvif.onvif_schema import OnvifSchema

IPYCAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipycam.config import CameraConfig
from ipycam.onvif import ONVIFService
from ipycam.discovery import WSDiscoveryServer

config = CameraConfig(local_ip="127.0.0.1", username="gate", password="secret word")
service = ONVIFService(config)

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = self.headers.get("SOAPAction", "").strip('"').rsplit("/", 1)[-1]
        if action != "GetSystemDateAndTime" and not service.verify_usernametoken(body):
            answer, status = service.fault("Sender not authorized"), 400
        else:
            answer, status = service.handle_action(action, body), 200
        data = answer.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Handler)
config.onvif_port = server.server_port
discovery = WSDiscoveryServer(service)
discovery.start()
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def ipycam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A camera nobody here wrote: host and port."""
    folder = tmp_path_factory.mktemp("ipycam")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*pip, "ipycam==1.3.0"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the package ipycam cannot be installed here")
    process = subprocess.Popen(
        [sys.executable, "-c", IPYCAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdigit(), "the virtual camera does not start"
    yield f"127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.mark.slow
def test_clock_model_and_streams(ipycam: str) -> None:
    with Camera(ipycam, "gate", "secret word") as camera:
        assert abs(camera.clock()) < timedelta(seconds=5)
        assert "VirtualCam-1" in camera.model()
        main, sub = camera.streams()
        assert (main.width, main.height, main.encoding) == (1920, 1080, "H264")
        assert (sub.width, sub.height) == (640, 360)
        assert main.address.startswith("rtsp://")
        assert main.address != sub.address


@pytest.mark.slow
def test_a_wrong_password_is_named(ipycam: str) -> None:
    with (
        Camera(ipycam, "gate", "other") as camera,
        pytest.raises(CameraError, match=r"refuses.*authorized"),
    ):
        camera.streams()


@pytest.mark.slow
def test_what_a_camera_does_not_have_is_named(ipycam: str) -> None:
    with (
        Camera(ipycam, "gate", "secret word") as camera,
        pytest.raises(CameraError, match="SetSystemDateAndTime"),
    ):
        camera.set_clock(datetime.now(UTC))


@pytest.mark.slow
def test_it_is_found_in_the_network(ipycam: str) -> None:
    devices = discovery.find(3.0, "127.0.0.1")
    if not devices:
        pytest.skip("multicast does not come back on this machine")
    assert [device.address for device in devices if ipycam in device.address]
    assert devices[0].name == "Virtual Camera" or devices[0].name.startswith("Virtual")


ENCODER = """<tt:Name>enc</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>
<tt:Resolution><tt:Width>{w}</tt:Width><tt:Height>{h}</tt:Height></tt:Resolution>
<tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit>
<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl>
<tt:H264><tt:GovLength>25</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>
<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>
<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>
<tt:SessionTimeout>PT60S</tt:SessionTimeout>"""
PROFILES = (
    '<trt:GetProfilesResponse><trt:Profiles token="P"><tt:Name>main</tt:Name>'
    '<tt:VideoEncoderConfiguration token="E">' + ENCODER + "</tt:VideoEncoderConfiguration>"
    "</trt:Profiles></trt:GetProfilesResponse>"
)


class Simulated(HTTPServer):
    """Our own, for what the other one cannot: a clock and a resolution that can be set, faults."""

    def __init__(self) -> None:
        self.ahead = timedelta(hours=3)
        self.size = (1920, 1080)
        self.raw: bytes | None = None
        self.talk: list[bytes] = []  # requests and answers
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                data = owner.raw if owner.raw is not None else owner.answer(body)
                owner.talk += [body, data]
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, body: bytes) -> bytes:
        asked = soap.parse(body, "client").find("s:Body", soap.NAMES)
        assert asked is not None
        [request] = asked
        match request.tag.rsplit("}", 1)[-1]:
            case "GetSystemDateAndTime":
                t = datetime.now(UTC) + self.ahead
                return soap.envelope(
                    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
                    "<tt:DateTimeType>Manual</tt:DateTimeType>"
                    "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
                    f"<tt:Time><tt:Hour>{t.hour}</tt:Hour><tt:Minute>{t.minute}</tt:Minute>"
                    f"<tt:Second>{t.second}</tt:Second></tt:Time><tt:Date><tt:Year>{t.year}"
                    f"</tt:Year><tt:Month>{t.month}</tt:Month><tt:Day>{t.day}</tt:Day></tt:Date>"
                    "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
                )
            case "SetSystemDateAndTime":
                named = ("Year", "Month", "Day", "Hour", "Minute", "Second")
                n = [int(soap.text(request, f".//tt:{part}")) for part in named]
                at = datetime(n[0], n[1], n[2], n[3], n[4], n[5], tzinfo=UTC)
                self.ahead = at - datetime.now(UTC)
                return soap.envelope("<tds:SetSystemDateAndTimeResponse/>")
            case "GetDeviceInformation":
                said = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
                inner = "".join(f"<tds:{name}>{name} 1</tds:{name}>" for name in said)
                return soap.envelope(
                    f"<tds:GetDeviceInformationResponse>{inner}</tds:GetDeviceInformationResponse>"
                )
            case "GetCapabilities":
                return soap.envelope(
                    "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>"
                    "http://192.168.77.1/onvif/Media</tt:XAddr><tt:StreamingCapabilities/>"
                    "</tt:Media></tds:Capabilities>"
                    "</tds:GetCapabilitiesResponse>"
                )
            case "GetProfiles":
                return soap.envelope(PROFILES.format(w=self.size[0], h=self.size[1]))
            case "GetStreamUri":
                return soap.envelope(
                    "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://127.0.0.1/main</tt:Uri>"
                    "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>"
                    "false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
                    "</trt:MediaUri></trt:GetStreamUriResponse>"
                )
            case "GetVideoEncoderConfiguration":
                return soap.envelope(
                    '<trt:GetVideoEncoderConfigurationResponse><trt:Configuration token="E">'
                    + ENCODER.format(w=self.size[0], h=self.size[1])
                    + "</trt:Configuration></trt:GetVideoEncoderConfigurationResponse>"
                )
            case "SetVideoEncoderConfiguration":
                assert soap.text(request, "trt:Configuration/tt:Quality") == "5"  # kept
                self.size = (
                    int(soap.text(request, ".//tt:Width")),
                    int(soap.text(request, ".//tt:Height")),
                )
                return soap.envelope("<trt:SetVideoEncoderConfigurationResponse/>")
        return soap.envelope(
            "<s:Fault><s:Reason><s:Text>no such action</s:Text></s:Reason></s:Fault>"
        )


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    server = Simulated()
    yield server
    server.shutdown()
    server.server_close()


def test_clock_and_resolution_are_set(simulated: Simulated) -> None:
    with Camera(f"127.0.0.1:{simulated.server_port}", "gate", "x") as camera:
        assert timedelta(hours=2, minutes=59) < camera.clock() < timedelta(hours=3, minutes=1)
        camera.set_clock(datetime.now(UTC))
        assert abs(camera.clock()) < timedelta(seconds=5)
        [stream] = camera.streams()  # the media service's own address cannot be reached from here
        camera.set_resolution(stream, 640, 480)
        [stream] = camera.streams()
        assert (stream.width, stream.height) == (640, 480)


@pytest.mark.slow
def test_every_request_is_as_onvifs_own_schema_says(simulated: Simulated, tmp_path: Path) -> None:
    schema = OnvifSchema(tmp_path)
    with Camera(f"127.0.0.1:{simulated.server_port}", "gate", "x") as camera:
        camera.clock()
        camera.set_clock(datetime.now(UTC))
        camera.model()
        [stream] = camera.streams()
        camera.set_resolution(stream, 640, 480)
    assert len(simulated.talk) == 2 * 8  # what is asked, and what the simulated camera answers
    wrong = {message: errors for message in simulated.talk if (errors := schema.errors(message))}
    assert not wrong
    # and the schema is one: a request without what it must have is refused
    [sent] = [message for message in simulated.talk if b"trt:SetVideoEncoderConf" in message][:1]
    assert schema.errors(sent.replace(b"ForcePersistence", b"Persistence"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html></html",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a/>",
        soap.envelope("<tt:UTCDateTime><tt:Date><tt:Year>x</tt:Year></tt:Date></tt:UTCDateTime>"),
        b" " * (soap.LONGEST + 1),
    ],
    ids=["nothing", "not XML", "entities", "empty", "no time", "endless"],
)
def test_an_answer_that_is_none_is_a_named_error(simulated: Simulated, raw: bytes) -> None:
    simulated.raw = raw
    with Camera(f"127.0.0.1:{simulated.server_port}") as camera, pytest.raises(CameraError):
        camera.clock()


def test_a_camera_that_is_not_there_is_named() -> None:
    with Camera("127.0.0.1:9", timeout=1) as camera, pytest.raises(CameraError, match="answer"):
        camera.clock()


def test_an_answer_of_somebody_else_or_to_another_host_is_no_camera() -> None:
    def answer(relates: str, address: str) -> bytes:
        return soap.envelope(
            "<d:ProbeMatches><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/Front%20door"
            f"</d:Scopes><d:XAddrs>{address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches>",
            f"<wsa:RelatesTo>{relates}</wsa:RelatesTo>",
        )

    good = answer("urn:1", "http://10.0.0.7/onvif/device_service")
    [found] = discovery.matches(good, "urn:1", "10.0.0.7")
    assert found.name == "Front door"
    assert not discovery.matches(good, "urn:2", "10.0.0.7")
    assert not discovery.matches(good, "urn:1", "10.0.0.8")


@given(st.binary(max_size=300))
def test_no_datagram_breaks_the_search(data: bytes) -> None:
    assert discovery.matches(data, "urn:1", "10.0.0.7") == []


def test_doctor_names_a_wrong_clock_and_a_stream_that_is_too_large(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Near(Camera):
        def __init__(self, address: str, *more: object, **named: object) -> None:
            super().__init__(f"127.0.0.1:{simulated.server_port}")

    monkeypatch.setattr("gate.doctor.network.Camera", Near)
    settings = Settings(camera=(CameraSettings(source="rtsp://127.0.0.1/main", width=320),))
    clock, size = network_cameras(settings)
    assert (clock.level, size.level) == (Level.WARN, Level.WARN)
    assert "its clock is +10" in clock.says
    assert "1920×1080" in size.says
    simulated.ahead, simulated.size = timedelta(), (640, 480)
    [fine] = network_cameras(settings)
    assert fine.level is Level.OK
    assert not list(network_cameras(Settings()))  # /dev/video0 is asked nothing


def test_the_password_digest_is_that_of_the_standard() -> None:
    # the example of the ONVIF Application Programmer's Guide, section 6.1.1.3
    import base64

    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    at = datetime(2010, 9, 16, 7, 50, 45, tzinfo=UTC)
    assert "tuOSpGlFlIXsozq4HFNeeGeFLEI=" in soap.security("user", "userpassword", nonce, at)
