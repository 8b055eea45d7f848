"""GY-MCU90614 and GY-MCU90615: one-point infrared modules on a serial port."""

from __future__ import annotations

import struct

from gate.sensors.frames import split

HEADER = b"\x5a\x5a\x45\x04"
LENGTH = 9
STREAM = b"\xa5\x45\xea"
ONE_READING = b"\xa5\x15\xba"
# what the chips can measure at all, in degrees Celsius
OBJECT_RANGE = (-70.0, 380.0)
AMBIENT_RANGE = (-40.0, 125.0)


def parse(buffer: bytes, quiet: bool) -> tuple[list[tuple[float, float]], bytes]:
    """(object, ambient) in degrees Celsius of each frame, and the bytes that remain.

    ``quiet``: see ``frames.split``.
    """
    frames, rest = split(buffer, HEADER, LENGTH, _valid, quiet)
    return [_values(frame) for frame in frames], rest


def _valid(frame: bytes) -> bool:
    if sum(frame[:-1]) % 256 != frame[-1]:
        return False
    surface, ambient = _values(frame)
    return (
        OBJECT_RANGE[0] <= surface <= OBJECT_RANGE[1]
        and AMBIENT_RANGE[0] <= ambient <= AMBIENT_RANGE[1]
    )


def _values(frame: bytes) -> tuple[float, float]:
    surface, ambient = struct.unpack_from(">hh", frame, 4)
    return surface / 100, ambient / 100
