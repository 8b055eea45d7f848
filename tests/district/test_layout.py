"""Who belongs where."""

from __future__ import annotations

import pytest

from gate.district.layout import STAFF, Layout, name_of


def test_each_gate_serves_its_own_house_and_the_next_ones() -> None:
    layout = Layout(gates=4, people=10, reach=2)
    assert layout.served(0) == ["house-000", "house-001"]
    assert layout.served(3) == ["house-003", "house-000"]
    assert layout.gates_of("house-000", []) == {"gate-000", "gate-003"}
    assert layout.gates_of("elsewhere", []) == set()
    assert layout.gates_of("elsewhere", [STAFF]) == set(layout.names)


def test_a_single_gate_serves_its_house_once() -> None:
    assert Layout(gates=1, people=1, reach=2).served(0) == ["house-000"]


def test_no_name_is_part_of_another() -> None:
    names = [name_of(person) for person in range(200)]
    assert not any(a in b for a in names for b in names if a is not b)


@pytest.mark.parametrize(("gates", "reach"), [(1, 1), (1, 2), (7, 3), (1_200, 2)])
def test_gates_and_buildings_name_each_other(gates: int, reach: int) -> None:
    layout = Layout(gates, people=10, reach=reach)
    some = range(0, gates, max(1, gates // 10))
    served = {name: set(layout.served(n)) for n, name in enumerate(layout.names)}
    for number in some:
        house = layout.buildings[number]
        assert layout.gates_of(house, []) == {g for g, houses in served.items() if house in houses}
    assert layout.gates_of("", []) == set()
