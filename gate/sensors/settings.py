"""The ``[temperature]`` section."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from gate.section import Section

PLAUSIBLE = (32.0, 43.0)  # °C; an estimate outside counts as missing


class RegisterSettings(Section):
    """Where a Modbus sensor keeps its values."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"unit", "function", "object", "ambient", "scale"}
    )

    unit: int = Field(1, ge=1, le=247, description="the sensor's Modbus address")
    function: Literal["holding", "input"] = Field(
        "holding", description='"holding" or "input" registers'
    )
    object: int = Field(0, ge=0, le=65535, description="register of the object temperature")
    ambient: int = Field(
        -1, ge=-1, le=65535, description="register of the ambient temperature; -1: there is none"
    )
    scale: float = Field(
        0.1, gt=0, le=1, description="degrees Celsius for one step of the register"
    )


NAME = "temperature"  # of the sensor in events; a gate has one


class TemperatureSettings(Section):
    """The infrared sensor, what is made of its values, and what follows."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"poll", "silent_after", "camera", "samples", "max_age"}
    )

    policy: Literal["off", "record", "advise", "require"] = Field(
        "off",
        description='"off": not measured. "record": measured and written down. "advise": shown, '
        'stops nobody. "require": above the limit a second measurement, then as "above"'
        " says.",
    )
    driver: Literal["mcu9061x", "mcu90640", "modbus"] = Field(
        "mcu9061x", description="mcu9061x (GY-MCU90614/90615), mcu90640 (thermal image) or modbus"
    )
    port: str = Field("/dev/ttyUSB1", description="serial port")
    baud: int = Field(
        9600,
        ge=1200,
        le=921600,
        description="9600 for the 90614, 115200 for the 90615 and the 90640",
    )
    poll: float = Field(
        0.0,
        ge=0,
        le=10,
        description="0: the module streams by itself; otherwise seconds between two queries",
    )
    silent_after: float = Field(
        2.0,
        gt=0,
        le=60,
        description="a sensor that sends nothing valid for this many seconds is considered lost",
    )
    modbus: RegisterSettings = RegisterSettings()
    offset: float = Field(
        3.6,
        ge=-5,
        le=10,
        description="estimated = surface + offset + slope × (reference − ambient), in °C. Starting "
        "values: calibrate them with a second thermometer in the room where the sensor "
        "hangs",
    )
    slope: float = Field(0.1, ge=0, le=1, description="see offset")
    reference: float = Field(25.0, ge=0, le=45, description="see offset, °C")
    view: tuple[()] | tuple[float, float, float, float] = Field(
        (),
        description="thermal image: where its left, top, right and bottom edge lie in the camera's "
        "picture, as shares of that, e.g. [0.1, 0.05, 0.9, 0.95]: then only the face "
        "counts. [] = not known: all of the image counts, a lamp beside the face too. "
        "How to find it: docs/devices.md",
    )
    camera: str = Field("main", description="the camera that `view` refers to")
    samples: int = Field(3, ge=1, le=100, description="fewer values than this are inconclusive")
    max_age: float = Field(
        2.0, gt=0, le=60, description="seconds after which the newest value is too old"
    )
    limit: float = Field(
        37.3, ge=35, le=42, description="°C of the estimate; screening limit in China"
    )
    above: Literal["refuse", "refer"] = Field(
        "refer",
        description='above the limit twice: "refer" to staff with a thermometer, or "refuse"',
    )
    unknown: Literal["pass", "refer", "refuse"] = Field(
        "pass", description='no sensor, too old or implausible: "pass", "refer" or "refuse"'
    )

    @model_validator(mode="after")
    def _range_agrees(self) -> TemperatureSettings:
        if not PLAUSIBLE[0] < self.limit < PLAUSIBLE[1]:
            raise ValueError(f"limit must lie between {PLAUSIBLE[0]:g} and {PLAUSIBLE[1]:g} °C")
        if self.view:
            left, top, right, bottom = self.view
            if min(abs(right - left), abs(bottom - top)) < 0.05:
                raise ValueError(
                    "view must be left, top, right, bottom, and not narrower than 0.05"
                )
        return self
