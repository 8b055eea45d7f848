"""Who belongs on which gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.store.tables import GateRow


@dataclass(frozen=True, slots=True)
class Scope:
    """Who belongs on a gate's box; with both empty everybody."""

    buildings: frozenset[str]
    groups: frozenset[str]

    @classmethod
    def of(cls, gate: GateRow | None) -> Scope:
        if gate is None:
            return cls(frozenset(), frozenset())
        return cls(frozenset(gate.buildings), frozenset(gate.groups))

    def holds(self, building: str, groups: Iterable[str]) -> bool:
        if not self.buildings and not self.groups:
            return True
        return building in self.buildings or not self.groups.isdisjoint(groups)
