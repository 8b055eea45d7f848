"""The thermometer beside the loop: whose temperature it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gate.clock import SystemClock
from gate.config.settings import Settings
from gate.daemon.peripherals import Peripherals
from gate.passage.inputs import Measured
from gate.recognition.face import Face, Sighting, Verdict
from gate.screen.settings import ScreenSettings
from gate.sensors.reading import Validity
from gate.sensors.settings import TemperatureSettings
from gate.simulators.port import Device, SimulatedPort
from gate.simulators.temperature import ImageSensor, PointSensor
from tests.waiting import PATIENCE, wait_for

# the simulated face covers columns 12 to 19 of 32 and rows 6 to 17 of 24
FACE = (0.36, 0.24, 0.64, 0.76)
BESIDE = (0.9, 0.2, 1.0, 0.5)


def face(place: tuple[float, float, float, float], camera: str = "main") -> Sighting:
    box = Face((0, 0, 100, 100), 0.9)
    return Sighting(1, camera, 0.0, 0.0, 1, box, 1, 1, Verdict.KNOWN, place=place)


@contextmanager
def thermometer(lamp: float, **more: object) -> Iterator[Peripherals]:
    image = ImageSensor(33.2, 25.0, lamp)
    with measuring(image, policy="require", driver="mcu90640", samples=2, **more) as peripherals:
        yield peripherals


@contextmanager
def measuring(device: Device, **warm: object) -> Iterator[Peripherals]:
    """A passage has begun before this sensor."""
    with SimulatedPort(device) as port:
        temperature = TemperatureSettings(port=port.path, **warm)  # type: ignore[arg-type]
        settings = Settings(screen=ScreenSettings(enabled=False), temperature=temperature)
        peripherals = Peripherals(settings, SystemClock(), lambda item: None)
        peripherals.open()
        try:
            peripherals.measure("passage")
            yield peripherals
        finally:
            peripherals.close()


def measured(
    peripherals: Peripherals, seen: Sighting | None, seconds: float = PATIENCE
) -> Measured | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := peripherals.measured(seen, behind=False)) is not None:
            return found
        time.sleep(0.02)
    return None


def test_a_lamp_beside_the_face_does_not_count() -> None:
    with thermometer(36.5, view=(0.0, 0.0, 1.0, 1.0)) as peripherals:
        found = measured(peripherals, face(FACE))
    assert found is not None
    assert found.reading.raw == pytest.approx(33.2, abs=0.01)
    assert found.reading.validity is Validity.VALID
    assert found.finding.topic == "temperature"


@pytest.mark.parametrize("seen", [face(FACE), None])
def test_without_a_known_view_all_of_the_image_counts(seen: Sighting | None) -> None:
    with thermometer(36.5) as peripherals:
        found = measured(peripherals, seen)
    assert found is not None
    assert found.reading.raw == pytest.approx(36.5, abs=0.01)


def test_a_face_that_is_not_before_the_sensor_is_waited_for() -> None:
    with thermometer(36.5, view=(0.0, 0.0, 0.8, 1.0)) as peripherals:
        assert measured(peripherals, face(BESIDE), 1.2) is None
        found = measured(peripherals, face((0.29, 0.24, 0.51, 0.76)))
    assert found is not None
    assert found.reading.raw == pytest.approx(33.2, abs=0.01)


def test_the_wall_is_reported_and_the_person_who_comes_after_it_too() -> None:
    module = PointSensor(22.0, 25.0)
    with measuring(module, policy="require") as peripherals:
        wall = measured(peripherals, None)
        assert wall is not None
        assert wall.reading.validity is Validity.IMPLAUSIBLE
        assert wall.finding.good is None
        module.surface = 33.2
        end = time.monotonic() + PATIENCE
        found = wall
        while found.reading.validity is not Validity.VALID and time.monotonic() < end:
            found = measured(peripherals, None) or found
        assert found.finding.good is True
        assert measured(peripherals, None, 0.3) is None  # reported once


def test_a_face_of_another_camera_says_nothing_about_the_view() -> None:
    with thermometer(36.5, view=(0.0, 0.0, 1.0, 1.0)) as peripherals:
        found = measured(peripherals, face(FACE, "way-out"))
    assert found is not None
    assert found.reading.raw == pytest.approx(36.5, abs=0.01)


def test_nothing_counts_for_somebody_behind_others_and_the_others_do_not_count_after() -> None:
    module = PointSensor(35.0, 25.0)  # of whoever stands in front
    with measuring(module, policy="advise") as peripherals:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            assert peripherals.measured(face(FACE), behind=True) is None
            time.sleep(0.02)
        module.surface = 33.2
        # what was on the line while they changed places
        sensor = peripherals._sensor
        assert sensor is not None
        wait_for(lambda: sensor.reading(0, time.monotonic()).samples)
        wait_for(lambda: sensor._samples[-1].raw == pytest.approx(33.2))
        assert peripherals.measured(face(FACE), behind=True) is None
        found = measured(peripherals, face(FACE))
    assert found is not None
    assert found.reading.raw == pytest.approx(33.2, abs=0.01)
