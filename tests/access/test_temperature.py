import pytest

from gate.access.request import Weight
from gate.access.temperature import temperature_finding
from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings


def reading(degrees: float, at: float = 100.0) -> Reading:
    return Reading(degrees - 3, 22.0, degrees, at, "t", Validity.VALID, 5)


@pytest.mark.parametrize(
    ("policy", "above", "high", "normal"),
    [
        ("record", "refer", Weight.RECORD, Weight.RECORD),
        ("advise", "refer", Weight.ADVISE, Weight.SHOW),
        ("require", "refer", Weight.REFER, Weight.SHOW),
        ("require", "refuse", Weight.REQUIRE, Weight.SHOW),
    ],
)
def test_a_high_temperature_weighs_as_the_policy_says(
    policy: str, above: str, high: Weight, normal: Weight
) -> None:
    settings = TemperatureSettings.model_validate({"policy": policy, "above": above})
    found = temperature_finding(reading(38.25), settings, 100.5)
    assert (found.good, found.weight, found.reason) == (False, high, "temperature_high")
    assert found.value == "38.2"
    assert temperature_finding(reading(36.5), settings, 100.5).weight is normal


@pytest.mark.parametrize(
    ("unknown", "weight"),
    [("pass", Weight.SHOW), ("refer", Weight.REFER), ("refuse", Weight.REQUIRE)],
)
def test_no_temperature_weighs_as_the_policy_says(unknown: str, weight: Weight) -> None:
    settings = TemperatureSettings.model_validate({"policy": "require", "unknown": unknown})
    for nothing in (None, reading(36.5, at=90.0)):
        found = temperature_finding(nothing, settings, 100.0)
        assert (found.good, found.weight) == (None, weight)


def test_where_it_is_only_advised_no_temperature_advises_nothing() -> None:
    settings = TemperatureSettings.model_validate({"policy": "advise"})
    assert temperature_finding(None, settings, 100.0).weight is Weight.SHOW


def test_a_reading_without_an_estimate_shows_no_figure() -> None:
    nothing = Reading(21.0, 22.0, None, 100.0, "t", Validity.IMPLAUSIBLE, 5)
    found = temperature_finding(nothing, TemperatureSettings(), 100.0)
    assert (found.good, found.value) == (None, "")
