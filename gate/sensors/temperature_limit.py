"""Whether a reading is below the limit, above it or not usable. Pure; the access rules weigh it."""

from __future__ import annotations

from enum import StrEnum

from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings


class TemperatureLevel(StrEnum):
    NORMAL = "normal"
    HIGH = "high"
    UNKNOWN = "unknown"


def level_of(
    reading: Reading | None, settings: TemperatureSettings, now: float
) -> TemperatureLevel:
    """Normal, high, or unknown when no usable reading exists.

    Args:
        reading: None: the sensor gave none.
        now: monotonic seconds; a reading older than ``max_age`` is not usable.
    """
    if reading is None or reading.validity is not Validity.VALID or reading.estimated is None:
        return TemperatureLevel.UNKNOWN
    if now - reading.measured > settings.max_age:
        return TemperatureLevel.UNKNOWN
    return TemperatureLevel.HIGH if reading.estimated > settings.limit else TemperatureLevel.NORMAL
