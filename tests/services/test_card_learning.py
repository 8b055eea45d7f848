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
        values = {"enabled": True, "confirm": False, **settings}
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


@pytest.mark.slow
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


@pytest.fixture
def careful(store: Store) -> Gate:
    """A gate with the default: staff confirm."""
    return Gate(store, confirm=LearningSettings().confirm)


def proposed(gate: Gate, person: int, face: np.ndarray) -> int:
    """``face`` comes with the card of ``person`` until staff are asked; the line."""
    gate.shows(person, face, 4)
    gate.shows(person, face, 16, day=1)
    line = gate.store.looks.proposal(person)
    assert line is not None
    assert line.state == "waiting"
    return line.id


@pytest.mark.slow
def test_a_borrower_always_alone_with_the_card_opens_nothing_before_staff_confirm(
    store, careful, ann
):
    proposed(careful, ann, BOB)
    assert (careful.labels(ann), careful.said) == ([], [])
    assert careful.learning.settle(START) == 0
    found = careful.matcher.identify(seen(BOB, 901)[None], ENCODER)
    assert found.best[0] != ann
    assert store.looks.waiting() == {ann: 5}  # no more faces are kept than are needed
    assert store.audit.lines(1, action="face.proposed")[0].subject == store.people.get(ann).ref


@pytest.mark.slow
def test_what_staff_confirm_the_gate_knows(store, careful, ann):
    line = proposed(careful, ann, ANN)
    assert store.looks.confirm(line, "li").person_id == ann
    assert careful.learning.settle(START + timedelta(days=1)) == 1
    assert careful.labels(ann) == ["enrolled"] * 5
    assert careful.said == [("face.learnt", "enrolled")]
    row = store.looks.lines(1)[0]
    assert (row.id, row.state, row.by) == (line, "open", "li")
    assert careful.learning.settle(START + timedelta(days=1)) == 0
    assert notices(store) == {ann: "face_enrolled"}


@pytest.mark.slow
def test_the_holder_withdraws_what_waits_by_one_passage(store, careful, ann):
    line = proposed(careful, ann, BOB)
    careful.shows(ann, ANN, 1, day=2)
    assert careful.said == [("face.not_learnt", "mixed")]
    assert store.looks.proposal(ann) is None
    assert store.looks.confirm(line, "li") is None


@pytest.mark.slow
def test_somebody_enrolled_since_is_not_enrolled_under_another_name(store, careful, ann):
    line = proposed(careful, ann, BOB)
    bob = store.people.create("Bob").id
    store.templates.add(*(Template(bob, seen(BOB, i), ENCODER) for i in range(5)))
    store.looks.confirm(line, "li")
    assert careful.learning.settle(START + timedelta(days=2)) == 0
    assert careful.labels(ann) == []
    assert careful.said == [("face.not_learnt", "resembles")]


@pytest.mark.slow
def test_who_is_blocked_after_staff_confirmed_is_not_enrolled(store, careful, ann):
    store.looks.confirm(proposed(careful, ann, ANN), "li")
    store.people.update(ann, blocked=True)
    assert careful.learning.settle(START + timedelta(days=1)) == 0
    store.people.update(ann, blocked=False)
    assert careful.learning.settle(START + timedelta(days=1)) == 1


@pytest.mark.slow
def test_what_nobody_confirms_ends_with_its_faces(store, careful, ann):
    line = proposed(careful, ann, ANN)
    careful.learning.tidy(START + timedelta(days=40))
    assert store.looks.proposal(ann) is None
    assert store.looks.confirm(line, "li") is None


@pytest.mark.slow
def test_a_photograph_at_the_desk_ends_what_waits(store, careful, ann):
    proposed(careful, ann, ANN)
    store.templates.add(Template(ann, seen(ANN, 1), ENCODER))
    careful.learning.tidy(START + timedelta(days=2))
    assert store.looks.proposal(ann) is None


