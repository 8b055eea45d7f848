"""An event: what happened at a gate, written once. Schema version 1, see docs/events.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gate.access.decision import Decision
from gate.access.record import record
from gate.events.redact import redact
from gate.events.uuid7 import uuid7

VERSION = 1


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Made without ``sequence`` and ``epoch``; the store adds those of its gate.

    Attributes:
        id: UUIDv7.
        gate: the gate's name.
        time: aware, UTC.
        type: one of gate/events/types.py.
        passage: the passage it belongs to.
        person: a pseudonym (``Person.ref``), never a name.
        scores: best, second, evidence, threshold: whatever was compared.
        versions: encoder, fit, liveness, software: whatever decided.
        temperature: raw, ambient, estimated in °C, and validity.
        latency: milliseconds from the first usable face (or the card) to the relay.
        epoch: the series ``sequence`` counts in; raised with a new or restored database.
        details: anything else of the type, see docs/events.md; personal keys are taken out.
    """

    id: str
    gate: str
    time: datetime
    type: str
    passage: str | None = None
    method: str | None = None
    decision: str | None = None
    rule: str | None = None
    reasons: tuple[str, ...] = ()
    person: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    temperature: Mapping[str, Any] | None = None
    latency: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    sequence: int | None = None
    epoch: int | None = None

    @classmethod
    def make(cls, gate: str, type: str, at: datetime, **fields: Any) -> Event:
        """A new event with an id of its own; ``fields`` are the attributes above."""
        return cls(uuid7(at), gate, at.astimezone(UTC), type, **fields)

    @classmethod
    def of_decision(
        cls,
        gate: str,
        at: datetime,
        decision: Decision,
        *,
        passage: str,
        details: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Event:
        """``passage.granted``, ``passage.denied`` or ``passage.asked`` with all that led to it.

        The request of the decision becomes plain values here, and only here.
        """
        reading = decision.reading
        details = details or {}
        return cls.make(
            gate,
            _PASSAGE_TYPES[decision.outcome.value],
            at,
            passage=passage,
            method=decision.method.value,
            decision=decision.outcome.value,
            rule=decision.rule,
            reasons=tuple(decision.reasons),
            person=decision.person.ref if decision.person else None,
            temperature=None
            if reading is None
            else {
                "raw": reading.raw,
                "ambient": reading.ambient,
                "estimated": reading.estimated,
                "validity": reading.validity.value,
            },
            **{**fields, "details": {"values": record(decision.request), **details}},
        )

    def numbered(self, sequence: int, epoch: int | None = None) -> Event:
        """The same with its place in the series ``epoch`` of its gate."""
        return replace(self, sequence=sequence, epoch=epoch)

    def body(self) -> dict[str, Any]:
        """As published: JSON values only, empty fields left out."""
        values = {
            "version": VERSION,
            "id": self.id,
            "gate": self.gate,
            "sequence": self.sequence,
            "epoch": self.epoch,
            "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "type": self.type,
            "passage": self.passage,
            "method": self.method,
            "decision": self.decision,
            "rule": self.rule,
            "reasons": list(self.reasons) or None,
            "person": self.person,
            "scores": dict(self.scores) or None,
            "versions": dict(self.versions) or None,
            "temperature": None if self.temperature is None else dict(self.temperature),
            "latency": None if self.latency is None else round(self.latency, 1),
            "details": redact(dict(self.details)) or None,
        }
        return {key: value for key, value in values.items() if value is not None}


_PASSAGE_TYPES = {"grant": "passage.granted", "deny": "passage.denied", "ask": "passage.asked"}
