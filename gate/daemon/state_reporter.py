"""Publishes the states of the gate, each only when it has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate import __version__
from gate.config.settings import Settings
from gate.daemon.build import Core
from gate.door.state import Phase
from gate.integrations.homeassistant import door_state
from gate.recognition.liveness.assessment import active
from gate.sensors.settings import NAME as TEMPERATURE

Publish = Callable[[str, dict[str, object]], None]

EVERY = 0.2  # seconds between two checks


class StateReporter:
    """Belongs to the main loop. ``publish``: called with (thing, value), must not block."""

    def __init__(self, settings: Settings, publish: Sequence[Publish]) -> None:
        self._publish = publish
        self._published: dict[str, dict[str, object]] = {}
        self._next = 0.0
        self._label = settings.label
        self._liveness: dict[str, object] = {
            "mode": settings.liveness.mode,
            "active": active(settings.liveness, settings.models),
        }
        self._devices = [
            *((camera.name, "camera") for camera in settings.camera),
            *((reader.name, "reader") for reader in settings.reader),
        ]
        if settings.temperature.policy != "off":
            self._devices.append((TEMPERATURE, "sensor"))

    def report(self, core: Core, now: float) -> None:
        """Check, at most every ``EVERY`` seconds, and publish what changed."""
        if now < self._next:
            return
        self._next = now + EVERY
        for thing, value in self._now(core).items():
            if self._published.get(thing) != value:
                self._published[thing] = value
                for publish in self._publish:
                    publish(thing, value)

    def _now(self, core: Core) -> dict[str, dict[str, object]]:
        door = core.loop.controller.state
        faults = core.loop.faults
        matcher = core.recogniser.matcher
        until = core.loop.lane.until
        states: dict[str, dict[str, object]] = {
            "gate": {
                "software": __version__,
                "faults": sorted(faults),
                "label": self._label,
            },
            "door": dict(
                door_state(
                    state=door.phase.value,
                    locked=not door.released,
                    open=door.open,
                    tamper=door.tamper,
                    problem=door.phase is Phase.FAULT,
                )
            ),
            "mode": {"mode": core.loop.lane.mode.value, "until": until and until.isoformat()},
            "gallery": {"people": core.known.enrolled},
            "encoder": {"encoder": matcher.encoder, "fit": matcher.version},
            "liveness": self._liveness,
        }
        for name, family in self._devices:
            states[f"device/{name}"] = {"up": f"{family}.{name}" not in faults, "family": family}
        return states
