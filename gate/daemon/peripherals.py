"""The peripherals of the loop: screen, entry status, thermometer."""

from __future__ import annotations

from collections.abc import Callable

from gate.access import entry_status
from gate.access.decision import Person
from gate.access.request import Finding
from gate.access.status_http import HttpStatus
from gate.access.status_lookup import StatusLookup
from gate.access.temperature import temperature_finding
from gate.clock import Clock
from gate.config.settings import Settings
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.items import Item
from gate.passage import inputs
from gate.recognition.face import Sighting
from gate.screen.message import Message
from gate.screen.server import Screen
from gate.sensors.reading import Validity
from gate.sensors.sensor import TemperatureSensor
from gate.sensors.view import region_of

ENOUGH = (Validity.VALID, Validity.IMPLAUSIBLE)


class Peripherals:
    """The ``Parts`` of a loop, as configured. ``measured`` belongs to the main loop's thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        post: Callable[[Item], None],
        picture: Callable[[], bytes | None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._post = post
        labels = entry_status.labels(settings.status.items)
        self.screen = (
            Screen(settings.screen, clock, labels=labels, picture=picture)
            if settings.screen.enabled
            else None
        )
        self._status = (
            StatusLookup(
                HttpStatus(settings.status, clock.monotonic),
                settings.status,
                self._answered,
                clock.monotonic,
                lambda state, why: post(DeviceStatus("status", "status", state == "back", why)),
            )
            if settings.status.enabled
            else None
        )
        self._sensor = (
            TemperatureSensor(settings.temperature, self._sensor_reported)
            if settings.temperature.policy != "off"
            else None
        )
        self._since: float | None = None  # begin of the passage being measured
        self._reported = 0.0  # time of the newest value reported

    def open(self) -> None:
        """Raises ConfigurationError when the screen's address cannot be used."""
        if self.screen is not None:
            self.screen.start()
        if self._sensor is not None:
            self._sensor.open()

    def close(self) -> None:
        if self._sensor is not None:
            self._sensor.close()
        if self._status is not None:
            self._status.close()
        if self.screen is not None:
            self.screen.stop()

    def forget(self, person: int) -> None:
        """Remove a deleted person from the caches."""
        if self._status is not None:
            self._status.forget(person)

    # ------------------------------------------------------------ called by the loop

    def show(self, message: Message) -> None:
        if self.screen is not None:
            self.screen.show(message)

    def ask_status(self, person: Person) -> None:
        if self._status is not None:
            self._status.ask(person)

    def measure(self, passage: str) -> None:
        self._since = self._clock.monotonic()

    def measured(self, face: Sighting | None, *, behind: bool) -> inputs.Measured | None:
        """The temperature of the passage, once there are enough values for a median.

        An implausible one is reported, again with each new value, until a plausible one arrives:
        while a person walks up to the sensor it measures the wall behind them first.

        ``face``: whose it is. A thermal image whose place in the camera's picture is known counts
        only where the face is; until then nothing is measured. ``behind``: someone else is
        nearer; a sensor that cannot distinguish them measures whoever is in front, so no reading
        counts before they have gone.
        """
        if self._sensor is None or self._since is None:
            return None
        now = self._clock.monotonic()
        warm = self._settings.temperature
        region = None
        if warm.view and face and face.place and face.camera == warm.camera:
            region = region_of(face.place, warm.view)
            if region is None:
                return None
        elif behind:
            self._since = now
            return None
        reading = self._sensor.reading(self._since, now, region)
        if reading.validity not in ENOUGH or reading.measured <= self._reported:
            return None
        self._reported = reading.measured
        if reading.validity is Validity.VALID:
            self._since = None
        finding = temperature_finding(reading, self._settings.temperature, now)
        return inputs.Measured(reading, finding)

    def _answered(self, person: int, findings: tuple[Finding, ...], until: float) -> None:
        self._post(inputs.Answered(person, findings, until))

    def _sensor_reported(self, name: str, there: bool, reason: str) -> None:
        self._post(DeviceStatus("sensor", name, there, reason))
