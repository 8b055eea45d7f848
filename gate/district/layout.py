"""Who lives where, and which gates serve whom. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

STAFF = "staff"  # a group that passes everywhere


@dataclass(frozen=True, slots=True)
class Layout:
    """Each gate has a building of its own and serves the next ``reach`` - 1 buildings too; one
    person in ``staff_every`` passes everywhere."""

    gates: int
    people: int
    reach: int = 2
    staff_every: int = 500

    @property
    def names(self) -> list[str]:
        return [f"gate-{number:03}" for number in range(self.gates)]

    @property
    def buildings(self) -> list[str]:
        return [f"house-{number:03}" for number in range(self.gates)]

    def served(self, gate: int) -> list[str]:
        """The buildings whose residents pass at a gate."""
        reach = min(self.reach, self.gates)
        return [self.buildings[(gate + step) % self.gates] for step in range(reach)]

    def home(self, person: int) -> str:
        return self.buildings[person % self.gates]

    def groups(self, person: int) -> list[str]:
        return [STAFF] if person % self.staff_every == 0 else []

    def gates_of(self, building: str, groups: list[str]) -> set[str]:
        """The gates whose boxes may hold somebody of a building and groups."""
        if STAFF in groups:
            return set(self.names)
        return {name for gate, name in enumerate(self.names) if building in self.served(gate)}


def name_of(person: int) -> str:
    """A name whose bytes occur nowhere else, so that a file can be searched for them."""
    return f"resident-{person:06}-{hashlib.sha256(str(person).encode()).hexdigest()[:10]}"
