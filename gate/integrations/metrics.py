"""What Prometheus may read: latencies, decisions, queue, devices, the temperature of the box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gate.events.event import Event

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")


class Metrics:
    """A registry of its own for one gate. ``count`` may be called by any thread."""

    def __init__(self, gate: str) -> None:
        self.registry = CollectorRegistry()
        self._gate = gate
        self._events = Counter("gate_events", "Events by type", ["type"], registry=self.registry)
        self._decisions = Counter(
            "gate_decisions",
            "Decisions by outcome, method and first reason",
            ["outcome", "method", "reason"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "gate_passage_latency_seconds",
            "First usable face, or card, to the relay",
            ["method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._devices = Gauge(
            "gate_device_up", "1 while the device answers", ["device"], registry=self.registry
        )
        self._exports = Gauge(
            "gate_export_waiting",
            "Events an export has not delivered or passed over yet",
            ["export"],
            registry=self.registry,
        )
        box = Gauge("gate_box_celsius", "Temperature of the processor", registry=self.registry)
        box.set_function(_box_temperature)

    def count(self, event: Event) -> None:
        """Once for each event recorded."""
        self._events.labels(event.type).inc()
        if event.decision:
            reason = event.reasons[0] if event.reasons else ""
            self._decisions.labels(event.decision, event.method or "", reason).inc()
        if event.latency is not None:
            self._latency.labels(event.method or "").observe(event.latency / 1000)

    def device(self, name: str, up: bool) -> None:
        self._devices.labels(name).set(1.0 if up else 0.0)

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A figure that is read when it is asked for, e.g. the length of the outbox."""
        Gauge(f"gate_{name}", help, registry=self.registry).set_function(read)

    def export(self, name: str, waiting: Callable[[], float]) -> None:
        """The length of an export's outbox, read when it is asked for."""
        self._exports.labels(name).set_function(waiting)

    def text(self) -> bytes:
        return generate_latest(self.registry)


def _box_temperature() -> float:
    try:
        return int(_THERMAL.read_text()) / 1000
    except (OSError, ValueError):
        return float("nan")
