"""Who resembles whom, noted at the lines of an import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gate.importing.alike import note_lookalikes
from gate.importing.notes import DOUBLE, parts_of
from gate.recognition.face import Template
from gate.services.gallery_sync import KnownFaces
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow

ENCODER = "play/1"
DIMENSION = 64


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


def enrolled(store: Store, near: dict[int, int], count: int = 40) -> tuple[int, list[int]]:
    """An import of ``count`` people with random faces; ``near``: who has whose face, nearly."""
    random = np.random.default_rng(6)
    faces = random.normal(size=(count, DIMENSION)).astype(np.float32)
    for one, other in near.items():
        faces[one] = faces[other] + 0.05 * faces[one]
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    people = [store.people.create(f"P{i}").id for i in range(count)]
    store.templates.add(*(Template(p, f, ENCODER) for p, f in zip(people, faces, strict=True)))
    with store.database.write() as session:
        job = ImportRow(name="people.csv", total=count)
        session.add(job)
        session.flush()
        for line, person in enumerate(people):
            result = "failed" if line == 9 else "enrolled"
            noted = "b.jpg: blurred" if line in (3, 9) else ""
            session.add(
                ImportLineRow(
                    import_id=job.id, line=line, person_id=person, result=result, note=noted
                )
            )
        return job.id, people


def noted(store: Store, job: int) -> dict[int, list[tuple[str, str]]]:
    with store.database.read() as session:
        rows = session.query(ImportLineRow).filter_by(import_id=job)
        return {row.line: parts_of(row.note) for row in rows if row.note}


def matcher(store: Store):  # type: ignore[no-untyped-def]
    return KnownFaces(store, ENCODER, DIMENSION).matcher()


@pytest.mark.slow
def test_both_lines_of_a_pair_name_each_other_beside_what_was_noted_before(store: Store) -> None:
    job, people = enrolled(store, near={20: 3})
    assert note_lookalikes(store, job, matcher(store)) == 2
    assert noted(store, job) == {
        3: [(f"#{people[20]}", DOUBLE), ("b.jpg", "blurred")],
        9: [("b.jpg", "blurred")],
        20: [(f"#{people[3]}", DOUBLE)],
    }


@pytest.mark.slow
def test_done_twice_it_changes_nothing(store: Store) -> None:
    job, _ = enrolled(store, near={20: 3})
    first = note_lookalikes(store, job, matcher(store)), noted(store, job)
    assert (note_lookalikes(store, job, matcher(store)), noted(store, job)) == first


@pytest.mark.slow
def test_somebody_enrolled_before_the_import_is_named_too(store: Store) -> None:
    job, people = enrolled(store, near={})
    vector = store.templates.of([people[7]], ENCODER)[0].vector
    before = store.people.create("Before").id
    store.templates.add(Template(before, vector, ENCODER))
    assert note_lookalikes(store, job, matcher(store)) == 1
    assert noted(store, job)[7] == [(f"#{before}", DOUBLE)]


@pytest.mark.slow
def test_two_people_alone_are_not_taken_for_one(store: Store) -> None:
    """However alike an encoder finds all faces: dlib's cosines of two people are 0.9."""
    random = np.random.default_rng(2)
    common = 3 * random.normal(size=DIMENSION)
    job, people = enrolled(store, near={}, count=2)
    for person in people:
        face = (common + random.normal(size=DIMENSION)).astype(np.float32)
        store.templates.replace(
            person, ENCODER, [Template(person, face / np.linalg.norm(face), ENCODER)]
        )
    rows = [template.vector for template in store.templates.of(people, ENCODER)]
    assert rows[0] @ rows[1] > 0.85
    assert note_lookalikes(store, job, matcher(store)) == 0


@pytest.mark.slow
def test_of_many_doubles_a_few_are_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.importing.alike.SHOWN", 2)
    job, people = enrolled(store, near=dict.fromkeys(range(20, 24), 3), count=300)
    assert note_lookalikes(store, job, matcher(store)) == 5
    reported = [which for which, code in noted(store, job)[3] if code == DOUBLE]
    assert len(reported) == 2
    assert set(reported) <= {f"#{person}" for person in people[20:24]}


@pytest.mark.slow
def test_people_who_resemble_nobody_have_nothing_noted(store: Store) -> None:
    job, _ = enrolled(store, near={})
    assert note_lookalikes(store, job, matcher(store)) == 0
    assert set(noted(store, job)) == {3, 9}
