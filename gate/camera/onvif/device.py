"""One ONVIF camera: its clock, its streams, its resolution."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import httpx

from gate.camera.onvif import soap
from gate.errors import CameraError


@dataclass(frozen=True, slots=True)
class Stream:
    """One profile of a camera: what it sends and how to get it.

    Attributes:
        encoder: token of its video encoder configuration; "" when it names none.
        address: rtsp://… without user and password.
    """

    profile: str
    name: str
    encoder: str
    encoding: str
    width: int
    height: int
    fps: float
    address: str


class Camera:
    """``address``: of the device service, or only host and port. Use as a context manager.

    Every method raises CameraError.
    """

    def __init__(
        self, address: str, user: str = "", password: str = "", timeout: float = 5.0
    ) -> None:
        plain = address if "://" in address else f"http://{address}"
        self.address = (
            plain
            if urlsplit(plain).path.strip("/")
            else (f"{plain.rstrip('/')}/onvif/device_service")
        )
        self._user, self._password = user, password
        digest = httpx.DigestAuth(user, password) if user else None
        # a camera's certificate is its own; the network it is in has to be trusted
        self._client = httpx.Client(timeout=timeout, auth=digest, verify=False)
        self._ahead = timedelta()  # of its clock before ours
        self._media = ""

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def clock(self) -> timedelta:
        """How far its clock is ahead of ours. Needs no password."""
        root = self._ask(self.address, "tds:GetSystemDateAndTime", secure=False)
        at = root.find(".//tt:UTCDateTime", soap.NAMES)
        if at is None:
            raise self._wrong("it does not say its time in UTC")
        try:
            year, month, day = (
                int(soap.text(at, f"tt:Date/tt:{part}")) for part in ("Year", "Month", "Day")
            )
            hour, minute, second = (
                int(soap.text(at, f"tt:Time/tt:{part}")) for part in ("Hour", "Minute", "Second")
            )
            theirs = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            raise self._wrong("its time is none") from None
        self._ahead = theirs - datetime.now(UTC)
        return self._ahead

    def set_clock(self, at: datetime) -> None:
        """Set its clock by hand, in UTC."""
        t = at.astimezone(UTC)
        self._ask(
            self.address,
            "tds:SetSystemDateAndTime",
            "<tds:DateTimeType>Manual</tds:DateTimeType>"
            "<tds:DaylightSavings>false</tds:DaylightSavings>"
            "<tds:TimeZone><tt:TZ>UTC0</tt:TZ></tds:TimeZone><tds:UTCDateTime>"
            f"<tt:Time><tt:Hour>{t.hour}</tt:Hour><tt:Minute>{t.minute}</tt:Minute>"
            f"<tt:Second>{t.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{t.year}</tt:Year><tt:Month>{t.month}</tt:Month>"
            f"<tt:Day>{t.day}</tt:Day></tt:Date></tds:UTCDateTime>",
        )

    def model(self) -> str:
        """Maker, model and firmware as it says them."""
        root = self._ask(self.address, "tds:GetDeviceInformation")
        parts = (
            soap.text(root, f".//tds:{p}") for p in ("Manufacturer", "Model", "FirmwareVersion")
        )
        return " ".join(part for part in parts if part)[:120]

    def streams(self) -> list[Stream]:
        """Its profiles with the addresses of their streams."""
        root = self._ask(self._media_service(), "trt:GetProfiles")
        found = []
        for profile in root.iterfind(".//trt:Profiles", soap.NAMES):
            token = profile.get("token", "")
            encoder = profile.find("tt:VideoEncoderConfiguration", soap.NAMES)
            if encoder is None:
                continue
            answer = self._ask(
                self._media_service(),
                "trt:GetStreamUri",
                "<trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport>"
                "<tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>"
                f"<trt:ProfileToken>{escape(token)}</trt:ProfileToken>",
            )
            found.append(
                Stream(
                    profile=token,
                    name=soap.text(profile, "tt:Name"),
                    encoder=encoder.get("token", ""),
                    encoding=soap.text(encoder, "tt:Encoding"),
                    width=_number(encoder, "tt:Resolution/tt:Width"),
                    height=_number(encoder, "tt:Resolution/tt:Height"),
                    fps=float(_number(encoder, "tt:RateControl/tt:FrameRateLimit")),
                    address=soap.text(answer, ".//tt:Uri"),
                )
            )
        return found

    def set_resolution(self, stream: Stream, width: int, height: int) -> None:
        """Set the picture of a stream; its other settings are sent back as they are."""
        root = self._ask(
            self._media_service(),
            "trt:GetVideoEncoderConfiguration",
            f"<trt:ConfigurationToken>{escape(stream.encoder)}</trt:ConfigurationToken>",
        )
        found = root.find(".//trt:Configuration", soap.NAMES)
        if found is None:
            raise self._wrong("it does not say how the stream is encoded")
        for name, value in (("Width", width), ("Height", height)):
            element = found.find(f"tt:Resolution/tt:{name}", soap.NAMES)
            if element is None:
                raise self._wrong("it does not say the stream's resolution")
            element.text = str(value)
        inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in found)
        token = quoteattr(found.get("token", stream.encoder))
        self._ask(
            self._media_service(),
            "trt:SetVideoEncoderConfiguration",
            f"<trt:Configuration token={token}>{inner}</trt:Configuration>"
            "<trt:ForcePersistence>true</trt:ForcePersistence>",
        )

    def _media_service(self) -> str:
        if not self._media:
            root = self._ask(
                self.address,
                "tds:GetCapabilities",
                "<tds:Category>Media</tds:Category>",
            )
            named = soap.text(root, ".//tt:Media/tt:XAddr")
            # behind a router a camera names an address nobody reaches: its path counts
            host = urlsplit(self.address)
            path = urlsplit(named).path or "/onvif/media_service"
            self._media = f"{host.scheme}://{host.netloc}{path}"
        return self._media

    def _ask(
        self, url: str, action: str, inner: str = "", *, secure: bool = True
    ) -> ElementTree.Element:
        header = ""
        if secure and self._user:
            at = datetime.now(UTC) + self._ahead
            header = soap.security(self._user, self._password, os.urandom(16), at)
        prefix, name = action.split(":")
        uri = f"{soap.NAMES[prefix]}/{name}"
        kind = f'application/soap+xml; charset=utf-8; action="{uri}"'
        body = soap.envelope(f"<{action}>{inner}</{action}>", header)
        try:
            answer = self._client.post(
                url, content=body, headers={"Content-Type": kind, "SOAPAction": f'"{uri}"'}
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CameraError(
                f"the camera does not answer: {type(error).__name__}",
                where=self.address,
                hint="check its address, power and network, and that ONVIF is switched on in it",
            ) from None
        if answer.status_code == 401:
            raise self._refused("user or password is wrong")
        root = soap.parse(answer.content, self.address)
        if why := soap.fault(root):
            raise self._refused(f"{name}: {why}")
        if answer.status_code != 200:
            raise self._wrong(f"it answers {answer.status_code}")
        return root

    def _refused(self, why: str) -> CameraError:
        return CameraError(
            f"the camera refuses: {why}",
            where=self.address,
            hint="many cameras have an ONVIF user of their own, made in their web page; what a "
            "camera does not offer by ONVIF is set there as well",
        )

    def _wrong(self, why: str) -> CameraError:
        return CameraError(
            f"the camera cannot be used by ONVIF: {why}",
            where=self.address,
            hint="set it in its own web page",
        )


def _number(element: ElementTree.Element, path: str) -> int:
    found = soap.text(element, path)
    number = found.replace(".", "", 1)
    return int(float(found)) if number.isascii() and number.isdigit() else 0
