"""What follows from the temperature of a passage. Pure; the access rules use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings


class Consequence(StrEnum):
    PASS = "pass"
    AGAIN = "again"  # measure once more
    REFER = "refer"  # to staff with a second thermometer
    REFUSE = "refuse"


class Finding(StrEnum):
    OFF = "off"
    NORMAL = "normal"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TemperatureVerdict:
    """``show``: whether the person and the staff are told (advise and require)."""

    consequence: Consequence
    finding: Finding
    reading: Reading | None = None
    show: bool = False


def judge_temperature(
    readings: Sequence[Reading], settings: TemperatureSettings, now: float
) -> TemperatureVerdict:
    """The consequence of a passage's readings, oldest first; ``now`` in monotonic seconds.

    | policy | normal | high | high again | unknown |
    |---|---|---|---|---|
    | off | pass | pass | pass | pass |
    | record | pass | pass | pass | pass |
    | advise | pass | pass, shown | pass, shown | pass, shown |
    | require | pass | measure again | ``above`` | ``unknown`` |
    """
    if settings.policy == "off":
        return TemperatureVerdict(Consequence.PASS, Finding.OFF)
    last = readings[-1] if readings else None
    finding = find(last, settings, now)
    if settings.policy == "record":
        return TemperatureVerdict(Consequence.PASS, finding, last)
    consequence = Consequence.PASS
    if settings.policy == "require" and finding is Finding.HIGH:
        high = sum(find(one, settings, one.measured) is Finding.HIGH for one in readings)
        consequence = Consequence(settings.above) if high > 1 else Consequence.AGAIN
    elif settings.policy == "require" and finding is Finding.UNKNOWN:
        consequence = Consequence(settings.unknown)
    return TemperatureVerdict(consequence, finding, last, show=True)


def find(reading: Reading | None, settings: TemperatureSettings, now: float) -> Finding:
    """Normal, high, or unknown when there is nothing that may be used."""
    if reading is None or reading.validity is not Validity.VALID or reading.estimated is None:
        return Finding.UNKNOWN
    if now - reading.measured > settings.max_age:
        return Finding.UNKNOWN
    return Finding.HIGH if reading.estimated > settings.limit else Finding.NORMAL
