"""A temperature as a finding with a weight, for the access rules."""

from __future__ import annotations

from gate.access.request import Finding, Weight
from gate.sensors.reading import Reading
from gate.sensors.settings import TemperatureSettings
from gate.sensors.temperature_limit import TemperatureLevel, level_of

_ABOVE = {"refuse": Weight.REQUIRE, "refer": Weight.REFER}
_UNKNOWN = {"refuse": Weight.REQUIRE, "refer": Weight.REFER, "pass": Weight.SHOW}


def temperature_finding(
    reading: Reading | None, settings: TemperatureSettings, now: float
) -> Finding:
    """``reading`` judged at ``now`` (monotonic seconds); None when there is no reading."""
    found = level_of(reading, settings, now)
    value = f"{reading.estimated:.1f}" if reading and reading.estimated is not None else ""
    if found is TemperatureLevel.UNKNOWN:
        return Finding("temperature", None, _weight(settings, known=False), "temperature_unknown")
    if found is TemperatureLevel.HIGH:
        weight = _weight(settings, known=True)
        return Finding("temperature", False, weight, "temperature_high", value)
    shown = Weight.RECORD if settings.policy == "record" else Weight.SHOW
    return Finding("temperature", True, shown, "", value)


def _weight(settings: TemperatureSettings, *, known: bool) -> Weight:
    if settings.policy in ("off", "record"):
        return Weight.RECORD
    if settings.policy == "advise":
        return Weight.ADVISE if known else Weight.SHOW
    return _ABOVE[settings.above] if known else _UNKNOWN[settings.unknown]
