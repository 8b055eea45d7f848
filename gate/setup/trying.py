"""Trying the devices that were answered: what the camera sees, the board's click, a card.

Each function says what happened through ``talk`` and returns whether it worked. A device that does
not answer is no reason to stop: it may not be wired yet.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from gate.camera.capture import Capture
from gate.camera.reach import why_not
from gate.camera.replay import Image, Recording
from gate.camera.settings import CameraSettings, masked
from gate.config.settings import Settings
from gate.doctor import seek
from gate.doctor.upright import TURN_IT, further
from gate.errors import DeviceError, GateError
from gate.readers.claim import UNREADABLE
from gate.readers.lines import make_line as make_reader
from gate.recognition.detection.detector import build_detector
from gate.relay.driver_factory import make_driver
from gate.relay.settings import RelaySettings
from gate.setup.talk import Talk

FIRST_FRAME = 10.0  # seconds; RTSP cameras take a few
PULSE = 0.5  # seconds the board is energised


def camera(settings: Settings, talk: Talk) -> bool:
    """Resolution, light and faces of one picture."""
    chosen = settings.camera[0]
    try:
        image = _picture(chosen)
        if image is None:
            talk.say(
                "no picture from {source} within ten seconds",
                "yellow",
                source=masked(chosen.source),
            )
            talk.say("{what}", "yellow", what=why_not(chosen.source, "it cannot be opened"))
            return False
        detector = build_detector(settings.recognition, settings.models)
        faces = detector.detect(image)
        turn = further(image, chosen.rotate, detector.detect)
    except GateError as error:
        talk.say("{what}", "yellow", what=error)
        return False
    height, width = image.shape[:2]
    talk.say(
        "the camera sees {width}×{height} pixels, brightness {light} of 255, faces: {faces}",
        width=width,
        height=height,
        light=round(float(image.mean())),
        faces=", ".join(f"{face.width:.0f} px" for face in faces) or "0",
    )
    if turn is not None:
        talk.say(TURN_IT, "yellow", degrees=turn)
    return True


def _picture(chosen: CameraSettings) -> Image | None:
    if Path(chosen.source).exists() and not chosen.source.startswith("/dev/"):
        recording = Recording(Path(chosen.source), paced=False, rotate=chosen.rotate)
        recording.open()
        frame = recording.read(1.0)
        recording.close()
        return None if frame is None else frame.image
    capture = Capture(chosen)
    capture.open()
    try:
        end = time.monotonic() + FIRST_FRAME
        while time.monotonic() < end:
            frame = capture.read(0.2)
            if frame is not None:
                return frame.image
    finally:
        capture.close()
    return None


def find_board(ports: Iterable[str]) -> tuple[str, dict[str, object]] | None:
    """The first board that replies on one of ``ports``: the answer, and what else it needs.

    ``("modbus:/dev/…", {"relay.baud": 9600, "relay.modbus.unit": 1})``. Boards that report
    nothing, such as the LCUS-1, cannot be found: None.
    """
    for port in ports:
        found = seek.modbus_board(RelaySettings(driver="modbus", port=port))
        if found:
            return f"modbus:{port}", {"relay.baud": found[0], "relay.modbus.unit": found[1]}
        readback = seek.lcus_readback(RelaySettings(driver="lcus", port=port))
        if readback != "none":
            return f"lcus:{port}", {"relay.lcus.variant": "A0", "relay.lcus.readback": readback}
        if _opens(RelaySettings(driver="numato", port=port)):
            return f"numato:{port}", {}
    return None


def _opens(trial: RelaySettings) -> bool:
    driver = make_driver(trial)
    try:
        driver.open()
    except DeviceError:
        return False
    finally:
        driver.close()
    return True


def board(settings: Settings, talk: Talk) -> bool:
    """Energise the lock's channel once for half a second."""
    relay = settings.relay
    driver = make_driver(relay)
    try:
        driver.open()
        driver.set(relay.channel, True, PULSE)
        time.sleep(PULSE)
        driver.set(relay.channel, False, PULSE)
        wires = driver.inputs()
    except DeviceError as error:
        talk.say("{what}", "yellow", what=error)
        return False
    finally:
        driver.close()
    talk.say("channel {channel} was energised for half a second", channel=relay.channel)
    for name, on in wires.items():
        talk.say("input {name}: on" if on else "input {name}: off", name=name)
    return True


def inputs(settings: Settings, talk: Talk, seconds: float) -> bool:
    """Every input as it is, and each change within ``seconds``; the lock stays at rest."""
    relay = settings.relay
    if not relay.inputs:
        talk.say("no input is configured: [relay.inputs] in gate.toml", "yellow")
        return False
    driver = make_driver(relay)
    known: dict[str, bool] = {}
    talk.say("press, open and close what is wired, for {seconds} seconds", seconds=round(seconds))
    try:
        driver.open()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = driver.inputs()
            for name, on in now.items():
                if known.get(name) is not on:
                    talk.say("input {name}: on" if on else "input {name}: off", name=name)
            known = now
            time.sleep(relay.poll)
    except DeviceError as error:
        talk.say("{what}", "yellow", what=error)
        return False
    finally:
        driver.close()
    return True


def reader(settings: Settings, talk: Talk, seconds: float) -> bool:
    """Wait for one card; its number is not shown in full."""
    if not settings.reader:
        return True
    line = make_reader(settings.reader[0])
    talk.say("show a card within {seconds} seconds", seconds=round(seconds))
    try:
        line.open()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for kind, text in line.read():
                if text == UNREADABLE:
                    talk.say("something was read that is no card", "yellow")
                    continue
                talk.say("read: {kind} …{end}", kind=kind.value, end=text[-3:])
                return True
    except DeviceError as error:
        talk.say("{what}", "yellow", what=error)
        return False
    finally:
        line.close()
    talk.say("no card was read", "yellow")
    return False
