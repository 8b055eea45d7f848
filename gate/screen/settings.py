"""The ``[screen]`` section."""

from __future__ import annotations

from datetime import time
from ipaddress import ip_address
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from gate.screen.names import Form
from gate.section import Section
from gate.texts.catalogue import Language


class ScreenSettings(Section):
    """What the person at the gate sees and hears."""

    advanced: ClassVar[frozenset[str]] = frozenset({"quiet_volume"})

    enabled: bool = Field(True, description="whether the screen is served")
    host: str = Field(
        "127.0.0.1",
        description="another address than one of this machine shows the screen to everybody in the "
        "network",
    )
    port: int = Field(8480, ge=0, le=65535, description="TCP port; 0: any free one")
    languages: tuple[Language, ...] = Field(
        ("zh", "en"),
        min_length=1,
        max_length=2,
        description='the first is written large, the second small beneath: "zh", "en"',
    )
    names: Form = Field(
        "masked", description='a name on the screen: "full", "masked" (李*红) or "none"'
    )
    camera_picture: bool = Field(
        False,
        description="the camera's picture beside the guidance; needs an address of this machine",
    )
    sound: bool = Field(True, description="the three motifs")
    speech: Literal["browser", "espeak", "off"] = Field(
        "browser",
        description='who speaks: "browser", "espeak" (espeak-ng on this machine) or "off"',
    )
    volume: float = Field(0.9, ge=0, le=1, description="loudness, 0 to 1")
    quiet_volume: float = Field(0.3, ge=0, le=1, description="loudness in the quiet hours, 0 to 1")
    quiet_from: time = Field(time(21, 0), description="local time at which the quiet hours begin")
    quiet_until: time = Field(time(7, 0), description="local time at which they end")

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
