"""A network camera found by ONVIF for ``gate init``: which one, its user, the stream that suits."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from urllib.parse import quote

from gate.camera.onvif.device import Camera, Stream
from gate.camera.onvif.discovery import Found, find
from gate.errors import ConfigurationError
from gate.setup import asking
from gate.setup.talk import Talk

USER = "GATE_CAMERA_USER"
PASSWORD = "GATE_CAMERA_PASSWORD"  # both where nobody is asked
ENOUGH = 720  # lines of a picture in which a face before the gate is large enough


def choose(
    address: str, talk: Talk, look: Callable[[], Sequence[Found]] = lambda: find(3.0)
) -> str:
    """The source for [[camera]]: ``rtsp://USER:PASSWORD@HOST/…``.

    Args:
        address: of the camera, host or host:port; "": those of the network are offered.

    Raises ConfigurationError: nobody answered; CameraError: not a camera, or a wrong password.
    """
    if not address:
        devices = look()
        if not devices:
            raise ConfigurationError(
                "no network camera answered",
                where="ONVIF discovery",
                hint="switch ONVIF on in the camera, or name it: find:192.168.1.64, rtsp://…",
            )
        for number, device in enumerate(devices, 1):
            talk.say(
                "{number}: {address} {name}", number=number, address=device.address,
                name=f"{device.name} {device.hardware}".strip(),
            )  # fmt: skip
        chosen = talk.ask("number of the camera", "1")
        if not (chosen.isascii() and chosen.isdigit()) or not 1 <= int(chosen) <= len(devices):
            raise ConfigurationError(
                f"there is no camera {chosen}", where="camera", hint=f"write 1 to {len(devices)}"
            )
        address = devices[int(chosen) - 1].address
    user = talk.ask("the camera's ONVIF user, empty for none", os.environ.get(USER, ""))
    password = os.environ.get(PASSWORD, "")
    if user and not password and talk.asks:
        password = asking.secret("password", variable=PASSWORD)
    with Camera(address, user, password) as camera:
        stream = best(camera.streams())
    talk.say("found: {answer}", "green", answer=f"{stream.address} {stream.width}×{stream.height}")
    if not user:
        return stream.address
    scheme, _, rest = stream.address.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def best(streams: Sequence[Stream]) -> Stream:
    """The smallest that is large enough, else the largest. Raises ConfigurationError: none."""
    usable = [stream for stream in streams if stream.address]
    if not usable:
        raise ConfigurationError(
            "the camera has no stream", where="ONVIF", hint="make a profile in the camera's pages"
        )
    enough = [stream for stream in usable if stream.height >= ENOUGH]
    if enough:
        return min(enough, key=lambda stream: stream.height * stream.width)
    return max(usable, key=lambda stream: stream.height * stream.width)
