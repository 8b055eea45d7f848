"""From what the cameras saw and the loop decided to what is learnt."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Credential, Request
from gate.clock import ManualClock
from gate.config.settings import Settings
from gate.daemon.learning_worker import LearningWorker
from gate.passage import outputs
from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.face import Candidate, Face, Liveness, Sighting, Verdict
from gate.services.gallery_sync import KnownFaces
from gate.store.store import Store

ENCODER, WIDTH = "faceplugin/1", 512


def face(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


class Gate:
    def __init__(self, store: Store, clock: ManualClock, *, enabled: bool = True) -> None:
        self.store, self.clock, self.passages = store, clock, 0
        self.context = SimpleNamespace(notices={})
        core = SimpleNamespace(
            settings=Settings(learning={"enabled": enabled}),
            store=store,
            encoder=SimpleNamespace(name=ENCODER, similarity=SimilarityStatistics(0.3, 0.5)),
            known=KnownFaces(store, ENCODER, WIDTH),
            loop=SimpleNamespace(context=self.context),
        )
        self.worker = LearningWorker(core, clock, SimpleNamespace(record=lambda event: None))

    def sees(self, probe: np.ndarray, track: int = 1, person: int | None = None) -> None:
        now = self.clock.monotonic()
        self.worker.saw(
            [
                Sighting(
                    track=track,
                    camera="front",
                    first_seen=now,
                    last_seen=now,
                    frame=1,
                    face=Face((0, 0, 100, 120), 0.9),
                    frames=5,
                    used=3,
                    verdict=Verdict.KNOWN if person else Verdict.UNKNOWN,
                    best=Candidate(person, 0.9) if person else None,
                    liveness=Liveness("net", 5.0, True),
                    encoder=ENCODER,
                    probe=probe,
                )
            ]
        )

    def decides(
        self,
        person: int,
        method: Method = Method.CARD,
        outcome: Outcome = Outcome.GRANT,
        rule: str = "grant",
        credential: Credential | None = None,
    ) -> None:
        self.passages += 1
        request = Request(
            method, Person(person, f"ref{person}"), datetime.now(UTC), credential=credential
        )
        decision = Decision(outcome, rule, request, ("welcome",))
        output = outputs.Decided(f"p{self.passages}", decision, 0.0)
        self.worker.heard(output, self.clock.monotonic())

    def settles(self) -> None:
        self.clock.advance(3.0)
        self.worker.look()


@pytest.fixture
def ann(store: Store) -> int:
    person = store.people.create("Ann").id
    for purpose in ("face", "learning"):
        store.consents.record(person, "agreed", "1", purpose=purpose)
    return person


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(store, ManualClock())


@pytest.mark.slow
def test_the_face_of_who_showed_a_card_is_kept(store, gate, ann):
    gate.sees(face(1))
    gate.decides(ann)
    gate.worker.look()
    assert store.looks.waiting() == {}  # somebody else may still come into view
    gate.settles()
    assert np.allclose(store.looks.of(ann, ENCODER)[0].vector, face(1))


@pytest.mark.slow
def test_a_face_that_looks_up_after_the_card_counts(store, gate, ann):
    gate.decides(ann)
    gate.clock.advance(1.0)
    gate.sees(face(1))
    gate.settles()
    assert store.looks.waiting() == {ann: 1}


def test_a_second_face_in_view_stops_it(store, gate, ann):
    gate.sees(face(1))
    gate.decides(ann)
    gate.sees(face(2), track=2)
    gate.settles()
    assert store.looks.waiting() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        {"method": Method.FACE},
        {"method": Method.PIN},
        {"method": Method.PERMIT},
        {"outcome": Outcome.DENY},
        {"outcome": Outcome.ASK},
        {"rule": "fire"},
        {"credential": Credential(duress=True)},
    ],
)
def test_only_a_card_that_opened_teaches(store, gate, ann, how):
    gate.sees(face(1), person=ann)
    gate.decides(ann, **how)
    gate.settles()
    assert store.looks.waiting() == {}


def test_switched_off_no_face_is_held(store, ann):
    gate = Gate(store, ManualClock(), enabled=False)
    gate.sees(face(1))
    gate.decides(ann)
    gate.settles()
    assert store.looks.waiting() == {}
    assert not gate.worker._seen


def test_faces_are_held_for_seconds_only(gate):
    gate.sees(face(1))
    gate.clock.advance(10)
    gate.worker.look()
    assert not gate.worker._seen


def test_who_saw_the_notice_has_been_told(store, gate, ann):
    store.looks.note(ann, ENCODER, "enrolled")
    gate.decides(ann, method=Method.FACE)
    gate.settles()
    assert store.looks.uninformed() == {ann: "enrolled"}
    gate.context.notices = {ann: "face_enrolled"}
    gate.decides(ann, outcome=Outcome.DENY)
    gate.settles()
    assert store.looks.uninformed() == {ann: "enrolled"}
    gate.decides(ann, method=Method.FACE)
    gate.settles()
    assert store.looks.uninformed() == {}
