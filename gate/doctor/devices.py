"""The boards and modules on the gate's ports. Nothing is moved by looking."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gate.doctor.finding import Finding, Level
from gate.errors import DeviceError
from gate.readers.lines import make_line as make_reader
from gate.relay.make import make_driver
from gate.sensors.lines import make_line as make_thermometer
from gate.settings import Settings

IN_USE = ("exclusively lock", "busy", "temporarily unavailable")


def relay(settings: Settings) -> Iterator[Finding]:
    """Opened, which rests every channel, and asked how it stands."""
    board = settings.relay
    if board.driver == "simulated":
        mend = "set [relay] driver to the board that moves the lock"
        yield Finding("relay", Level.WARN, "simulated: no door opens", mend)
        return
    driver = make_driver(board)
    try:
        driver.open()
        state, inputs = driver.state(board.channel), driver.inputs()
    except DeviceError as error:
        yield _refused("relay", error)
        return
    finally:
        driver.close()
    said = {None: "it cannot say how it stands", True: "energised", False: "at rest"}[state]
    wires = "".join(f", {name} {'on' if on else 'off'}" for name, on in inputs.items())
    says = f"{board.driver} at {board.port}, channel {board.channel}: {said}{wires}"
    if state:
        mend = "it was told to rest and did not: check the board before anybody relies on it"
        yield Finding("relay", Level.BAD, says, mend)
    else:
        yield Finding("relay", Level.OK, says)


def readers(settings: Settings) -> Iterator[Finding]:
    """Each opened; what nobody shows cannot be read."""
    for reader in settings.reader:
        part = f"reader {reader.name}"
        line = make_reader(reader)
        try:
            line.open()
        except DeviceError as error:
            yield _refused(part, error)
        else:
            yield Finding(part, Level.OK, f"{reader.driver} at {reader.port}")
        finally:
            line.close()


def thermometer(settings: Settings) -> Iterator[Finding]:
    """One value, as the sensor gives it to an empty gate."""
    chosen = settings.temperature
    if chosen.policy == "off":
        return
    line = make_thermometer(chosen)
    try:
        line.open()
        end = time.monotonic() + chosen.silent_after
        samples = list(line.read())
        while not samples and time.monotonic() < end:
            samples = list(line.read())
    except DeviceError as error:
        yield _refused("temperature", error)
        return
    finally:
        line.close()
    where = f"{chosen.driver} at {chosen.port}"
    if samples:
        yield Finding("temperature", Level.OK, f"{where}: measures")
    else:
        mend = "check cable, baud rate and whether the module has to be asked (poll)"
        says = f"{where}: nothing within {chosen.silent_after:g} s"
        yield Finding("temperature", Level.BAD, says, mend)


def _refused(part: str, error: DeviceError) -> Finding:
    where = f" ({error.where})" if error.where else ""
    if any(word in error.what for word in IN_USE):
        mend = "stop the gate for this look, or ask the running gate's desk"
        return Finding(part, Level.WARN, f"in use, probably by the running gate{where}", mend)
    return Finding(part, Level.BAD, error.what + where, error.mend)
