"""``gate try``: one part of the gate at a time, for whoever stands before it with a screwdriver."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import DeviceError
from gate.setup import trying
from gate.setup.talk import Talk, Terminal
from gate.texts.terminal import language


class Part(StrEnum):
    """What can be tried alone."""

    CAMERA = "camera"
    LOCK = "lock"
    INPUTS = "inputs"
    READER = "reader"


def try_part(
    part: Annotated[Part, typer.Argument(help="camera, lock, inputs or reader.")],
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long inputs and reader are watched.")
    ] = 30.0,
    config: Config = DEFAULT,
) -> None:
    """Try one part: a picture, a click of the lock, what inputs report, a card.

    Stop the gate first: a device belongs to one program. `lock` energises the relay for half a
    second. Exit status 1 where the part does not work.
    """
    if not _works(part, load(config), Terminal(language(), asks=False), seconds):
        raise SystemExit(1)


def _works(part: Part, settings: Settings, talk: Talk, seconds: float) -> bool:
    """Raises DeviceError where the running gate has the device."""
    from gate.doctor.devices import held

    match part:
        case Part.CAMERA:
            return trying.camera(settings, talk)
        case Part.READER:
            ports = [reader.port for reader in settings.reader[:1]]
        case _:
            ports = [settings.relay.port]
            if settings.relay.driver == "simulated":
                raise DeviceError(
                    "the relay board is simulated",
                    where="[relay] driver",
                    hint="name the board that moves the lock: sudo gate init board",
                )
    if any(held(port) for port in ports):
        raise DeviceError(
            "another program uses the device",
            where=ports[0],
            hint="stop the gate first: sudo systemctl stop gate",
        )
    if part is Part.LOCK:
        return trying.board(settings, talk)
    if part is Part.INPUTS:
        return trying.inputs(settings, talk, seconds)
    return trying.reader(settings, talk, seconds)
