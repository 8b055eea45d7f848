"""Whoever says no to their face has none left: whichever way the answer comes, and at whatever
moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from enroll import consent
from gate.errors import AccessError, StoreError
from gate.importing.choices import Choices
from gate.importing.photos import NoPhotos
from gate.importing.plan import plan
from gate.importing.run import run
from gate.importing.table import open_table
from gate.recognition.face import Template
from gate.services import enrolment
from gate.store.looks import Kept
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportRow, LookRow, PersonRow, TemplateRow

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
ENCODER = "dlib/1"
VECTOR = np.full(4, 0.5, np.float32)
SHOT = enrolment.Shot(None, "", {ENCODER: VECTOR})
LOOK = Kept(0, VECTOR, NOW, 0.9)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    settings = StoreSettings(ballast=0, person_keys="sqlite:///people.keys")
    with Store.open(settings, tmp_path) as opened:
        yield opened


@pytest.fixture
def ann(store: Store) -> PersonRow:
    """A person with a face, one that waits to be learnt from a card, and both consents."""
    row = store.people.create("Ann", number="7", birth_year=1960)
    for purpose in ("face", "learning"):
        store.consents.record(row.id, "agreed", "1", purpose=purpose)
    store.templates.add(Template(row.id, VECTOR, ENCODER, 0.9))
    keep_look(store, row.id, "one")
    return row


def keep_look(store: Store, person: int, passage: str) -> None:
    store.looks.keep(person, ENCODER, VECTOR, passage=passage, at=NOW)


def faces(store: Store, person: int) -> tuple[int, int]:
    """How many templates, and faces that wait to be learnt, there are of somebody."""
    with store.database.read() as session:
        templates, looks = (
            session.scalar(select(func.count()).where(table.person_id == person))
            for table in (TemplateRow, LookRow)
        )
    return templates or 0, looks or 0


def refuse(store: Store, row: PersonRow) -> None:
    told = {"language": "en", "asked_by": "li", "guardian": "", "age": 14, "now": NOW}
    consent.record(store, row, "withdrawn", **told)


def imported(store: Store, tmp_path: Path, text: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    with store.database.write() as session:
        job = ImportRow(name="x")
        session.add(job)
        session.flush()
        number = job.id
    day = date(2026, 11, 28)
    ready = plan(open_table(path), NoPhotos(), store, Choices(), today=day, guardian_age=14)
    assert ready.ready, ready
    list(run(store, number, ready.lines, NoPhotos(), None, by="cli"))


def key_of(store: Store, person: int) -> bytes | None:
    assert store.person_keys is not None
    store.person_keys.read_all()
    return store.person_keys.of(person)


def test_a_refusal_in_a_table_leaves_no_face_and_no_key(
    store: Store, ann: PersonRow, tmp_path: Path
) -> None:
    assert faces(store, ann.id) == (1, 1)
    assert key_of(store, ann.id) is not None
    imported(store, tmp_path, "name,number,birth year,consent\nAnn,7,1960,refused\n")
    assert faces(store, ann.id) == (0, 0)
    assert key_of(store, ann.id) is None, "faces in older backups could be opened"


def test_a_no_and_the_end_of_the_face_are_one_transaction(
    store: Store, ann: PersonRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.templates, "remove", killed)
    monkeypatch.setattr(store.database, "wipe", killed)
    with pytest.raises(KeyboardInterrupt):
        refuse(store, ann)
    assert store.consents.answer(ann.id).answer == "withdrawn"
    assert faces(store, ann.id) == (0, 0)


def test_a_face_that_was_being_enrolled_is_not_kept_after_a_no(
    store: Store, ann: PersonRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.consents.answer(ann.id)
    refuse(store, ann)
    asked = store.consents.answer
    answers = [before]  # asked before, written after
    monkeypatch.setattr(
        store.consents, "answer", lambda *of: answers.pop() if answers else asked(*of)
    )
    with pytest.raises(AccessError, match="consented"):
        enrolment.keep(store, ann.id, [SHOT])
    assert faces(store, ann.id) == (0, 0)


@pytest.mark.parametrize("purpose", ["face", "learning"])
def test_a_face_that_was_being_learnt_is_not_kept_after_a_no(
    store: Store, ann: PersonRow, purpose: str
) -> None:
    told = {"language": "en", "asked_by": "li", "guardian": "", "age": 14, "now": NOW}
    consent.record(store, ann, "withdrawn", purpose=purpose, **told)
    left = faces(store, ann.id)[0]
    for write in (
        lambda: keep_look(store, ann.id, "two"),
        lambda: store.looks.add(ann.id, ENCODER, LOOK),
        lambda: store.looks.enrol(ann.id, ENCODER, [LOOK], passages=5, days=2),
    ):
        with pytest.raises(StoreError, match="agree"):
            write()
    assert faces(store, ann.id) == (left, 0)
