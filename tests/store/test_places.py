"""Buildings, units and households are made once and found again."""

from __future__ import annotations

from gate.store.store import Store


def test_a_household_is_made_with_its_building_and_unit_once(store: Store) -> None:
    one = store.places.household("3", "501")
    assert store.places.household("3", "501").id == one.id
    assert store.places.household("3", "502").id != one.id
    assert store.places.household("4", "501").id != one.id
    assert [row.name for row in store.places.buildings()] == ["3", "4"]
    units = store.places.units(store.places.buildings()[0].id)
    assert [row.name for row in units] == ["501", "502"]


def test_two_households_of_one_unit_are_kept_apart(store: Store) -> None:
    one, other = (store.places.household("3", "501", label) for label in ("", "tenants"))
    assert one.id != other.id
    assert one.unit_id == other.unit_id
    assert store.places.address(other.id) == ("3", "501", "tenants")
    assert store.places.address(10**6) == ("", "", "")


def test_permits_of_a_household_are_set_and_unset(store: Store) -> None:
    one = store.places.household("3", "501")
    assert store.places.household("3", "501").permits is None
    for count in (2, 0, None):
        store.places.allow_permits(one.id, count)
        assert store.places.household("3", "501").permits == count
    store.places.allow_permits(10**6, 2)  # nobody's
