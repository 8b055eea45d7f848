"""Whether a reading is normal, high or not usable. Pure; the access rules weigh it."""

from __future__ import annotations

from enum import StrEnum

from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings


class Finding(StrEnum):
    NORMAL = "normal"
    HIGH = "high"
    UNKNOWN = "unknown"


def find(reading: Reading | None, settings: TemperatureSettings, now: float) -> Finding:
    """Normal, high, or unknown when no usable reading exists.

    Args:
        reading: None: the sensor gave none.
        now: monotonic seconds; a reading older than ``max_age`` is not usable.
    """
    if reading is None or reading.validity is not Validity.VALID or reading.estimated is None:
        return Finding.UNKNOWN
    if now - reading.measured > settings.max_age:
        return Finding.UNKNOWN
    return Finding.HIGH if reading.estimated > settings.limit else Finding.NORMAL
