"""Infrared modules: one point (GY-MCU90614/90615) and thermal image (GY-MCU90640)."""

from __future__ import annotations

import struct

import numpy as np


def point_frame(surface: float, ambient: float) -> bytes:
    """The nine bytes of a one-point module; temperatures in °C."""
    body = struct.pack(">2sBBhh", b"\x5a\x5a", 0x45, 4, round(surface * 100), round(ambient * 100))
    return body + bytes((sum(body) % 256,))


def image_frame(image: np.ndarray[tuple[int, int], np.dtype[np.float32]], ambient: float) -> bytes:
    """The 1,544 bytes of a thermal image (24, 32) in °C."""
    values = np.append(np.asarray(image, np.float64).ravel(), ambient)
    body = b"\x5a\x5a\x02\x06" + np.round(values * 100).astype("<i2").tobytes()
    total = int(np.frombuffer(body, "<u2").sum(dtype=np.uint64)) % 65536
    return body + total.to_bytes(2, "little")


class PointSensor:
    """Streams about 14 frames a second on command, or answers one at a time."""

    def __init__(self, surface: float = 33.2, ambient: float = 25.0, streams: bool = True) -> None:
        self.surface = surface
        self.ambient = ambient
        self._streams = streams
        self._next = 0.0
        self._heard = b""

    def receive(self, data: bytes, now: float) -> bytes:
        self._heard = (self._heard + data)[-16:]
        answer = b""
        while (at := self._heard.find(b"\xa5")) >= 0 and len(self._heard) >= at + 3:
            command, self._heard = self._heard[at : at + 3], self._heard[at + 3 :]
            if sum(command[:2]) % 256 != command[2]:
                continue
            if command[1] == 0x45:
                self._streams = True
            elif command[1] == 0x15:
                self._streams = False
                answer += point_frame(self.surface, self.ambient)
        return answer

    def stream(self, now: float) -> bytes:
        if not self._streams or now < self._next:
            return b""
        self._next = now + 1 / 14
        return point_frame(self.surface, self.ambient)


class ImageSensor:
    """Sends a thermal image four times a second: a warm face before a wall, a lamp in a corner."""

    def __init__(
        self, surface: float = 33.2, ambient: float = 25.0, lamp: float | None = None
    ) -> None:
        self.surface = surface
        self.ambient = ambient
        self.lamp = lamp
        self._next = 0.0

    def receive(self, data: bytes, now: float) -> bytes:
        return b""

    def stream(self, now: float) -> bytes:
        if now < self._next:
            return b""
        self._next = now + 0.25
        image = np.full((24, 32), self.ambient, np.float32)
        image[6:18, 12:20] = self.surface - 0.6
        image[7:11, 14:18] = self.surface
        if self.lamp is not None:
            image[:5, :5] = self.lamp
        return image_frame(image, self.ambient)
