"""The boards and modules on the gate's ports. Nothing is moved by looking."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import replace

from gate.config import wiring
from gate.config.osdp_keys import OWN_KEY, PUBLIC_KEY, with_public_key
from gate.config.settings import Settings
from gate.config.wiring import same_file, serial_ports
from gate.doctor import seek
from gate.doctor.configuration import found
from gate.doctor.finding import Finding, Level
from gate.errors import DeviceError
from gate.readers.lines import make_line as make_reader
from gate.relay.driver_factory import make_driver
from gate.relay.settings import RelaySettings
from gate.sensors.lines import make_line as make_thermometer
from gate.sensors.settings import TemperatureSettings

IN_USE = ("exclusively lock", "busy", "temporarily unavailable")


def relay(settings: Settings) -> Iterator[Finding]:
    """Opened, which rests every channel, and asked for its state."""
    board = settings.relay
    yield from (found("relay", clash) for clash in wiring.inputs(settings))
    if board.driver == "simulated":
        hint = "set [relay] driver to the board that moves the lock"
        yield Finding("relay", Level.WARN, "simulated: no door opens", hint)
        return
    driver = make_driver(board)
    try:
        driver.open()
        state, inputs = driver.state(board.channel), driver.inputs()
    except DeviceError as error:
        driver.close()
        refused = _refused("relay", error, board.port)
        yield refused if refused.level is Level.WARN else _hinted(refused, _otherwise(board))
        return
    driver.close()
    said = {None: "it cannot report its state", True: "energised", False: "at rest"}[state]
    says = f"{board.driver} at {board.port}, channel {board.channel}: {said}"
    if state:
        hint = "it was switched off and stayed on: check the board before anybody relies on it"
        yield Finding("relay", Level.BAD, says, hint)
    else:
        yield Finding("relay", Level.OK, says)
    for name, on in inputs.items():
        yield Finding(f"input {name}", Level.OK, "signal" if on else "no signal")
    if inputs.get("fire"):
        says = "fire is reported now: the door stays open"
        hint = "a contact that is closed at rest needs `invert = true` in [relay.inputs] fire; "
        hint += "otherwise look at wiring and alarm"
        yield Finding("relay", Level.WARN, says, hint)
    if board.driver == "lcus" and board.lcus.variant == "A0" and board.lcus.readback == "none":
        kind = seek.lcus_readback(board)
        if kind != "none":
            hint = f'set [relay.lcus] readback = "{kind}"'
            yield Finding("relay", Level.WARN, "this board can report its state", hint)
    if not board.timed:
        says = "the board has no timed pulse: if the box dies and the board keeps its power, a "
        says += "relay that is energised stays so until the gate has started again"
        yield Finding("relay", Level.WARN, says, _timer(board))


def _timer(board: RelaySettings) -> str:
    if board.driver == "modbus":
        return "set [relay.modbus] timed_pulse = true if the board knows flash-on"
    if board.driver == "lcus" and board.lcus.variant == "AA":
        return "set [relay.lcus] timed_pulse = true if the board knows CC"
    return "power board and box from one supply, or take a board with one: docs/safety.md"


def _otherwise(board: RelaySettings) -> str:
    """What would make a silent board answer, where that can be found out."""
    if board.driver == "modbus" and board.modbus.transport == "rtu":
        heard = seek.modbus_board(board)
        if heard and heard != (board.baud, board.modbus.unit):
            return (
                f"a board answers with [relay] baud = {heard[0]}, [relay.modbus] unit = {heard[1]}"
            )
    if board.driver == "lcus" and board.lcus.variant == "A0" and board.lcus.readback != "none":
        kind = seek.lcus_readback(board)
        if kind not in ("none", board.lcus.readback):
            return f'what came fits [relay.lcus] readback = "{kind}"'
    return ""


def _hinted(finding: Finding, hint: str) -> Finding:
    return replace(finding, hint=hint) if hint else finding


def ports(settings: Settings) -> Iterator[Finding]:
    """What is plugged in and what of it is used; names that may change at the next start."""
    used = serial_ports(settings)
    yield from (found("ports", clash) for clash in wiring.ports(settings))
    there = seek.serial_ports()
    for name, path in used.items():
        lasting = next((p for p in there if p != path and same_file(p, path)), "")
        if lasting and not seek.lasts(path, there):
            says = f"{name} at {path}: another device may have this name after a restart"
            yield Finding("ports", Level.WARN, says, f'set port = "{lasting}"')
    for path, kind in there.items():
        if not any(same_file(path, one) for one in used.values()):
            yield Finding("ports", Level.OK, f"not used: {path} ({kind})")
    for path in seek.keyboards():
        if path not in used.values():
            yield Finding("ports", Level.OK, f"types, not used: {path}")


def readers(settings: Settings) -> Iterator[Finding]:
    """Each opened; what nobody shows cannot be read."""
    for reader in settings.reader:
        part = f"reader {reader.name}"
        line = make_reader(reader)
        try:
            line.open()
        except DeviceError as error:
            yield _refused(part, error, reader.port)
        else:
            yield Finding(part, Level.OK, f"{reader.driver} at {reader.port}")
        finally:
            line.close()
    for part in with_public_key(settings):
        yield Finding(part, Level.WARN, PUBLIC_KEY, OWN_KEY)


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
        line.close()
        refused = _refused("temperature", error, chosen.port)
        yield refused if refused.level is Level.WARN else _hinted(refused, _speed(chosen))
        return
    line.close()
    where = f"{chosen.driver} at {chosen.port}"
    if samples:
        yield Finding("temperature", Level.OK, f"{where}: measures")
    else:
        hint = "check cable, baud rate and whether the module has to be asked (poll)"
        says = f"{where}: nothing within {chosen.silent_after:g} s"
        yield _hinted(Finding("temperature", Level.BAD, says, hint), _speed(chosen))


def _speed(chosen: TemperatureSettings) -> str:
    if chosen.driver == "modbus":
        return ""
    baud = seek.thermometer_baud(chosen)
    return f"it is heard with [temperature] baud = {baud}" if baud else ""


def held(port: str) -> bool:
    """Whether a program keeps the port for itself: some drivers only say that nothing answers."""
    try:
        handle = os.open(port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _refused(part: str, error: DeviceError, port: str) -> Finding:
    where = f" ({error.where})" if error.where else ""
    if any(word in error.what for word in IN_USE) or held(port):
        hint = "stop the gate for this look, or ask the running gate's desk"
        return Finding(part, Level.WARN, f"in use, probably by the running gate{where}", hint)
    return Finding(part, Level.BAD, error.what + where, error.hint)
