"""The temperature sensor as the daemon knows it: always a Reading, never a wait."""

from __future__ import annotations

import threading
from collections import deque

from gate.devices.device_thread import DeviceThread, StatusListener
from gate.sensors.estimate import reading_of
from gate.sensors.lines import make_line
from gate.sensors.reading import Reading
from gate.sensors.sample import Sample
from gate.sensors.settings import NAME, TemperatureSettings
from gate.sensors.view import Region

# samples kept: a passage of half a minute at 14 frames a second
KEPT = 420


class TemperatureSensor:
    """Keeps the newest samples. Written by the sensor's thread, read by the main loop."""

    def __init__(
        self,
        settings: TemperatureSettings,
        status: StatusListener | None = None,
        *,
        retry: tuple[float, float] | None = None,
    ) -> None:
        """``retry``: seconds, instead of ``device_thread.RETRY``."""
        self.name = NAME
        self._settings = settings
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._thread = DeviceThread(
            NAME,
            make_line(settings),
            self._add,
            status,
            speaks=True,
            retry=retry,
        )

    @property
    def there(self) -> bool:
        return self._thread.there

    def open(self) -> None:
        self._thread.open()

    def reading(self, since: float, now: float, region: Region | None = None) -> Reading:
        """What was measured from ``since`` (monotonic seconds, the passage's begin) to ``now``."""
        with self._lock:
            samples = tuple(self._samples)
        return reading_of(samples, since, now, self._settings, region)

    def close(self) -> None:
        self._thread.close()

    def _add(self, sample: Sample) -> None:
        with self._lock:
            self._samples.append(sample)
