"""One temperature: what was measured, what was made of it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Validity(StrEnum):
    VALID = "valid"
    IMPLAUSIBLE = "implausible"
    STALE = "stale"
    ABSENT = "absent"  # no sensor, or it does not answer


@dataclass(frozen=True, slots=True)
class Reading:
    """Temperatures in degrees Celsius; raw values are kept beside the estimate, always.

    Attributes:
        raw: surface temperature as the sensor gave it.
        ambient: the sensor's own ambient temperature.
        estimated: body temperature estimated from both by the configured compensation.
        measured: monotonic seconds.
        sensor: its name in the configuration.
        validity: whether ``estimated`` may be used.
        samples: how many raw readings the median was taken of.
    """

    raw: float | None
    ambient: float | None
    estimated: float | None
    measured: float
    sensor: str
    validity: Validity
    samples: int = 1
