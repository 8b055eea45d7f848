"""Two records with one face: made one, or told apart."""

from __future__ import annotations

import numpy as np
import pytest

from gate.errors import StoreError
from gate.importing.notes import DOUBLE, LOOKALIKE, note, parts_of
from gate.importing.same_face import Pair, merge, same_faces, tell_apart
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow

FACE = np.eye(4, dtype=np.float32)


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


def imported(store, *notes):
    """An import with a line for each (person, note)."""
    with store.database.write() as session:
        job = ImportRow(name="people.csv", total=len(notes), state="done")
        session.add(job)
        session.flush()
        for line, (person, text) in enumerate(notes, start=2):
            row = ImportLineRow(import_id=job.id, line=line, person_id=person, result="enrolled")
            row.note = text
            session.add(row)
        return job.id


def noted(store, job):
    with store.database.read() as session:
        rows = session.query(ImportLineRow).filter_by(import_id=job).order_by(ImportLineRow.line)
        return [(row.person_id, parts_of(row.note)) for row in rows]


@pytest.fixture
def pair(store):
    """One person in the register and again in an import, with a face each."""
    older = store.people.create("王芳", phone="138", groups=["a"]).id
    home = store.places.household("3", "501").id
    newer = store.people.create(
        "王 芳", number="7", household_id=home, phone="139", groups=["b"], birth_year=1980
    ).id
    for person, row in ((older, 0), (newer, 1)):
        store.templates.add(Template(person, FACE[row], "play/1"))
    store.credentials.add(newer, "card", "0004523608")
    job = imported(store, (newer, note([(f"#{older}", DOUBLE), ("a.jpg", "blurred")])))
    return job, older, newer


def test_pairs_of_the_table_and_of_the_register_are_found_once(store, pair):
    job, older, newer = pair
    assert same_faces(store, job) == [Pair(2, older, newer)]
    one, other, third = (store.people.create(name).id for name in "abc")
    both = imported(
        store,
        (one, note([(f"#{other}", DOUBLE)])),
        (other, note([(f"#{one}", DOUBLE), (f"#{third}", LOOKALIKE)])),
        (third, note([("#999", DOUBLE)])),  # deleted meanwhile
    )
    assert same_faces(store, both) == [Pair(3, one, other)]


def test_made_one_the_older_stays_with_everything_of_both(store, pair):
    job, older, newer = pair
    store.consents.record(newer, "agreed", "paper")
    merge(store, older, newer)
    assert store.people.get(newer) is None
    kept = store.people.get(older)
    assert (kept.name, kept.number, kept.phone, kept.birth_year) == ("王芳", "7", "138", 1980)
    assert kept.groups == ["a", "b"]
    assert store.places.address(kept.household_id)[:2] == ("3", "501")
    assert store.credentials.find("card", "0004523608").person.id == older
    assert store.consents.answer(older).answer == "agreed"
    (template,) = store.templates.of([older], "play/1")
    assert np.allclose(template.vector, FACE[0])
    assert noted(store, job) == [(older, [("a.jpg", "blurred")])]
    assert same_faces(store, job) == []


def test_a_record_without_a_face_gets_that_of_the_other(store):
    older, newer = (store.people.create(name).id for name in "ab")
    store.templates.add(Template(newer, FACE[1], "play/1"))
    merge(store, older, newer)
    (template,) = store.templates.of([older], "play/1")
    assert np.allclose(template.vector, FACE[1])


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_a_no_to_the_face_is_not_merged_away(store, pair, who, answer):
    _, *people = pair
    store.consents.record(people[who], answer, "paper")
    with pytest.raises(StoreError, match="said no"):
        merge(store, *people)
    assert store.people.get(people[1]).number == "7"


def test_two_people_are_asked_for_a_card_as_well(store, pair):
    job, older, newer = pair
    tell_apart(store, older, newer)
    assert [store.people.get(person).face_alone for person in (older, newer)] == [False, False]
    assert same_faces(store, job) == []
    assert noted(store, job) == [(newer, [("a.jpg", "blurred")])]


@pytest.mark.slow
def test_whoever_is_gone_is_said_to_be(store, pair):
    _, older, newer = pair
    store.people.delete(newer)
    for decide in (merge, tell_apart):
        with pytest.raises(StoreError, match="no person"):
            decide(store, older, newer)
    assert store.people.get(older).face_alone
