"""A card that needs a face as well: which face, since when, and whose temperature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.request import HOUSE_RULES, Finding, Rules, Weight
from gate.passage.inputs import Measured
from gate.passage.outputs import Began, Decided
from gate.passage.state import ASK_WAIT
from gate.recognition.face import Candidate, Face, Sighting, Verdict
from gate.sensors.reading import Reading, Validity
from tests.passage.scene import CONTEXT, LI, Gate, face

BOTH = Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES))
UNKNOWN = Finding("temperature", None, Weight.REQUIRE, "temperature_unknown")
WARM = replace(CONTEXT, temperature=True, no_temperature=UNKNOWN)
HOLDER = face(1, Verdict.KNOWN, 1)


def reasons(gate: Gate) -> list[str]:
    return [decided.decision.reasons[0] for decided in gate.all(Decided)]


def stands_there(gate: Gate) -> None:
    """The holder, who has come just now."""
    gate.see(replace(HOLDER, first_seen=gate.now))
    gate.wait(0.05)


def measured(gate: Gate, at: float, degrees: float = 36.5) -> None:
    reading = Reading(degrees - 3, 22, degrees, at, "t", Validity.VALID)
    good = degrees < 37.3
    reason = "" if good else "temperature_high"
    gate.give(Measured(reading, Finding("temperature", good, Weight.REQUIRE, reason)))


def test_a_card_that_was_enough_is_not_any_more_once_a_face_is_asked_for() -> None:
    gate = Gate(WARM)
    gate.card(LI)
    assert reasons(gate) == []  # the temperature is waited for
    gate.context = replace(WARM, rules=BOTH)
    gate.wait(0.1)
    measured(gate, gate.now)
    gate.wait(1)
    assert reasons(gate) == []
    stands_there(gate)
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


def test_the_temperature_is_waited_for_from_when_the_face_was_found() -> None:
    gate = Gate(WARM)
    gate.card(LI)
    gate.context = replace(WARM, rules=BOTH)
    gate.wait(5)
    stands_there(gate)
    gate.wait(0.2)
    assert reasons(gate) == []
    gate.wait(0.1)
    assert reasons(gate) == ["temperature_unknown"]


def test_it_is_waited_for_afresh_where_the_face_is_there_already() -> None:
    gate = Gate(WARM)
    gate.see(face(1, Verdict.WAIT, 1))
    gate.card(LI)
    gate.wait(0.25)
    gate.context = replace(WARM, rules=BOTH)
    gate.see(HOLDER)
    gate.wait(0.25)
    assert reasons(gate) == []
    gate.wait(0.1)
    assert reasons(gate) == ["temperature_unknown"]


def test_who_looks_away_again_is_waited_for_from_the_beginning() -> None:
    gate = Gate(replace(WARM, rules=BOTH))
    gate.card(LI)
    stands_there(gate)
    gate.see(face(1, Verdict.WAIT, None))
    gate.wait(2)
    assert reasons(gate) == []
    gate.see(HOLDER)
    gate.wait(0.2)
    assert reasons(gate) == []
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


@pytest.mark.parametrize("now_known", [True, False])
def test_when_the_rules_begin_to_ask_for_a_face_the_frame_of_now_counts(now_known: bool) -> None:
    gate = Gate(WARM)
    gate.see(face(1, Verdict.WAIT, 1))
    gate.card(LI)
    gate.see(HOLDER)  # not asked for yet
    verdict = Verdict.KNOWN if now_known else Verdict.WAIT
    gate.see(face(1, verdict, 1))
    gate.context = replace(WARM, rules=BOTH)
    measured(gate, gate.now)
    assert reasons(gate) == (["welcome"] if now_known else [])


def test_one_bad_frame_of_the_face_that_was_verified_changes_nothing() -> None:
    gate = Gate(replace(WARM, rules=BOTH))
    gate.card(LI)
    stands_there(gate)
    gate.see(face(1, Verdict.WAIT, 1))
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


def test_once_the_face_has_left_the_next_one_is_looked_at() -> None:
    gate = Gate(replace(CONTEXT, rules=BOTH))
    gate.see(face(2, Verdict.WAIT))
    gate.card(LI)
    gate.wait(CONTEXT.settings.gone - 0.1)
    stands_there(gate)
    assert reasons(gate) == []  # the other one may be there still
    gate.wait(0.1)
    assert reasons(gate) == ["welcome"]


def test_nobody_is_looked_at_in_place_of_a_face_that_was_verified() -> None:
    unsure = replace(WARM, rules=BOTH)
    gate = Gate(unsure)
    gate.card(LI)
    stands_there(gate)
    measured(gate, gate.now, 38.5)  # once more, within two seconds
    gate.wait(1.8)
    gate.see(face(2, Verdict.KNOWN, 2))
    assert reasons(gate) == []
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


@pytest.mark.parametrize("degrees", [36.5, 38.5])
def test_whoever_was_measured_before_the_face_came_was_somebody_else(degrees: float) -> None:
    gate = Gate(replace(WARM, rules=BOTH))
    gate.card(LI)
    measured(gate, gate.now, degrees)
    gate.wait(3)
    began = len(gate.all(Began))
    stands_there(gate)
    assert reasons(gate) == []
    assert len(gate.all(Began)) == began + 1  # measured afresh
    p = gate.lane.serving
    assert p is not None
    assert (p.temperature, p.reading, p.high, p.again) == (None,) * 4
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


def test_a_high_temperature_of_somebody_else_is_not_confirmed_by_the_holder() -> None:
    gate = Gate(WARM)
    gate.card(LI)
    measured(gate, gate.now, 38.5)
    p = gate.lane.serving
    assert p is not None
    assert p.again is not None
    gate.context = replace(WARM, rules=BOTH)
    gate.wait(0.5)
    stands_there(gate)
    p = gate.lane.serving
    assert p is not None
    assert (p.temperature, p.reading, p.high, p.again) == (None,) * 4
    measured(gate, gate.now)
    assert reasons(gate) == ["welcome"]


def test_whoever_is_measured_while_the_face_is_there_is_not_measured_again() -> None:
    gate = Gate(replace(WARM, rules=BOTH))
    gate.card(LI)
    came = gate.now
    gate.see(face(1, Verdict.WAIT, 1))
    measured(gate, came)
    began = len(gate.all(Began))
    gate.wait(0.1)
    gate.see(replace(HOLDER, first_seen=came))
    assert reasons(gate) == ["welcome"]
    assert len(gate.all(Began)) == began


def asked_for_the_card() -> Gate:
    """The holder was recognised and asked for their card too."""
    gate = Gate(replace(CONTEXT, rules=BOTH))
    gate.see(HOLDER)
    assert reasons(gate) == ["card_too"]
    return gate


def test_the_card_of_somebody_whose_face_has_left_opens_nothing() -> None:
    gate = asked_for_the_card()
    gate.wait(CONTEXT.settings.gone + 0.1)
    gate.card(LI)
    for _ in range(20):
        gate.wait(0.1)
    assert gate.granted == []
    gate.see(HOLDER)  # back again
    assert gate.granted == [1]


@pytest.mark.parametrize("other", [face(2, Verdict.KNOWN, 2, size=80), None])
def test_whoever_was_asked_for_their_card_may_show_it_after_that_passage_too(
    other: Sighting | None,
) -> None:
    gate = asked_for_the_card()
    gate.look(ASK_WAIT + 0.1, HOLDER)
    assert gate.lane.serving is None
    gate.see(HOLDER)
    gate.now += 0.1
    if other is not None:  # recognised in this moment, further away
        fresh = replace(other, last_seen=gate.now)
        gate.lane = replace(gate.lane, scene=gate.lane.scene.seen([fresh], gate.now))
    gate.card(LI)
    gate.see(HOLDER)
    assert gate.granted == [1]


def in_front_of_a_card(*faces: Sighting) -> Gate:
    """All were answered a while ago, and the card of the one is shown now."""
    gate = Gate(replace(CONTEXT, rules=BOTH))
    gate.see(*faces)
    scene = gate.lane.scene
    for each in faces:
        scene = scene.answered((each.camera, each.track), False)
    gate.lane = replace(gate.lane, serving=None, scene=scene)
    return gate


def test_a_face_that_was_answered_is_not_verified_with_the_card_of_another() -> None:
    for sighting, granted in (
        (HOLDER, True),
        (face(1, Verdict.DOUBTFUL, 1), True),
        (face(1, Verdict.KNOWN, 2), False),
        (face(1, Verdict.UNKNOWN, 1), False),
        (replace(face(1, Verdict.UNKNOWN, 1), claimed=1, claim_held=True), True),
        (face(1, Verdict.KNOWN, 1, size=2 * CONTEXT.settings.near - 1), False),
    ):
        gate = in_front_of_a_card(sighting)
        gate.card(LI)
        gate.wait(0.1)
        assert (gate.granted == [1]) is granted
        assert gate.lane.serving is not None
        assert (gate.lane.serving.decision is not None) is granted  # else it is looked for


def test_the_holder_behind_somebody_who_has_not_been_answered_is_not_verified() -> None:
    gate = in_front_of_a_card(HOLDER)
    nearer = replace(face(2, Verdict.KNOWN, 2, size=150), last_seen=gate.now)
    gate.lane = replace(gate.lane, scene=gate.lane.scene.seen([nearer], gate.now))
    gate.card(LI)
    assert reasons(gate)[-1] == "face_is_not_the_cards"


def test_nor_is_a_holder_who_was_let_in_a_moment_ago() -> None:
    gate = in_front_of_a_card(HOLDER)
    gate.lane = replace(gate.lane, recent={1: gate.now - CONTEXT.settings.same_claim})
    gate.card(LI)
    gate.wait(0.1)
    assert gate.granted == []


BEHIND = face(3, Verdict.KNOWN, 2, size=70)


def looks_at_the_reader(seconds: float, *others: Sighting) -> Gate:
    """The holder, asked for their card, looks away for so long; others are seen after that."""
    gate = asked_for_the_card()
    gate.now += seconds
    seen = [replace(other, last_seen=gate.now) for other in others]
    gate.lane = replace(gate.lane, serving=None, scene=gate.lane.scene.seen(seen, gate.now))
    gate.card(LI)
    return gate


@pytest.mark.parametrize("seconds", [0.6, 2.0])
def test_nobody_behind_the_holder_is_taken_for_them_while_they_look_at_the_reader(
    seconds: float,
) -> None:
    gate = looks_at_the_reader(seconds, BEHIND)
    assert reasons(gate) == ["card_too"]
    gate.see(HOLDER, BEHIND)
    assert reasons(gate)[:2] == ["card_too", "welcome"]
    assert gate.granted[0] == 1


@pytest.mark.parametrize(
    ("seconds", "other"),
    [
        (2.1, BEHIND),  # the holder has gone
        (1.0, face(3, Verdict.KNOWN, 2, size=130)),  # somebody stepped in front of them
        (1.0, replace(BEHIND, face=Face((0, 0, 130, 100), 0.9, quality=BEHIND.face.quality))),
        (0.5, face(3, Verdict.KNOWN, 2, size=110)),  # the holder still looks at the camera
    ],
)
def test_whoever_stands_where_the_holder_stood_is_not_the_cards(
    seconds: float, other: Sighting
) -> None:
    gate = looks_at_the_reader(seconds, other)
    assert reasons(gate) == ["card_too", "face_is_not_the_cards"]


@pytest.mark.parametrize(
    "other",
    [face(3, Verdict.KNOWN, 2, size=100), face(3, Verdict.KNOWN, 2, size=300, camera="side")],
)
def test_who_is_not_seen_to_be_nearer_is_behind(other: Sighting) -> None:
    assert reasons(looks_at_the_reader(1.0, other)) == ["card_too"]


@pytest.mark.parametrize(
    "holder",
    [
        face(1, Verdict.UNKNOWN, 1),  # was not recognised
        face(1, Verdict.KNOWN, 2),  # somebody else
        replace(HOLDER, best=None),
    ],
)
def test_only_a_holder_who_was_recognised_keeps_others_behind(holder: Sighting) -> None:
    gate = Gate(replace(CONTEXT, rules=BOTH))
    gate.see(holder)
    gate.now += 1.0
    seen = replace(BEHIND, last_seen=gate.now, best=Candidate(4, 5.0))
    gate.lane = replace(gate.lane, serving=None, scene=gate.lane.scene.seen([seen], gate.now))
    gate.card(LI)
    assert reasons(gate)[-1] == "face_is_not_the_cards"


def test_nor_does_one_who_was_let_in() -> None:
    gate = asked_for_the_card()
    gate.now += 1.0
    recent = {1: gate.now - CONTEXT.settings.same_claim}
    scene = gate.lane.scene.seen([replace(BEHIND, last_seen=gate.now)], gate.now)
    gate.lane = replace(gate.lane, serving=None, scene=scene, recent=recent)
    gate.card(LI)
    assert reasons(gate)[-1] == "face_is_not_the_cards"
