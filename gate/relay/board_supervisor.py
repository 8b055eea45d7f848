"""Keeps a board in the commanded state: resends, drops what is not refreshed, reconnects.

Runs in the guard's process (``guard_process.py``), the only owner of the driver. ``run`` is
called again and again with the time; it waits for nothing but the driver's own bounded time-outs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gate.clock import Clock, SystemClock
from gate.errors import DeviceError
from gate.relay.driver import RelayDriver
from gate.relay.settings import RelaySettings

# seconds between two repetitions of the last command: they correct a lost byte or a board
# that lost its power
REPEAT_ON = 0.2
REPEAT_REST = 1.0
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Report:
    """The known state of the board. ``fault``: what, where, hint; None while it answers."""

    state: dict[int, bool | None] = field(default_factory=dict)
    inputs: dict[str, bool] = field(default_factory=dict)
    fault: tuple[str, str, str] | None = None


# seconds before the second attempt to connect, and the longest wait to which it doubles: shorter
# than for other devices, as nobody passes meanwhile
RETRY = (0.2, 10.0)


class BoardSupervisor:
    """One board and the commanded state of its channels."""

    def __init__(
        self,
        driver: RelayDriver,
        settings: RelaySettings,
        clock: Clock | None = None,
        *,
        retry: tuple[float, float] = RETRY,
    ) -> None:
        self._clock = clock or SystemClock()
        self.report: Report | None = None  # nothing known yet
        self._driver = driver
        self._settings = settings
        self._falls: dict[int, float] = {}  # channel -> when it rests unless refreshed
        self._commanded: dict[int, bool] = {}
        self._repeat_at: dict[int, float] = {}
        self._connected = False
        self._poll_at = 0.0
        self._polled = -math.inf
        self._retry_at = 0.0
        self._retry = retry
        self._wait = retry[0]
        self._failures = 0

    def command(self, channel: int, on: bool, hold: float, since: float) -> None:
        """``since``: when the hold begins, monotonic seconds; an order too old has no effect."""
        self._falls[channel] = since + hold if on else -math.inf

    def run(self, now: float) -> float:
        """Do what is due; returns when (monotonic seconds) to come back at the latest."""
        try:
            if not self._connected:
                if now < self._retry_at:
                    return self._retry_at
                self._connect(now)
            self._drive()
            self._poll(now)
            self._failures = 0
        except DeviceError as error:
            self._failed(error, now)
        if not self._connected:
            return self._retry_at
        falls = [fall for fall in self._falls.values() if fall > now]
        return min([self._poll_at, *falls, *self._repeat_at.values()])

    def rest(self) -> None:
        """Close the board; every channel is switched off if it can be reached."""
        self._driver.close()

    def _connect(self, now: float) -> None:
        self._driver.open()
        self._connected = True
        channels = range(1, self._settings.channels + 1)
        self._commanded = dict.fromkeys(channels, False)
        self._repeat_at = dict.fromkeys(channels, now + REPEAT_REST)
        self._poll_at = now
        self._wait = self._retry[0]

    def _drive(self) -> None:
        for channel in self._commanded:
            # read again before each command: connecting or another channel may have taken so long
            # that an order has expired
            now = self._clock.monotonic()
            fall = self._falls.get(channel, -math.inf)
            on = fall > now
            if on == self._commanded[channel] and now < self._repeat_at[channel]:
                continue
            self._driver.set(channel, on, fall - now if on else 0.0)
            self._commanded[channel] = on
            self._repeat_at[channel] = now + (REPEAT_ON if on else REPEAT_REST)

    def _poll(self, now: float) -> None:
        if now < self._poll_at:
            return
        # a board that is slow to answer must not make a relay that is about to fall late
        soon = [fall for fall in self._falls.values() if now < fall < now + self._settings.timeout]
        # … but one that is refreshed again and again must not make its inputs unseen
        latest = self._polled + max(self._settings.poll, self._settings.timeout)
        if soon and now < latest:
            self._poll_at = min(max(soon), latest)
            return
        self._polled, self._poll_at = now, now + self._settings.poll
        state = {channel: self._driver.state(channel) for channel in self._commanded}
        # where the board does not report, the last command sent without an error counts
        known = {c: self._commanded[c] if said is None else said for c, said in state.items()}
        self.report = Report(dict(known), self._driver.inputs())

    def _failed(self, error: DeviceError, now: float) -> None:
        self._failures += 1
        if self._connected and self._failures < ATTEMPTS:
            self._repeat_at = dict.fromkeys(self._commanded, now)
            self._poll_at = now
            return
        self._connected = False
        self._failures = 0
        self._driver.close()
        self.report = Report(fault=(error.what, error.where, error.hint))
        self._retry_at = now + self._wait
        self._wait = min(2 * self._wait, self._retry[1])
