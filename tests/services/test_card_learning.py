"""Residents who show their card, over days: who is learnt, who is told, who stops it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gate.events.event import Event
from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.face import Template
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.matching.matcher import Matcher
from gate.services.card_learning import CardLearning, Passed, notices
from gate.services.gallery_sync import KnownFaces
from gate.store.key_value import JOINED
from gate.store.settings import StoreSettings
from gate.store.store import Store

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ENCODER = "faceplugin/1"  # plain cosines of strangers here are far below its thresholds
WIDTH = 512


def person_vector(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


def seen(mean: np.ndarray, seed: int, noise: float = 0.4) -> np.ndarray:
    row = mean + noise * person_vector(10_000 + seed)
    return (row / np.linalg.norm(row)).astype(np.float32)


ANN, BOB = person_vector(1), person_vector(2)


class Gate:
    """A gate at which people show cards; ``days`` pass between calls as said."""

    def __init__(self, store: Store, **settings: object) -> None:
        self.store, self.events, self.passages = store, [], 0
        self.known = KnownFaces(store, ENCODER, WIDTH)
        values = {"enabled": True, **settings}
        self.learning = CardLearning(
            store,
            "gate-1",
            LearningSettings(**values),
            SimilarityStatistics(0.3, 0.5),
            self.known.matcher,
            self.events.append,
            UTC,
        )

    events: list[Event]

    def shows(
        self, person: int, face: np.ndarray, times: int = 1, day: int = 0, known: bool = False
    ) -> None:
        for _ in range(times):
            self.passages += 1
            at = START + timedelta(days=day, minutes=self.passages)
            vector = seen(face, self.passages)
            passage = f"passage-{self.passages}"
            self.learning.passed(Passed(passage, person, vector, known, at, 0.8))

    @property
    def matcher(self) -> Matcher:
        return self.known.matcher()

    @property
    def said(self) -> list[tuple[str, object]]:
        return [(e.type, e.details.get("how") or e.details.get("cause")) for e in self.events]

    def labels(self, person: int) -> list[str]:
        return [one.learnt for one in self.store.looks.templates(person, ENCODER)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(store)


@pytest.fixture
def ann(store: Store) -> int:
    return agreed(store, "Ann")


def agreed(store: Store, name: str) -> int:
    person = store.people.create(name).id
    for purpose in ("face", "learning"):
        store.consents.record(person, "agreed", "1", purpose=purpose)
    return person


def test_five_passages_on_two_days_enrol_and_the_gate_knows_the_face(store, gate, ann):
    gate.shows(ann, ANN, 4)
    gate.shows(ann, ANN, 1, day=1)
    assert gate.labels(ann) == ["enrolled"] * 5
    assert gate.said == [("face.learnt", "enrolled")]
    found = gate.matcher.identify(seen(ANN, 900)[None], ENCODER)
    assert found.best[0] == ann
    assert found.score[0] >= gate.matcher.calibration.threshold
    line = store.audit.lines(1, action="face.learnt")[0]
    assert (line.actor, line.subject) == ("gate", store.people.get(ann).ref)
    assert line.details == {"how": "enrolled", "passages": 5, "days": 2}
    assert notices(store) == {ann: "face_enrolled"}


def test_days_are_those_of_the_place(store, ann):
    gate = Gate(store)
    gate.learning._zone = None
    gate.shows(ann, ANN, 5)
    assert gate.labels(ann) == []


def test_without_the_switch_nothing_is_kept(store, ann):
    gate = Gate(store, enabled=False)
    gate.shows(ann, ANN, 5)
    gate.shows(ann, ANN, 5, day=1)
    assert (gate.labels(ann), store.looks.waiting(), gate.said) == ([], {}, [])


@pytest.mark.parametrize("purpose", ["face", "learning"])
@pytest.mark.parametrize("answer", ["refused", "withdrawn", None])
def test_without_consent_nothing_is_kept(store, gate, purpose, answer):
    person = store.people.create("Ann").id
    for each in ("face", "learning"):
        said = answer if each == purpose else "agreed"
        if said:
            store.consents.record(person, said, "1", purpose=each)
    gate.shows(person, ANN, 3)
    gate.shows(person, ANN, 3, day=1)
    assert (gate.labels(person), store.looks.waiting()) == ([], {})


@pytest.mark.parametrize("field", [{"active": False}, {"blocked": True}])
def test_of_people_who_may_not_pass_nothing_is_kept(store, gate, ann, field):
    store.people.update(ann, **field)
    gate.shows(ann, ANN, 2)
    assert store.looks.waiting() == {}


def test_a_box_of_a_hub_learns_nothing(store, gate, ann):
    store.key_values.set(JOINED, {"gate": "north"})
    gate.shows(ann, ANN, 2)
    assert store.looks.waiting() == {}


def test_a_card_used_by_two_teaches_nothing_and_staff_see_it(store, gate, ann):
    gate.shows(ann, ANN, 3)
    gate.shows(ann, BOB, 17, day=1)
    assert gate.labels(ann) == []
    assert gate.said == [("face.not_learnt", "mixed")]
    assert store.looks.lines(1)[0].kind == "mixed"


def test_somebody_enrolled_with_anothers_card_is_not_looked_at(store, gate, ann):
    bob = store.people.create("Bob").id
    store.templates.add(*(Template(bob, seen(BOB, i), ENCODER) for i in range(5)))
    gate.shows(ann, BOB, 10)
    gate.shows(ann, BOB, 10, day=1)
    assert (gate.labels(ann), store.looks.waiting()) == ([], {})
    row = store.looks.lines(1)[0]
    assert (row.kind, row.other_id) == ("resembles", bob)
    gate.shows(ann, ANN, 5)
    gate.shows(ann, ANN, 1, day=1)
    assert gate.labels(ann) == ["enrolled"] * 5  # what Bob did does not keep Ann out


def test_the_owner_withdraws_what_a_borrower_taught(store, gate, ann):
    gate.shows(ann, BOB, 5)
    gate.shows(ann, BOB, 15, day=1)
    assert set(gate.labels(ann)) == {"enrolled"}
    gate.shows(ann, ANN, 1, day=2)
    assert set(gate.labels(ann)) == {"enrolled"}
    gate.shows(ann, ANN, 1, day=2)
    assert gate.labels(ann) == []
    assert ("face.unlearnt", "enrolled") in gate.said
    found = gate.matcher.identify(seen(BOB, 901)[None], ENCODER)
    assert found.best[0] != ann


def test_photographs_are_not_withdrawn_by_a_borrower(store, gate, ann):
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(5)))
    gate.shows(ann, BOB, 20, day=1)
    assert gate.labels(ann) == [""] * 5
    assert store.looks.waiting() == {}


def test_a_new_light_is_added_only_where_the_face_was_known_too(store, gate, ann):
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(2)))
    gate.shows(ann, ANN, 1)
    assert gate.labels(ann) == ["", ""]
    for day in range(40):
        gate.shows(ann, ANN, 1, day=day, known=True)
    labels = gate.labels(ann)
    assert labels[:2] == ["", ""]
    assert 1 <= labels.count("added") <= 3
    assert ("face.learnt", "added") in gate.said


def test_a_borrower_adds_nothing_even_when_taken_for_the_owner(store, gate, ann):
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(2)))
    gate.shows(ann, BOB, 20, known=True)
    assert gate.labels(ann) == ["", ""]


def test_who_is_refused_is_not_looked_at(store, gate, ann):
    gate.shows(ann, ANN, 5)
    gate.shows(ann, ANN, 1, day=1)
    store.looks.undo(store.looks.lines(1)[0].id, "li", refuse=True)
    gate.shows(ann, ANN, 6, day=2)
    assert (gate.labels(ann), store.looks.waiting()) == ([], {})


def test_looks_are_kept_for_their_time_only(store, gate, ann):
    gate.shows(ann, ANN, 3)
    assert gate.learning.tidy(START + timedelta(days=29)) == 0
    assert gate.learning.tidy(START + timedelta(days=31)) == 3


def test_switched_off_every_look_goes(store, gate, ann):
    gate.shows(ann, ANN, 3)
    assert Gate(store, enabled=False).learning.tidy(START) == 3
