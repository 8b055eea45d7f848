"""The ``[temperature]`` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gate.section import Section


class RegisterSettings(Section):
    """``[temperature.modbus]``: where a Modbus sensor keeps its values."""

    unit: int = Field(1, ge=1, le=247)
    function: Literal["holding", "input"] = "holding"
    object: int = Field(0, ge=0, le=65535)
    # -1: the sensor gives no ambient temperature
    ambient: int = Field(-1, ge=-1, le=65535)
    # degrees Celsius for one step of the register
    scale: float = Field(0.1, gt=0, le=1)


class TemperatureSettings(Section):
    """The infrared sensor, what is made of its values, and what follows."""

    policy: Literal["off", "record", "advise", "require"] = "off"
    driver: Literal["mcu9061x", "mcu90640", "modbus"] = "mcu9061x"
    name: str = Field("temperature", pattern=r"^[a-z0-9-]{1,20}$")
    port: str = "/dev/ttyUSB1"
    baud: int = Field(9600, ge=1200, le=921600)
    # 0: the sensor streams by itself; otherwise it is asked every so many seconds
    poll: float = Field(0.0, ge=0, le=10)
    # a sensor silent for this long is considered lost
    silent_after: float = Field(2.0, gt=0, le=60)
    retry_first: float = Field(0.5, gt=0, le=60)
    retry_most: float = Field(30.0, gt=0, le=600)
    modbus: RegisterSettings = RegisterSettings()
    # estimated = surface + offset + slope × (reference − ambient), in degrees Celsius
    offset: float = Field(3.6, ge=-5, le=10)
    slope: float = Field(0.1, ge=0, le=1)
    reference: float = Field(25.0, ge=0, le=45)
    # thermal image: the share of the hottest pixels that represents the forehead
    hottest: float = Field(0.03, gt=0, le=1)
    # thermal image: where its edges lie in the camera's picture (left, top, right, bottom as
    # shares of that), so that only the face counts; empty: not known, all of the image counts
    view: tuple[()] | tuple[float, float, float, float] = ()
    camera: str = "main"
    plausible_low: float = Field(32.0, ge=20, le=40)
    plausible_high: float = Field(43.0, ge=38, le=60)
    # a median of fewer values says nothing
    samples: int = Field(3, ge=1, le=100)
    # seconds after which the newest value is too old
    max_age: float = Field(2.0, gt=0, le=60)
    limit: float = Field(37.3, ge=35, le=42)
    # above the limit twice
    above: Literal["refuse", "refer"] = "refer"
    # no sensor, too old, implausible
    unknown: Literal["pass", "refer", "refuse"] = "pass"

    @model_validator(mode="after")
    def _range_agrees(self) -> TemperatureSettings:
        if not self.plausible_low < self.limit < self.plausible_high:
            raise ValueError("limit must lie between plausible_low and plausible_high")
        if self.view:
            left, top, right, bottom = self.view
            if min(abs(right - left), abs(bottom - top)) < 0.05:
                raise ValueError(
                    "view must be left, top, right, bottom, and not narrower than 0.05"
                )
        return self
