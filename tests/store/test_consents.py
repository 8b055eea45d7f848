"""The newest answer counts, for each purpose by itself, and the older ones stay."""

from __future__ import annotations

import pytest

from gate.store.store import Store


@pytest.fixture
def person(store: Store) -> int:
    return store.people.create("Li", kind="resident").id


def test_the_newest_answer_counts_and_older_ones_stay(store: Store, person: int) -> None:
    assert store.consents.answer(person) is None
    for answer in ("refused", "agreed", "withdrawn"):
        store.consents.record(person, answer, "paper-2026", asked_by="desk")
        newest = store.consents.answer(person)
        assert newest is not None
        assert newest.answer == answer
    assert [row.answer for row in store.consents.of(person)] == ["refused", "agreed", "withdrawn"]


def test_each_purpose_has_its_own_answer(store: Store, person: int) -> None:
    store.consents.record(person, "agreed", "paper-2026", purpose="face")
    store.consents.record(person, "refused", "paper-2026", purpose="not_seen")
    face, alone = store.consents.answer(person), store.consents.answer(person, "not_seen")
    assert face is not None
    assert alone is not None
    assert (face.answer, alone.answer) == ("agreed", "refused")


def test_an_answer_is_a_change_of_the_register_and_of_nobody_else(
    store: Store, person: int
) -> None:
    other = store.people.create("Wang", kind="resident").id
    before = store.changes.generation()
    store.consents.record(person, "agreed", "paper-2026")
    assert store.changes.generation() > before
    assert store.consents.of(other) == []
