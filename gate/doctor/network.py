"""The message broker, the webhook, the services of alarms, and network cameras."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import httpx

from gate.camera.onvif.device import Camera
from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.doctor.picture import MUCH, SMALLER
from gate.errors import CameraError, ConfigurationError
from gate.integrations.broker import find_mosquitto
from gate.integrations.connection import check
from gate.integrations.topics import Topics
from gate.notify.sending import AppriseSender, server_of
from gate.notify.settings import NotifyReceiver

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
    port = url.port or (443 if url.scheme == "https" else 80)
    yield _listened("webhook", "", url.host, port, "check [webhook] url; events wait meanwhile")


def _listened(part: str, name: str, host: str, port: int, hint: str, good: str = "") -> Finding:
    """Whether something takes a connection there; it is closed at once.

    Args:
        name: which of several, before what is found.
        hint: what to do where nothing listens.
        good: the same where it does.
    """
    where, before = f"{host}:{port}", f"{name}: " if name else ""
    try:
        socket.create_connection((host, port), _PATIENCE).close()
    except socket.gaierror:
        return Finding(part, Level.BAD, f"{before}the name {host} is not known", hint)
    except ConnectionRefusedError:
        return Finding(part, Level.BAD, f"{before}nothing listens at {where}", hint)
    except OSError:
        return Finding(part, Level.BAD, f"{before}nothing answers at {where}", hint)
    return Finding(part, Level.OK, f"{before}{where}: it takes connections", good)


def notify(settings: Settings) -> Iterator[Finding]:
    """Whether each address of an alarm is understood, and its service listens; nothing is sent.

    A key, a telephone number or a password shows only by a message.
    """
    chosen = settings.notify
    sections = [("[[notify.to]]", to) for to in chosen.to if chosen.enabled]
    for way in chosen.way:
        one = NotifyReceiver(name=way.name, url=way.address("1"), severity="info")
        sections.append(("[[notify.way]]", one))
    for section, to in sections:
        if not to.url.get_secret_value():
            continue  # said of the configuration
        test = f"only a message shows whether it is let in: `gate notify test {to.name}`"
        good = test if section == "[[notify.to]]" else ""
        try:
            server = server_of(AppriseSender((to,), section).service(to))
        except ConfigurationError as error:
            yield Finding("notify", Level.BAD, f"{to.name}: {error.what}", error.hint)
            continue
        if server is None:
            says = f"{to.name}: the address is understood; where it leads is not known here"
            yield Finding("notify", Level.OK, says, good)
        else:
            hint = f"check {section} url and the network; alarms wait meanwhile, six hours at most"
            yield _listened("notify", to.name, *server, hint, good)


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
