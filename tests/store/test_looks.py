"""Faces kept while somebody is learnt: sealed, deleted with the person, undone by line."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gate.errors import StoreError
from gate.recognition.face import Template
from gate.store.learnt_lines import ADDED, ENROLLED, MIXED
from gate.store.looks import Kept
from gate.store.store import Store
from tests.store.databases import ON_FILES

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ENCODER = "dlib/1"


def face(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


def keep(store: Store, person: int, count: int, *, day: int = 0) -> list[Kept]:
    for index in range(count):
        at = START + timedelta(days=day, minutes=index)
        passage = f"p{person}-{day}-{index}"
        store.looks.keep(person, ENCODER, face(index), passage=passage, at=at, quality=0.5)
    return store.looks.of(person, ENCODER)


@pytest.fixture
def person(store: Store) -> int:
    return store.people.create("张三").id


def test_what_is_kept_comes_back(store: Store, person: int) -> None:
    first, _ = keep(store, person, 2)
    assert np.array_equal(first.vector, face(0))
    assert (first.at, first.quality) == (START, 0.5)
    assert store.looks.of(person, "other/1") == []


def test_a_passage_counts_once(store: Store, person: int) -> None:
    keep(store, person, 1)
    assert len(keep(store, person, 1)) == 1


@ON_FILES
def test_looks_are_sealed_and_no_templates(store: Store, person: int, tmp_path: Path) -> None:
    look = keep(store, person, 1)[0]
    files = [f for f in tmp_path.iterdir() if f.name.startswith("gate.db")]
    assert not any(look.vector.tobytes()[:16] in f.read_bytes() for f in files)
    with sqlite3.connect(tmp_path / "gate.db") as raw:
        raw.execute(
            "INSERT INTO templates (person_id, encoder, vector, quality, label, created)"
            " SELECT person_id, encoder, vector, quality, '', at FROM looks"
        )
    with pytest.raises(StoreError, match="cannot be opened"):
        store.templates.load(ENCODER)


@pytest.mark.slow
@ON_FILES
@pytest.mark.parametrize("how", ["delete", "no_face", "forget", "time"])
def test_nothing_of_a_look_is_left_in_any_file(
    store: Store, person: int, tmp_path: Path, how: str
) -> None:
    keep(store, person, 3)
    with sqlite3.connect(tmp_path / "gate.db") as raw:
        sealed = [row[0][20:60] for row in raw.execute("SELECT vector FROM looks")]
    raw.close()

    def present() -> int:
        files = [f for f in tmp_path.iterdir() if f.name.startswith("gate.db")]
        return sum(any(needle in f.read_bytes() for f in files) for needle in sealed)

    assert present() == 3
    match how:
        case "delete":
            store.people.delete(person)
        case "no_face":
            store.templates.remove(person)
        case "forget":
            store.looks.forget(person, "desk")
        case "time":
            assert store.looks.forget_before(START + timedelta(days=1)) == 3
    assert present() == 0


def test_only_old_looks_are_forgotten(store: Store, person: int) -> None:
    keep(store, person, 2)
    keep(store, person, 2, day=5)
    assert store.looks.forget_before(START + timedelta(days=1)) == 2
    assert store.looks.waiting() == {person: 2}
    assert store.looks.forget_before(None) == 2


def test_enrolled_looks_become_templates_and_are_looks_no_more(store: Store, person: int) -> None:
    looks = keep(store, person, 6)
    line = store.looks.enrol(person, ENCODER, looks[:5], passages=6, days=2)
    made = store.looks.templates(person, ENCODER)
    assert [one.learnt for one in made] == [ENROLLED] * 5
    assert np.array_equal(made[4].vector, looks[4].vector)
    assert store.looks.of(person, ENCODER) == []
    row = store.looks.lines(5)[0]
    assert (row.id, row.kind, row.passages, row.days, row.state) == (line, ENROLLED, 6, 2, "open")


def test_undoing_an_enrolment_takes_what_was_added_to_it(store: Store, person: int) -> None:
    line = store.looks.enrol(person, ENCODER, keep(store, person, 5), passages=5, days=2)
    store.looks.add(person, ENCODER, Kept(0, face(9), START, 1.0))
    undone = store.looks.undo(line, "li")
    assert undone is not None
    assert (undone.state, undone.by) == ("undone", "li")
    assert store.looks.templates(person, ENCODER) == []
    assert store.looks.undo(line, "li") is None
    assert not store.looks.refused(person)


def test_undoing_an_addition_leaves_the_photographs(store: Store, person: int) -> None:
    store.templates.add(Template(person, face(0), ENCODER))
    kept = store.looks.add(person, ENCODER, Kept(0, face(1), START, 1.0))
    line = store.looks.add(person, ENCODER, Kept(0, face(2), START, 1.0))
    store.looks.undo(line, "li")
    labels = [one.label for one in store.looks.templates(person, ENCODER)]
    assert labels == ["", f"{ADDED}:{kept}"]


def test_an_addition_takes_the_place_of_another(store: Store, person: int) -> None:
    store.looks.add(person, ENCODER, Kept(0, face(1), START, 1.0))
    old = store.looks.templates(person, ENCODER)[0]
    store.looks.add(person, ENCODER, Kept(0, face(2), START, 1.0), drop=old.key)
    assert [one.vector[0] for one in store.looks.templates(person, ENCODER)] == [face(2)[0]]


def test_who_is_refused_loses_all_of_it_until_allowed_again(store: Store, person: int) -> None:
    store.templates.add(Template(person, face(0), ENCODER))
    store.looks.add(person, ENCODER, Kept(0, face(1), START, 1.0))
    line = store.looks.add(person, ENCODER, Kept(0, face(2), START, 1.0))
    keep(store, person, 2)
    store.looks.undo(line, "li", refuse=True)
    assert [one.label for one in store.looks.templates(person, ENCODER)] == [""]
    assert store.looks.waiting() == {}
    assert store.looks.refused(person)
    store.looks.allow(person, "wang")
    assert not store.looks.refused(person)


def test_what_cannot_be_learnt_is_listed_once(store: Store, person: int) -> None:
    assert store.looks.note(person, ENCODER, MIXED)
    assert not store.looks.note(person, ENCODER, MIXED)
    assert store.looks.unclear() == 1
    store.looks.undo(store.looks.lines(1)[0].id, "li")
    assert store.looks.unclear() == 0
    assert store.looks.note(person, ENCODER, MIXED)


def test_of_a_deleted_look_alike_nothing_is_named(store: Store, person: int) -> None:
    other = store.people.create("李四").id
    store.looks.note(person, ENCODER, "resembles", other)
    store.people.delete(other)
    assert store.looks.lines(1)[0].other_id is None
    store.people.delete(person)
    assert store.looks.lines(1) == []


def test_a_person_is_told_once(store: Store, person: int) -> None:
    store.looks.enrol(person, ENCODER, keep(store, person, 5), passages=5, days=2)
    assert store.looks.uninformed() == {person: ENROLLED}
    seen = store.changes.generation()
    store.looks.mark_informed(person, START)
    assert store.looks.uninformed() == {}
    assert store.changes.since(seen)[1] == {person}


def test_the_gate_hears_of_what_was_learnt_and_undone(store: Store, person: int) -> None:
    looks = keep(store, person, 5)
    seen = store.changes.generation()
    line = store.looks.enrol(person, ENCODER, looks, passages=5, days=2)
    seen, changed = store.changes.since(seen)
    assert changed == {person}
    store.looks.undo(line, "li")
    assert store.changes.since(seen)[1] == {person}
