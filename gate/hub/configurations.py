"""What the hub sets on its boxes: versions, and which of them each gate should have.

A version is of a scope: every gate, an area, or one gate; the narrower overrides, key by key. What
a gate should have of a scope is the version that is on its way, once its wave has begun, else the
last one that came all the way. So a roll-out that is given up needs nothing undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.config import from_hub
from gate.config.settings import checked_for_gates
from gate.store.store import Store
from gate.store.tables import ConfigurationRow, GateRow, RolloutRow

ALL = ""
RUNNING, DONE, RETURNED, STOPPED = "running", "done", "returned", "stopped"


def area_scope(area: str) -> str:
    return f"area {area}"


def gate_scope(gate: str) -> str:
    return f"gate {gate}"


class Configurations:
    """Any thread; raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, scope: str, text: str, by: str, note: str = "") -> ConfigurationRow:
        """Keep a new version, written as TOML. Raises ConfigurationError naming every mistake."""
        values = from_hub.parsed(text)
        checked_for_gates(values)
        with self._store.database.write() as session:
            row = ConfigurationRow(scope=scope, values=values, by=by[:80], note=note[:200])
            session.add(row)
            session.flush()
            self._store.audit.note_in(
                session, by, "configuration.added", scope or "all", version=row.id
            )
            return row

    def get(self, id: int) -> ConfigurationRow | None:
        with self._store.database.read() as session:
            return session.get(ConfigurationRow, id)

    def all(self, limit: int = 50) -> list[ConfigurationRow]:
        """The newest first."""
        query = select(ConfigurationRow).order_by(ConfigurationRow.id.desc()).limit(limit)
        with self._store.database.read() as session:
            return list(session.scalars(query))

    def wanted(self, gate: str) -> dict[str, Any]:
        """What a gate should have now, nested as in a file; {} for nothing."""
        with self._store.database.read() as session:
            return wanted(session, gate)

    def settled(self, scope: str) -> int | None:
        """The version of a scope that came all the way last."""
        with self._store.database.read() as session:
            return _settled(session, scope)


def gates_of(session: Session, scope: str) -> dict[str, str]:
    """The gates of a scope with their areas."""
    rows = session.scalars(select(GateRow).order_by(GateRow.name))
    return {row.name: row.area for row in rows if scope in scopes_of(row)}


def scopes_of(gate: GateRow) -> tuple[str, ...]:
    """The widest first."""
    area = (area_scope(gate.area),) if gate.area else ()
    return ALL, *area, gate_scope(gate.name)


def wanted(session: Session, name: str) -> dict[str, Any]:
    """What a gate should have now; within the transaction of ``session``."""
    gate = session.get(GateRow, name)
    if gate is None:
        return {}
    running = session.scalar(select(RolloutRow).where(RolloutRow.state == RUNNING))
    layers: list[Mapping[str, Any]] = []
    for scope in scopes_of(gate):
        version = _settled(session, scope)
        if running is not None and running.scope == scope and name in begun(running):
            version = running.configuration
        row = session.get(ConfigurationRow, version) if version is not None else None
        if row is not None:
            layers.append(row.values)
    return from_hub.merged(layers)


def begun(rollout: RolloutRow) -> list[str]:
    """The gates of the waves that have begun."""
    return [name for wave in rollout.waves[: rollout.wave + 1] for name in wave]


def _settled(session: Session, scope: str) -> int | None:
    return session.scalar(
        select(RolloutRow.configuration)
        .where(RolloutRow.scope == scope, RolloutRow.state == DONE)
        .order_by(RolloutRow.id.desc())
        .limit(1)
    )