@pytest.mark.slow
def test_a_lost_card_takes_back_what_it_taught_until_staff_confirm(store, gate, ann):
    card = store.credentials.add(ann, "card", "0011223344").id
    gate.shows(ann, BOB, 5)
    gate.shows(ann, BOB, 1, day=1)
    assert gate.labels(ann) == ["enrolled"] * 5
    assert store.credentials.revoke(card, "lost") is True
    assert gate.labels(ann) == []
    found = gate.matcher.identify(seen(BOB, 901)[None], ENCODER)
    assert found.best[0] != ann
    line = store.looks.proposal(ann)
    assert line.state == "waiting"
    gate.shows(ann, BOB, 5, day=3)  # with another card of the household
    assert gate.labels(ann) == []  # also where passages alone are enough at first
    store.looks.confirm(line.id, "li")
    assert gate.learning.settle(START + timedelta(days=3)) == 1
    assert gate.labels(ann) == ["enrolled"] * 5


@pytest.mark.slow
def test_the_holder_with_a_new_card_ends_what_a_lost_one_taught(store, gate, ann):
    card = store.credentials.add(ann, "card", "0011223344").id
    gate.shows(ann, BOB, 5)
    gate.shows(ann, BOB, 1, day=1)
    store.credentials.revoke(card, "lost")
    gate.shows(ann, ANN, 1, day=2)
    assert store.looks.proposal(ann) is None
    assert ("face.not_learnt", "mixed") in gate.said


@pytest.mark.slow
def test_a_lost_card_leaves_photographs_and_what_was_compared_with_them(store, gate, ann):
    card = store.credentials.add(ann, "card", "0011223344").id
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(2)))
    for day in range(3):
        gate.shows(ann, ANN, 1, day=day, known=True)
    before = gate.labels(ann)
    assert "added" in before
    assert store.credentials.revoke(card, "lost") is False
    assert gate.labels(ann) == before


@pytest.mark.slow
def test_a_lost_card_drops_faces_on_the_way(store, careful, ann):
    card = store.credentials.add(ann, "card", "0011223344").id
    careful.shows(ann, BOB, 3)
    assert store.credentials.revoke(card, "lost") is False
    assert store.looks.waiting() == {}


@pytest.mark.slow
def test_a_pin_that_is_revoked_changes_nothing_learnt(store, gate, ann):
    pin = store.credentials.add(ann, "pin", "918273").id
    gate.shows(ann, ANN, 5)
    gate.shows(ann, ANN, 1, day=1)
    assert store.credentials.revoke(pin, "known to others") is False
    assert gate.labels(ann) == ["enrolled"] * 5


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_card_used_by_two_teaches_nothing_and_staff_see_it(store, gate, ann):
    gate.shows(ann, ANN, 3)
    gate.shows(ann, BOB, 17, day=1)
    assert gate.labels(ann) == []
    assert gate.said == [("face.not_learnt", "mixed")]
    assert store.looks.lines(1)[0].kind == "mixed"


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_photographs_are_not_withdrawn_by_a_borrower(store, gate, ann):
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(5)))
    gate.shows(ann, BOB, 20, day=1)
    assert gate.labels(ann) == [""] * 5
    assert store.looks.waiting() == {}


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_borrower_adds_nothing_even_when_taken_for_the_owner(store, gate, ann):
    store.templates.add(*(Template(ann, seen(ANN, i), ENCODER) for i in range(2)))
    gate.shows(ann, BOB, 20, known=True)
    assert gate.labels(ann) == ["", ""]


@pytest.mark.slow
def test_who_is_refused_is_not_looked_at(store, gate, ann):
    gate.shows(ann, ANN, 5)
    gate.shows(ann, ANN, 1, day=1)
    store.looks.undo(store.looks.lines(1)[0].id, "li", refuse=True)
    gate.shows(ann, ANN, 6, day=2)
    assert (gate.labels(ann), store.looks.waiting()) == ([], {})


@pytest.mark.slow
def test_looks_are_kept_for_their_time_only(store, gate, ann):
    gate.shows(ann, ANN, 3)
    assert gate.learning.tidy(START + timedelta(days=29)) == 0
    assert gate.learning.tidy(START + timedelta(days=31)) == 3


@pytest.mark.slow
def test_switched_off_every_look_goes(store, gate, ann):
    gate.shows(ann, ANN, 3)
    assert Gate(store, enabled=False).learning.tidy(START) == 3
