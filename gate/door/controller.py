"""The door's shell: inputs of the board in, effects of the state machine out.

Belongs to the daemon's main loop; no other thread calls it. Nothing here waits: the driver given
is either in memory or a ``GuardedRelay``, which hands work to its own process.
"""

from __future__ import annotations

import math

from gate.door.settings import DoorSettings
from gate.door.state import (
    Contact,
    DoorState,
    Energise,
    EventOut,
    ExitButton,
    Fault,
    Fire,
    Input,
    Late,
    Recovered,
    Relay,
    Rest,
    Tamper,
    Tick,
)
from gate.door.state_machine import energised, step
from gate.door.unsteady import CALM, Unsteady
from gate.errors import DeviceError
from gate.relay.driver import TimedRelay

# how many refreshes may be lost before an energised relay drops
REFRESHES = 3


class DoorController:
    """Applies the door's effects to a board and reads the board's inputs.

    ``handle`` and ``tick`` return the events to be written, in order. A board that fails turns
    into the fault state, never into an exception.
    """

    def __init__(
        self,
        driver: TimedRelay,
        settings: DoorSettings,
        channel: int = 1,
        start: DoorState | None = None,
    ) -> None:
        # a fire or lock-down survives a restart: DoorState(fire=True)
        self.state = start or DoorState()
        self._driver = driver
        self._settings = settings
        self._channel = channel
        self._driven = False
        self._ticked: float | None = None
        self._refresh_at = 0.0
        self._levels: dict[str, bool] = {}
        self._changing: dict[str, float] = {}
        self._unsteady: dict[str, Unsteady] = {}

    def open(self, now: float) -> tuple[EventOut, ...]:
        """Connect; every relay rests before this returns, or the door is in fault.

        That may take seconds, so the inputs are read by the first ``tick``, at its own time: a
        relay commanded at ``now`` would be thought not to follow.
        """
        try:
            self._driver.open()
        except DeviceError as error:
            return self._step(Fault(error.what, error.where), now)
        return ()

    def handle(self, given: Input, now: float) -> tuple[EventOut, ...]:
        """One input from outside the board: a grant, an order of staff, a reset."""
        return self._step(given, now)

    def tick(self, now: float) -> tuple[EventOut, ...]:
        """Call at least every 50 ms: reads the board, lets time pass, refreshes the hold."""
        events: tuple[EventOut, ...] = ()
        if self._ticked is not None and now - self._ticked >= self._settings.hold:
            events += self._step(Late(), now)
        self._ticked = now
        try:
            levels = self._driver.inputs()
            relay = self._driver.state(self._channel)
        except DeviceError as error:
            self._levels.clear()
            if error.what != self.state.fault:
                events += self._step(Fault(error.what, error.where), now)
        else:
            if self.state.fault:
                events += self._step(Recovered(), now)
            for name, level in levels.items():
                events += self._input(name, level, now)
            if relay is not None:
                events += self._step(Relay(relay), now)
        events += self._step(Tick(), now)
        if now >= self._refresh_at:
            events += self._drive(now)
        return events

    def close(self) -> None:
        self._driver.close()

    def _step(self, given: Input, now: float) -> tuple[EventOut, ...]:
        before = self.state.until
        self.state, effects = step(self.state, given, now, self._settings)
        events: tuple[EventOut, ...] = ()
        if self.state.until != before:
            self._refresh_at = now  # the guard must know a pulse's new end before the old one
        for effect in effects:
            if isinstance(effect, Energise | Rest):
                events += self._drive(now)
            else:
                events += (effect,)
        return events

    def _drive(self, now: float) -> tuple[EventOut, ...]:
        """Command what the state asks for, for no longer than the state allows."""
        self._refresh_at = now + self._settings.hold / REFRESHES
        on = energised(self.state, self._settings)
        if not on and not self._driven:
            return ()
        self._driven = self._driven or on
        try:
            self._driver.set(self._channel, on, self._hold(now), now)
        except DeviceError as error:
            return () if self.state.fault else self._step(Fault(error.what, error.where), now)
        self._driven = on
        return ()

    def _hold(self, now: float) -> float:
        """How long the board may hold the relay without another command.

        A pulse is known from its beginning: the guard holds it to its end, neither torn nor
        lengthened by a main loop that is late. What has no end of its own is refreshed.
        """
        hold = self._settings.hold
        if self._settings.fail == "safe":
            return hold
        pulse = -math.inf if self.state.until is None else self.state.until - now
        return max(pulse, min(hold, self.state.release_end - now))

    def _input(self, name: str, level: bool, now: float) -> tuple[EventOut, ...]:
        """One input, counted once it has been stable for the debounce time."""
        first = name not in self._levels
        if not first and not self._settled(name, level, now):
            return ()
        self._changing.pop(name, None)
        self._levels[name] = level
        loose = () if first else self._counted(name, now)
        return loose + self._meant(name, level, now, first=first)

    def _settled(self, name: str, level: bool, now: float) -> bool:
        """Whether an input that changes has been stable for long enough."""
        if level == self._levels[name]:
            self._changing.pop(name, None)
            return False
        if name not in self._changing:
            self._changing[name] = now
            self._unsteady[name] = self._unsteady.get(name, Unsteady()).moves(now)
        # whoever wants to get out presses the button for a moment, and a fire waits for nothing
        slow = self._unsteady[name].now and name in ("contact", "tamper")
        return now - self._changing[name] >= (CALM if slow else self._settings.input_debounce)

    def _counted(self, name: str, now: float) -> tuple[EventOut, ...]:
        self._unsteady[name], begins = self._unsteady[name].counts(now)
        return (EventOut("door.unsteady", "", {"input": name}),) if begins else ()

    def _meant(self, name: str, level: bool, now: float, *, first: bool) -> tuple[EventOut, ...]:
        match name:
            case "contact" if self._settings.contact:
                return self._step(Contact(level), now)
            case "exit" if level and not first:
                return self._step(ExitButton(), now)
            case "fire":
                return self._step(Fire(level), now)
            case "tamper":
                return self._step(Tamper(level), now)
        return ()
