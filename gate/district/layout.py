"""Who lives where, and which gates serve whom. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

STAFF = "staff"  # a group that passes everywhere
_HOUSE = "house-"
_STAFF = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """Each gate has a building of its own and serves the next ``reach`` - 1 buildings too; one
    person in ``staff_every``, but hardly more than ``_STAFF``, passes everywhere."""

    gates: int
    people: int
    reach: int = 2
    staff_every: int = 500

    @property
    def names(self) -> list[str]:
        return [_gate(number) for number in range(self.gates)]

    @property
    def buildings(self) -> list[str]:
        return [_building(number) for number in range(self.gates)]

    def served(self, gate: int) -> list[str]:
        """The buildings whose residents pass at a gate."""
        reach = min(self.reach, self.gates)
        return [_building((gate + step) % self.gates) for step in range(reach)]

    def home(self, person: int) -> str:
        return _building(person % self.gates)

    def groups(self, person: int) -> list[str]:
        every = max(self.staff_every, self.people // _STAFF)
        return [STAFF] if person % every == 0 else []

    def gates_of(self, building: str, groups: list[str]) -> set[str]:
        """The gates whose boxes may hold somebody of a building and groups."""
        if STAFF in groups:
            return set(self.names)
        number = building.removeprefix(_HOUSE)
        if not (number.isascii() and number.isdecimal()):
            return set()
        reach = min(self.reach, self.gates)
        return {_gate((int(number) - step) % self.gates) for step in range(reach)}


def _gate(number: int) -> str:
    return f"gate-{number:03}"


def _building(number: int) -> str:
    return f"{_HOUSE}{number:03}"


def name_of(person: int) -> str:
    """A name whose bytes occur nowhere else, so that a file can be searched for them."""
    return f"resident-{person:06}-{hashlib.sha256(str(person).encode()).hexdigest()[:10]}"
