"""GPIO relays, over gpiozero's mock pins."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

pytest.importorskip("gpiozero", reason="gpiozero is not installed")

from gpiozero import BadPinFactory, Device
from gpiozero.pins.mock import MockFactory

from gate.errors import DeviceError
from gate.relay.driver_factory import make_driver
from gate.relay.settings import GpioSettings, RelaySettings, Wire


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = None


def settings(**gpio: object) -> RelaySettings:
    inputs = {"contact": Wire(number=22), "fire": Wire(number=23, invert=True)}
    pins = GpioSettings(pins=(17, 27), **gpio)  # type: ignore[arg-type]
    return RelaySettings(driver="gpio", channels=2, gpio=pins, inputs=inputs)


def test_channels_move_their_pins(pins: MockFactory) -> None:
    driver = make_driver(settings())
    driver.open()
    assert [pins.pin(n).state for n in (17, 27)] == [False, False]
    driver.set(2, True, 1)
    assert [pins.pin(n).state for n in (17, 27)] == [False, True]
    assert (driver.state(1), driver.state(2)) == (False, True)
    driver.close()
    assert not pins.pin(27).state


def test_boards_that_are_active_low_rest_high(pins: MockFactory) -> None:
    driver = make_driver(settings(active_high=False))
    driver.open()
    assert pins.pin(17).state
    driver.set(1, True, 1)
    assert not pins.pin(17).state
    driver.close()


def test_inputs_are_active_when_drawn_to_ground(pins: MockFactory) -> None:
    driver = make_driver(settings())
    driver.open()
    assert driver.inputs() == {"contact": False, "fire": True}
    pins.pin(22).drive_low()
    pins.pin(23).drive_low()
    assert driver.inputs() == {"contact": True, "fire": False}
    driver.close()


def test_a_pin_in_use_is_a_named_error(pins: MockFactory) -> None:
    first = make_driver(settings())
    first.open()
    with pytest.raises(DeviceError) as raised:
        make_driver(settings()).open()
    assert "17" in raised.value.where
    first.close()


def test_opening_again_after_closing(pins: MockFactory) -> None:
    driver = make_driver(settings())
    driver.open()
    driver.close()
    driver.open()
    driver.set(1, True, 1)
    assert driver.state(1) is True
    driver.close()


def test_a_box_without_pins_is_a_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    Device.pin_factory = None
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "none-such")
    with pytest.raises(DeviceError):
        make_driver(settings()).open()


def test_a_machine_without_pins_is_told_so_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    def none_here() -> None:
        warnings.warn("Falling back", stacklevel=1)
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(Device, "_default_pin_factory", staticmethod(none_here))
    with pytest.raises(DeviceError) as caught:
        make_driver(settings()).open()
    assert caught.value.what == (
        "the GPIO pins cannot be used: this machine has no pins that can be used"
    )
    assert not recwarn
