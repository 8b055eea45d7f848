"""Faces that are pictures, or may be: what is refused, reported and asked for afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.request import Rules
from gate.passage.outputs import (
    Decided,
    EventOut,
    Open,
)
from gate.recognition.face import Liveness, Verdict
from tests.passage.scene import CONTEXT, WANG, Gate, face


def test_a_picture_that_turns_into_a_person_waits_until_the_refusal_was_seen() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.ATTACK, 1))
    gate.look(2, face(1, Verdict.KNOWN, 1))
    refused, granted = gate.when(Decided)
    assert granted - refused >= gate.context.settings.show_grant


def test_a_picture_is_refused() -> None:
    gate = Gate()
    gate.look(1, face(1, Verdict.ATTACK, 1))
    assert gate.all(Decided)[0].decision.rule == "attack"
    assert not gate.all(Open)
    assert [e.type for e in gate.all(EventOut)] == ["attack.presentation"]


def test_what_turns_out_to_be_a_picture_after_it_was_not_recognised_is_reported() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNKNOWN))
    gate.look(5, face(1, Verdict.ATTACK, 1))
    assert [e.type for e in gate.all(EventOut)] == ["attack.presentation"]
    assert not gate.all(Open)


def attack(gate: Gate, track: int, person: int | None = 1, camera: str = "main") -> None:
    gate.see(face(track, Verdict.ATTACK, person, camera=camera))


def test_after_an_attack_its_person_and_its_camera_need_a_card_for_a_minute() -> None:
    gate = Gate()
    attack(gate, 1)
    gate.wait(1.0)
    gate.see(face(2, Verdict.KNOWN, 1))  # the same picture, held again, looks alive this time
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons == ("card_after_attack",)
    gate.card(WANG)
    assert gate.granted == [2], "a card opens"
    gate.wait(20.0)
    gate.see(face(3, Verdict.KNOWN, 2))
    assert gate.granted == [2], "the same place"
    gate.wait(20.0)
    gate.see(face(4, Verdict.KNOWN, 1, camera="side"))
    assert gate.granted == [2], "the same person elsewhere"
    gate.wait(25.0)
    gate.see(face(5, Verdict.KNOWN, 1))
    assert gate.granted == [2, 1]


def test_another_camera_of_the_gate_goes_on_for_everybody_else() -> None:
    gate = Gate()
    attack(gate, 1)
    gate.wait(5.0)
    gate.see(face(2, Verdict.KNOWN, 2, camera="side"))
    assert gate.granted == [2]


def not_live(gate: Gate, track: int, person: int = 1) -> None:
    """A face that looks a little more like a picture than not, as residents' do now and then."""
    doubt = Liveness("x", -0.14, False)
    gate.see(face(track, Verdict.DOUBTFUL, person, liveness=doubt))


def test_a_face_not_held_to_be_live_is_asked_for_a_card_and_nothing_follows() -> None:
    gate = Gate()
    not_live(gate, 1)
    assert [d.decision.reasons for d in gate.all(Decided)] == [("liveness_unknown",)]
    assert gate.all(EventOut) == []
    gate.wait(1.0)
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1], "the next frames show that it is"
    gate.wait(5.0)
    gate.see(face(2, Verdict.KNOWN, 2))
    assert gate.granted == [1, 2], "and nobody else is concerned"


def test_the_third_try_within_a_minute_makes_its_person_need_a_card() -> None:
    gate = Gate()
    for track in (1, 2, 3):
        not_live(gate, track)
        gate.wait(13.0)
    gate.see(face(4, Verdict.KNOWN, 1))
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons == ("card_after_attack",)
    gate.wait(13.0)
    gate.see(face(5, Verdict.KNOWN, 2))
    assert gate.granted == [2], "everybody else passes at the same camera"
    gate.wait(60.0)
    gate.see(face(6, Verdict.KNOWN, 1))
    assert gate.granted == [2, 1]


def test_attacks_are_counted() -> None:
    gate = Gate()
    for track in (1, 2, 3):
        attack(gate, track)
        gate.wait(6.0)
    emitted = [e.details for e in gate.all(EventOut) if e.type == "attack.presentation"]
    assert [d["count"] for d in emitted] == [1, 2, 3]
    assert {d["camera"] for d in emitted} == {"main"}


@pytest.mark.parametrize(
    ("score", "live", "suspected"),
    [(-3.0, False, True), (-3.6, False, True), (-2.99, False, False), (-3.6, None, False)],
)
def test_a_face_much_like_a_picture_is_recorded_without_a_name(
    score: float, live: bool | None, suspected: bool
) -> None:
    """One network alone never calls it an attack. Nothing else follows: masks look so, too."""
    gate = Gate(replace(CONTEXT, rules=Rules(liveness_required=True)))
    verdict = Verdict.DOUBTFUL if live is False else Verdict.KNOWN
    gate.see(face(1, verdict, 1, liveness=Liveness("x", score, live)))
    (asked,) = gate.all(Decided)
    assert asked.decision.reasons == ("liveness_unknown",)
    told = EventOut("attack.suspected", "p1", {"camera": "main"})
    assert gate.all(EventOut) == [told] * suspected
    gate.wait(5.0)
    gate.see(face(2, Verdict.KNOWN, 2, liveness=Liveness("x", 4.0, True)))
    assert gate.granted == [2]
