"""The relay that the daemon uses: a real board behind its guard process, or the simulated one."""

from __future__ import annotations

from gate.clock import Clock
from gate.relay.driver import TimedRelay
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings
from gate.relay.simulated import SimulatedRelay


def make_relay(settings: RelaySettings, clock: Clock) -> TimedRelay:
    """A real board is held by a guard process, the simulated one by none."""
    if settings.driver == "simulated":
        return SimulatedRelay(channels=settings.channels, clock=clock)
    return GuardedRelay(settings, clock)
