"""How far an export is, and what left the box by it. Pure.

The state is one JSON value in the database, written in the same transaction that takes what was
delivered out of the outbox. What left is added up by the hour and then becomes one line of the
audit: a line for each passage would make the audit, which is never shortened, grow without bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gate.exporting.render import Rendered

Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Pending:
    """Events whose delivery has begun: they are sent again as they were, under the same key."""

    kind: str
    epoch: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class State:
    """Of one export.

    Attributes:
        generation: of the register, up to which people are delivered; -1: nobody yet.
        mapping: digest of the mapping and switches people were delivered with.
        pending: events on their way.
        epoch, position: the newest event delivered.
        hour: the hour the figures below count for, ISO; "" when nothing was counted.
        sent: records by kind; fields: personal fields; withheld: fields and why; refused: records
            by the reason.
        total: records by kind since the export exists.
        last: time of the last delivery, ISO.
    """

    generation: int = -1
    mapping: str = ""
    pending: Pending | None = None
    epoch: int = 0
    position: int = 0
    hour: str = ""
    sent: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)
    last: str = ""

    @classmethod
    def read(cls, value: dict[str, Any] | None) -> State:
        known = {key: v for key, v in (value or {}).items() if key in cls.__slots__}
        if known.get("pending"):
            known["pending"] = Pending(**known["pending"])
        return cls(**known)

    def written(self) -> dict[str, Any]:
        return asdict(self)


def key_of(gate: str, receiver: str) -> str:
    """Where the state is kept among the key values."""
    return f"{receiver}:{gate}"


def counted(
    state: State,
    now: datetime,
    sent: Iterable[Rendered] = (),
    refused: Iterable[Rendered] = (),
) -> tuple[State, list[Note]]:
    """The state with these records counted, and the lines of an hour that is over."""
    state, notes = turned(state, now)
    sent, refused = list(sent), list(refused)
    if not sent and not refused:
        return state, notes
    figures: dict[str, Any] = {
        name: dict(getattr(state, name))
        for name in ("sent", "fields", "withheld", "refused", "total")
    }

    def add(name: str, key: str) -> None:
        figures[name][key] = figures[name].get(key, 0) + 1

    for record in sent:
        add("sent", record.source.kind)
        add("total", record.source.kind)
        for key in record.sent:
            add("fields", key)
        for key, why in record.withheld.items():
            add("withheld", f"{key}: {why}")
    for record in refused:
        add("refused", record.refused)
    hour = _hour(now)
    last = now.astimezone(UTC).isoformat(timespec="seconds") if sent else state.last
    return replace(state, **figures, hour=hour, last=last), notes


def turned(state: State, now: datetime) -> tuple[State, list[Note]]:
    """At the end of an hour its figures become a line of the audit."""
    if not state.hour or state.hour == _hour(now):
        return state, []
    details = {
        name: value
        for name in ("sent", "fields", "withheld", "refused")
        if (value := getattr(state, name))
    }
    empty = replace(state, hour="", sent={}, fields={}, withheld={}, refused={})
    return empty, [("platform.sent", {"hour": state.hour, **details})]


def _hour(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y-%m-%dT%H}:00Z"
