"""The ``[screen]`` section."""

from __future__ import annotations

from datetime import time
from ipaddress import ip_address
from typing import Literal

from pydantic import Field, model_validator

from gate.access.reasons import Language
from gate.screen.names import Form
from gate.section import Section


class ScreenSettings(Section):
    """What the person at the gate sees and hears."""

    enabled: bool = True
    # another address than this machine's own shows the screen to everybody in the network
    host: str = "127.0.0.1"
    port: int = Field(8480, ge=0, le=65535)
    # the first is written large, the second small beneath
    languages: tuple[Language, ...] = Field(("zh", "en"), min_length=1, max_length=2)
    # a name in full, masked (李*红), or none
    names: Form = "masked"
    # the camera's picture beside the guidance; it never leaves this machine
    camera_picture: bool = False
    sound: bool = True
    # who speaks: the browser, espeak-ng on this machine, or nobody
    speech: Literal["browser", "espeak", "off"] = "browser"
    # loudness 0 to 1, by day and in the quiet hours
    volume: float = Field(0.9, ge=0, le=1)
    quiet_volume: float = Field(0.3, ge=0, le=1)
    quiet_from: time = time(21, 0)
    quiet_until: time = time(7, 0)

    @property
    def loopback(self) -> bool:
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @model_validator(mode="after")
    def _the_picture_stays_here(self) -> ScreenSettings:
        try:
            loopback = self.loopback
        except ValueError:
            raise ValueError(f"host is an address such as 127.0.0.1, not {self.host!r}") from None
        if self.camera_picture and not loopback:
            raise ValueError("camera_picture needs a host of this machine, such as 127.0.0.1")
        if len(set(self.languages)) != len(self.languages):
            raise ValueError("languages: each once")
        return self

    def volume_at(self, now: time) -> float:
        """The loudness at the local time ``now``."""
        since, until = self.quiet_from, self.quiet_until
        quiet = since <= now < until if since <= until else now >= since or now < until
        return self.quiet_volume if quiet else self.volume
