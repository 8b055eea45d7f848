"""The message broker, the webhook, and network cameras."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import httpx

from gate.camera.onvif.device import Camera
from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.doctor.picture import MUCH, SMALLER
from gate.errors import CameraError
from gate.integrations.broker import find_mosquitto
from gate.integrations.connection import check
from gate.integrations.topics import Topics

_PATIENCE = 3.0  # seconds for a connection
CLOCK_OFF = 30.0  # seconds; the picture's time is only shown, so some are no harm


def broker(settings: Settings) -> Iterator[Finding]:
    """Connected to once, under another name than the gate's. Raises BrokerError."""
    mqtt = settings.mqtt
    where = f"{mqtt.host}:{mqtt.port}"
    if not mqtt.enabled:
        yield Finding("broker", Level.OK, "off: events stay on this box")
    elif mqtt.broker == "external":
        check(mqtt, Topics(mqtt.prefix, settings.name))
        level = Level.OK if mqtt.ca or mqtt.host in ("127.0.0.1", "localhost") else Level.WARN
        hint = "" if level is Level.OK else "set [mqtt] ca: pseudonyms cross the network in clear"
        yield Finding("broker", level, f"{where}: lets us in", hint)
    elif mqtt.broker == "mosquitto" and not find_mosquitto():
        hint = "apt install mosquitto; the embedded broker is for trials only"
        yield Finding("broker", Level.WARN, "there is no mosquitto to start", hint)
    else:
        yield Finding("broker", Level.OK, f"started by the gate itself ({mqtt.broker})")


def webhook(settings: Settings) -> Iterator[Finding]:
    """Whether something listens at its address; nothing is sent."""
    if not settings.webhook.enabled:
        return
    url = httpx.URL(settings.webhook.url)
    where = f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    hint = "check [webhook] url; events wait meanwhile"
    try:
        host, _, port = where.rpartition(":")
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except socket.gaierror:
        yield Finding("webhook", Level.BAD, f"the name {url.host} is not known", hint)
    except ConnectionRefusedError:
        yield Finding("webhook", Level.BAD, f"nothing listens at {where}", hint)
    except OSError:
        yield Finding("webhook", Level.BAD, f"nothing answers at {where}", hint)
    else:
        yield Finding("webhook", Level.OK, f"{where}: it takes connections")


def network_cameras(settings: Settings) -> Iterator[Finding]:
    """Clock and resolution of cameras with an RTSP source, where they answer ONVIF."""
    for camera in settings.camera:
        parts = urlsplit(camera.source)
        if parts.scheme.lower() not in ("rtsp", "rtsps") or not parts.hostname:
            continue
        part = f"camera {camera.name} by ONVIF"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        with Camera(parts.hostname, user, password, timeout=3.0) as device:
            try:
                off = device.clock().total_seconds()
                streams = device.streams()
            except CameraError as error:
                yield Finding(part, Level.OK, f"not asked: {error.what}")
                continue
        if abs(off) > CLOCK_OFF:
            hint = f"gate camera set {parts.hostname} --clock, or give it a time server"
            yield Finding(part, Level.WARN, f"its clock is {off:+.0f} s from ours", hint)
        path = parts.path.rstrip("/")
        ours = [s for s in streams if urlsplit(s.address).path.rstrip("/") == path]
        if ours and ours[0].width > MUCH * camera.width:
            says = f"{ours[0].width}×{ours[0].height} where {camera.width}×{camera.height} is used"
            yield Finding(part, Level.WARN, says, SMALLER)
        elif abs(off) <= CLOCK_OFF:
            yield Finding(part, Level.OK, f"{len(streams)} streams, its clock is right")
