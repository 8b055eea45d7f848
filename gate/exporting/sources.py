"""From events and people of the register to what a mapping works with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gate.exporting import mapping as m
from gate.exporting.render import Source
from gate.exporting.settings import Kind

# taken from an event as they are
_OF_EVENT = ("id", "gate", "sequence", "epoch", "type", "passage", "method", "decision", "rule")


def kind_of(mapping: m.Mapping, type: str) -> Kind | None:
    """Which record an event becomes; None when the receiver does not want it."""
    for kind, record in mapping.records.items():
        if kind != "person" and type in record.events:
            return kind
    return None


def of_event(
    kind: Kind,
    body: Mapping[str, Any],
    person: Mapping[str, Any] | None = None,
    agreed: frozenset[str] = frozenset(),
) -> Source:
    """An event as published, and what the register knows of its person."""
    details = body.get("details") or {}
    family, _, state = str(body["type"]).partition(".")
    values: dict[str, Any] = {key: body.get(key) for key in _OF_EVENT}
    values |= {
        "time": datetime.fromisoformat(str(body["time"])),
        "reason": next(iter(body.get("reasons") or ()), None),
        "serial": f"{body.get('epoch') or 0}-{body['sequence']}",
        "device": details.get("device") or details.get("camera") or family,
        "state": state,
        "cause": details.get("cause"),
    }
    temperature = body.get("temperature") or {}
    if temperature.get("validity") == "valid":
        values["temperature.estimated"] = temperature.get("estimated")
        values["temperature.raw"] = temperature.get("raw")
    known = {"ref": body.get("person"), **(person or {})}
    values |= {f"person.{key}": value for key, value in known.items()}
    values = {key: value for key, value in values.items() if value not in (None, "")}
    return Source(kind, values, agreed, int(body["sequence"]), int(body.get("epoch") or 0))


def of_person(
    number: int,
    person: Mapping[str, Any],
    agreed: frozenset[str],
    *,
    gate: str,
    at: datetime,
    action: str = "upsert",
) -> Source:
    """A person of the register; with ``action`` "delete" only ``ref`` is known."""
    values: dict[str, Any] = {f"person.{key}": value for key, value in person.items()}
    values = {key: value for key, value in values.items() if value not in (None, "")}
    values |= {"action": action, "gate": gate, "time": at, "id": person.get("ref")}
    return Source("person", values, agreed, number)
