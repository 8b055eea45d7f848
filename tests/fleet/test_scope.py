"""Who belongs on which gate."""

from __future__ import annotations

from gate.fleet.scope import Scope
from gate.store.tables import GateRow


def scope(*buildings: str, groups: tuple[str, ...] = ()) -> Scope:
    return Scope.of(GateRow(name="north", buildings=list(buildings), groups=list(groups)))


def test_a_gate_without_a_scope_holds_everybody() -> None:
    assert scope().holds("3", ())
    assert Scope.of(None).holds("", ("cleaners",))


def test_a_gate_holds_its_buildings_and_its_groups_and_nobody_else() -> None:
    north = scope("3", "4", groups=("cleaners",))
    assert north.holds("4", ())
    assert north.holds("9", ("cleaners", "others"))
    assert not north.holds("9", ("others",))
    assert not north.holds("", ())
