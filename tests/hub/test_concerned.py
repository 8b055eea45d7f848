"""Which boxes a change concerns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.fleet.scope import EVERYBODY, Scope
from gate.hub.boxes import Boxes
from gate.hub.concerned import Concerned
from gate.hub.glance import glance
from gate.store.store import Store
from tests.hub.fleet import lose_changes, settings

ONE = Scope(frozenset({"1"}), frozenset())
TWO = Scope(frozenset({"2"}), frozenset())
STAFF = Scope(frozenset({"9"}), frozenset({"staff"}))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(settings(), tmp_path) as opened:
        yield opened


def by(concerned: Concerned, store: Store, since: int) -> list[bool]:
    level = store.changes.generation()
    return [concerned.by(scope, since, level) for scope in (ONE, TWO, STAFF, EVERYBODY)]


def test_a_change_concerns_the_boxes_of_before_and_after(store: Store) -> None:
    homes = {house: store.places.household(house, "0101").id for house in ("1", "2")}
    moves = store.people.create("moves", household_id=homes["1"]).id
    concerned = Concerned(store)
    level = store.changes.generation()
    assert by(concerned, store, level) == [False, False, False, True]  # nothing is new

    def after(change: object) -> list[bool]:
        nonlocal level
        before, level = level, store.changes.generation()
        return by(concerned, store, before)

    assert after(store.people.update(moves, blocked=True)) == [True, False, False, True]
    assert after(store.people.update(moves, household_id=homes["2"])) == [True, True, False, True]
    assert after(store.people.update(moves, groups=["staff"])) == [False, True, True, True]
    assert after(store.people.delete(moves)) == [False, True, True, True]
    assert after(store.people.create("homeless")) == [False, False, False, True]
    assert after(Boxes(store).set_gate("north", buildings=["1"])) == [True, True, True, True]


def test_what_is_not_known_concerns_everybody(store: Store) -> None:
    homeless = store.people.create("homeless").id
    before = store.changes.generation()
    store.people.update(homeless, blocked=True)
    concerned = Concerned(store)
    assert by(concerned, store, before) == [True, True, True, True]  # it began after that change
    before = store.changes.generation()
    store.people.update(homeless, blocked=False)
    assert by(concerned, store, before) == [False, False, False, True]


@pytest.mark.parametrize("more", [0, 1])
def test_numbers_that_are_given_again_concern_everybody_until_they_are_known(
    store: Store, more: int
) -> None:
    """A database server that failed over to one without the last change."""
    homes = {house: store.places.household(house, "0101").id for house in ("1", "2")}
    two, gone = (store.people.create(f"of {h}", household_id=homes[h]).id for h in ("2", "1"))
    concerned = Concerned(store)
    concerned.begin()
    before = store.changes.generation()
    store.people.update(gone, blocked=True)
    assert by(concerned, store, before) == [True, False, False, True]
    lose_changes(store, before)
    for _ in range(1 + more):
        store.people.update(two, note=f"{more}")
    newest = glance(store, lambda orders: []).mark
    concerned.follow(store.changes.generation(), newest)
    assert by(concerned, store, before) == [True, True, True, True]
    before = store.changes.generation()
    store.people.update(two, blocked=True)
    assert by(concerned, store, before) == [False, True, False, True]
