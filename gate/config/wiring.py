"""Devices that take something from each other: a serial port, a pin, an input, a camera."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from gate.camera.settings import masked
from gate.config.clash import Clash
from gate.config.settings import Settings

_HIGHEST_PIN = 27  # BCM number of the last pin on the header of a Raspberry Pi
_PIN = "give each its own pin, by its BCM number: docs/devices.md"


def serial_ports(settings: Settings) -> dict[str, str]:
    """Which table of the file uses which port; the readers that type are among them."""
    used = {f"[[reader]] {reader.name}": reader.port for reader in settings.reader}
    relay = settings.relay
    on_wire = relay.driver != "modbus" or relay.modbus.transport == "rtu"
    if relay.driver in ("lcus", "modbus", "numato") and on_wire:
        used["[relay]"] = relay.port
    if settings.temperature.policy != "off":
        used["[temperature]"] = settings.temperature.port
    if settings.reader_out.enabled:
        used["[reader_out]"] = settings.reader_out.port
    return used


def same_file(one: str | Path, other: str | Path) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def ports(settings: Settings) -> Iterator[Clash]:
    """Devices that would take the port from each other."""
    for (name, path), (other, its) in combinations(serial_ports(settings).items(), 2):
        if same_file(path, its):
            hint = "one port serves one device: look at what is plugged in with "
            hint += "`ls /dev/serial/by-id`"
            yield Clash(True, f"{name} and {other} name the same port: {path}", hint)


def typing(settings: Settings) -> Iterator[Clash]:
    """A reader that types is no serial port, and the other way round."""
    for reader in settings.reader:
        name = f"[[reader]] {reader.name}"
        if reader.driver == "wedge" and reader.port.startswith(("/dev/tty", "/dev/serial/")):
            hint = "look for its name with `ls /dev/input/by-id`; it ends in event-kbd"
            says = f"{name} types like a keyboard, and {reader.port} is a serial port"
            yield Clash(True, says, hint)
        if reader.driver != "wedge" and reader.port.startswith("/dev/input/"):
            hint = 'set driver = "wedge" if it types, else a port of `ls /dev/serial/by-id`'
            yield Clash(True, f"{name} is serial, and {reader.port} is a keyboard", hint)


def inputs(settings: Settings) -> Iterator[Clash]:
    """Inputs named by mistake: one terminal for two things, a contact that only one side knows."""
    wires = settings.relay.inputs
    for (name, wire), (other, its) in combinations(wires.items(), 2):
        if wire.number == its.number:
            says = f"{name} and {other} name the same input: number {wire.number}"
            yield Clash(True, says, "give each the number of the terminal it is wired to")
    if settings.door.contact and "contact" not in wires:
        says = "[door] contact = true, but no contact is among [relay.inputs]"
        hint = "name its input, or set contact = false: nobody is ever seen to go through"
        yield Clash(True, says, hint)
    if "contact" in wires and not settings.door.contact:
        says = "a contact is among [relay.inputs], but [door] contact = false: it is not used"
        yield Clash(False, says, "set [door] contact = true")


def pins(settings: Settings) -> Iterator[Clash]:
    """Pins of the box itself that are named twice, or are not there."""
    relay = settings.relay
    if relay.driver != "gpio":
        return
    used = [(f"channel {n}", pin) for n, pin in enumerate(relay.gpio.pins, 1)]
    outputs = len(used)
    used += [(f"input {name}", wire.number) for name, wire in relay.inputs.items()]
    for (at, (name, pin)), (_, (other, its)) in combinations(enumerate(used), 2):
        if pin == its and at < outputs:  # of two inputs it is said for every board
            yield Clash(True, f"{name} and {other} name the same pin: {pin}", _PIN)
    for name, pin in used:
        if pin > _HIGHEST_PIN:
            yield Clash(
                False, f"{name} is on pin {pin}: a Raspberry Pi has 0 to {_HIGHEST_PIN}", _PIN
            )


def cameras(settings: Settings) -> Iterator[Clash]:
    """One camera cannot be opened twice, and `view` has to be of one that is there."""
    for one, other in combinations(settings.camera, 2):
        file = one.source_file
        if (
            file is not None
            and other.source_file is not None
            and same_file(file, other.source_file)
        ):
            where = str(file)
        elif file is None and other.source_file is None and one.source == other.source:
            where = masked(one.source)
        else:
            continue
        says = f"[[camera]] {one.name} and {other.name} name the same source: {where}"
        hint = "name the source of each; only one of two can open a device: `ls /dev/v4l/by-id`"
        yield Clash(True, says, hint)
    chosen = settings.temperature
    if chosen.policy == "off" or not chosen.view:
        return
    if chosen.camera not in {camera.name for camera in settings.camera}:
        says = f"[advanced] temperature.camera = {chosen.camera}: no camera has this name"
        yield Clash(True, says, "write the name of the [[camera]] that `view` refers to")
    if chosen.driver != "mcu90640":
        says = f"[temperature] view has no effect: {chosen.driver} gives no thermal image"
        yield Clash(False, says, "remove view, or set the driver that is wired")
