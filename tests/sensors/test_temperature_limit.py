"""Normal, high, or not usable."""

from __future__ import annotations

import pytest

from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings
from gate.sensors.temperature_limit import TemperatureLevel, level_of

SETTINGS = TemperatureSettings(policy="require", limit=37.3, max_age=2.0)


def reading(
    estimated: float | None, at: float = 10.0, validity: Validity = Validity.VALID
) -> Reading:
    return Reading(33.0, 25.0, estimated, at, "temperature", validity, 5)


@pytest.mark.parametrize(
    ("estimated", "found"),
    [
        (36.5, TemperatureLevel.NORMAL),
        (37.3, TemperatureLevel.NORMAL),
        (37.31, TemperatureLevel.HIGH),
    ],
)
def test_the_limit_itself_is_normal(estimated: float, found: TemperatureLevel) -> None:
    assert level_of(reading(estimated), SETTINGS, 10.5) is found


@pytest.mark.parametrize(
    "given",
    [
        None,
        reading(None),
        reading(39.0, validity=Validity.IMPLAUSIBLE),
        reading(39.0, validity=Validity.STALE),
        reading(39.0, at=8.4),
    ],
)
def test_what_cannot_be_used_is_unknown_and_never_high(given: Reading | None) -> None:
    assert level_of(given, SETTINGS, 10.5) is TemperatureLevel.UNKNOWN


def test_age_counts_to_the_limit() -> None:
    assert level_of(reading(39.0, at=8.5), SETTINGS, 10.5) is TemperatureLevel.HIGH
