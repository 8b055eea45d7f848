"""How one passage is settled and answered, each condition by itself; see docs/mutation.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Method, Outcome
from gate.access.request import Credential, Finding, Mode, Presence, Request, Sight, Weight
from gate.passage import Context, Lane, Now
from gate.passage.outputs import Decided, EventOut, Open, Outputs
from gate.passage.scene import Scene
from gate.passage.serve import answer, settle
from gate.passage.state import Passage, Passing
from gate.recognition.face import Liveness, Sighting, Verdict
from gate.sensors.reading import Reading, Validity
from tests.passage.scene import CONTEXT, LI, NOON, WANG, face

NOW = Now(100.0, NOON, lambda: "p9")
KEY = ("main", 1)
SEEN = Sight.of(face(1, Verdict.KNOWN, 1))
FACE = Passage("p1", 98.0, 99.0, key=KEY, sight=SEEN, person=LI)
CARD = Passage("p1", 98.0, 99.0, Method.CARD, person=LI, credential=Credential())
HIGH = Finding("temperature", False, Weight.SHOW, "temperature_high", "38.5")
FINE = Finding("temperature", True, Weight.SHOW, "", "36.5")
UNSURE = Finding("temperature", None, Weight.SHOW, "temperature_unknown", "25.0")
RED = Finding("code", False, Weight.SHOW, "status_bad")
NO_CODE = Finding("code", None, Weight.SHOW, "status_unknown")
MEASURED = replace(CONTEXT, temperature=True)
ASKED = replace(CONTEXT, status=True, no_status=(NO_CODE,))
LASTING = CONTEXT.settings.after_attack


def request(p: Passage, lane: Lane | None = None, context: Context = CONTEXT) -> Request:
    decision = settle(p, lane or Lane(), NOW, context).decision
    assert decision is not None
    return decision.request


def answered(
    p: Passage, lane: Lane | None = None, context: Context = CONTEXT
) -> tuple[Lane, Outputs]:
    lane = lane or Lane()
    return answer(lane, settle(p, lane, NOW, context), NOW, context)


def scene(*sightings: Sighting) -> Scene:
    return Scene().seen([replace(s, last_seen=NOW.at) for s in sightings], NOW.at)


def verdicts(lane: Lane) -> dict[tuple[str, int], Verdict | None]:
    return {key: track.answered for key, track in lane.scene.tracks.items()}


@pytest.mark.parametrize(
    ("temperature", "high", "counts"),
    [
        (FINE, HIGH, FINE),
        (UNSURE, HIGH, HIGH),
        (None, HIGH, HIGH),
        (UNSURE, None, UNSURE),
        (None, None, MEASURED.no_temperature),
    ],
)
def test_of_two_temperatures_the_last_that_says_something_counts(
    temperature: Finding | None, high: Finding | None, counts: Finding
) -> None:
    p = replace(FACE, temperature=temperature, high=high)
    assert request(p, context=MEASURED).findings == (counts,)
    assert request(p).findings == ()


def test_a_status_counts_for_the_person_it_was_asked_for() -> None:
    theirs = replace(FACE, asked=1, status=(RED,))
    assert request(theirs, context=ASKED).findings == (RED,)
    assert request(theirs).findings == ()
    for other in (
        replace(theirs, asked=2),
        replace(theirs, status=None),
        replace(theirs, person=None, asked=None),
    ):
        assert request(other, context=ASKED).findings == (NO_CODE,)


def test_of_somebody_who_may_be_another_only_the_temperature_is_kept() -> None:
    both = replace(ASKED, temperature=True)
    known = replace(FACE, temperature=FINE, asked=1, status=(RED,))
    assert settle(known, Lane(), NOW, both).findings == (FINE, RED)
    unknown = replace(known, sight=replace(SEEN, verdict=Verdict.UNKNOWN))
    assert settle(unknown, Lane(), NOW, both).findings == (FINE,)


def test_the_request_has_the_face_only_where_the_face_counts() -> None:
    both = replace(CARD, method=Method.FACE_AND_CARD, sight=SEEN)
    assert request(FACE).sight == SEEN
    assert request(both).sight == SEEN
    assert request(replace(CARD, sight=SEEN)).sight is None


def test_the_request_has_where_the_person_was_last_seen() -> None:
    inside = replace(CONTEXT, presence={1: Presence.INSIDE}, inward=True)
    assert request(CARD, context=inside).presence is Presence.INSIDE
    assert request(replace(CARD, person=WANG), context=inside).presence is Presence.UNSURE
    assert request(replace(CARD, person=None), context=inside).presence is Presence.UNSURE


def test_the_request_has_the_clock_the_mode_and_the_reading() -> None:
    reading = Reading(35.0, 22.0, 36.5, 99.0, "t", Validity.VALID)
    p = replace(CARD, reading=reading)
    asked = settle(p, Lane(mode=Mode.LOCKDOWN), replace(NOW, trusted=False), CONTEXT).decision
    assert asked is not None
    assert (asked.request.mode, asked.request.reading) == (Mode.LOCKDOWN, reading)
    assert asked.request.clock_trusted is False


@pytest.mark.parametrize(
    ("wary", "p", "expected"),
    [
        ({"main": 101.0}, FACE, True),
        ({1: 101.0}, FACE, True),
        ({1: 100.0, "main": 99.0}, FACE, False),
        ({2: 101.0, "side": 101.0}, FACE, False),
        ({"main": 101.0}, replace(FACE, key=None), False),
        ({1: 101.0}, replace(FACE, person=None), False),
        ({None: 101.0}, replace(FACE, person=None), False),
    ],
)
def test_a_request_is_wary_of_the_persons_and_cameras_of_attacks(
    wary: dict[int | str, float], p: Passage, expected: bool
) -> None:
    assert request(p, Lane(wary=wary)).wary is expected


def test_a_grant_opens_and_is_remembered() -> None:
    lane, out = answered(FACE, Lane(scene=scene(face(1, Verdict.KNOWN, 1))))
    assert out[0] == Open("p1", extended=False)
    (decided,) = (o for o in out if isinstance(o, Decided))
    assert (decided.latency, decided.queued) == (2.0, 1.0)
    assert len(out) == 2
    assert lane.serving is not None
    assert lane.passing == (Passing(lane.serving),)
    assert (lane.passing[0].id, lane.passing[0].key) == ("p1", KEY)
    assert lane.recent == {1: 100.0}
    assert lane.scene.tracks[KEY].openings == 1
    slow, out = answered(replace(CARD, person=WANG))
    assert out[0] == Open("p1", extended=True)
    assert slow.serving is not None
    assert slow.passing == (Passing(slow.serving),)


def test_what_is_refused_opens_nothing() -> None:
    lane, out = answered(replace(CARD, credential=Credential("card_revoked")))
    assert [type(o) for o in out] == [Decided]
    assert (lane.passing, lane.recent) == ((), {})


@pytest.mark.parametrize("mode", [Mode.HELD_OPEN, Mode.EMERGENCY, Mode.FIRE])
def test_a_door_that_is_open_by_order_is_not_released_once_more(mode: Mode) -> None:
    for p in (FACE, CARD):
        lane, out = answered(p, Lane(mode=mode, scene=scene(face(1, Verdict.KNOWN, 1))))
        assert [type(o) for o in out] == [Decided]
        assert lane.passing == ()
        assert lane.recent == {1: 100.0}
        assert lane.scene.tracks[KEY].openings == 0


def test_a_grant_of_nobody_in_particular_remembers_nobody() -> None:
    lane, out = answered(replace(CARD, person=None), Lane(mode=Mode.HELD_OPEN))
    assert [o.decision.outcome for o in out if isinstance(o, Decided)] == [Outcome.GRANT]
    assert lane.recent == {}


def test_duress_is_reported_with_the_person_or_without_one() -> None:
    shown = replace(CARD, credential=Credential(duress=True))
    for p, ref in ((shown, LI.ref), (replace(shown, person=None), None)):
        events = [o for o in answered(p)[1] if isinstance(o, EventOut)]
        assert [(e.type, e.passage, e.person) for e in events] == [("passage.duress", "p1", ref)]
    assert not any(isinstance(o, EventOut) for o in answered(CARD)[1])


def test_a_card_let_in_marks_the_face_of_its_holder_and_the_place_in_front() -> None:
    views = scene(face(1, Verdict.KNOWN, 1), face(2, Verdict.WAIT, size=200, camera="side"))
    lane, _ = answered(CARD, Lane(scene=views))
    assert verdicts(lane) == {KEY: Verdict.KNOWN, ("side", 2): Verdict.WAIT}
    refused, _ = answered(replace(CARD, credential=Credential("card_revoked")), Lane(scene=views))
    assert verdicts(refused) == {KEY: None, ("side", 2): None}


def test_a_refused_face_is_refused_for_the_other_camera_too() -> None:
    views = scene(face(1, Verdict.UNKNOWN), face(2, Verdict.WAIT, camera="side"))
    lane, _ = answered(
        replace(FACE, sight=Sight.of(face(1, Verdict.UNKNOWN)), person=None), Lane(scene=views)
    )
    assert verdicts(lane) == {KEY: Verdict.UNKNOWN, ("side", 2): Verdict.WAIT}


def attacked(**changes: object) -> Passage:
    sight = Sight.of(face(1, Verdict.ATTACK, 1))
    return replace(FACE, **{"sight": sight, "person": None, **changes})


def test_an_attack_makes_its_person_and_its_camera_wary() -> None:
    old = Lane(wary={5: 100.0, 6: 101.0}, attacks=(30.0, 40.0, 41.0))
    lane, out = answered(attacked(), old)
    assert lane.wary == {6: 101.0, "main": 100.0 + LASTING, 1: 100.0 + LASTING}
    assert lane.attacks == (41.0, 100.0)
    assert out[-1] == EventOut("attack.presentation", "p1", {"count": 2, "camera": "main"})


def test_attacks_are_counted_for_a_minute_though_nobody_is_wary() -> None:
    never = replace(CONTEXT, settings=CONTEXT.settings.model_copy(update={"after_attack": 0.0}))
    lane, _ = answered(attacked(), Lane(attacks=(41.0,)), never)
    assert lane.attacks == (41.0, 100.0)


def test_an_attack_that_resembles_nobody_and_one_without_a_face_in_view() -> None:
    sight = Sight.of(face(1, Verdict.ATTACK))
    lane, _ = answered(attacked(sight=sight))
    assert lane.wary == {"main": 100.0 + LASTING}
    lane, out = answered(attacked(key=None))
    assert lane.wary == {1: 100.0 + LASTING}
    assert out[-1] == EventOut("attack.presentation", "p1", {"count": 1})


def doubtful(person: int | None = 1, live: bool | None = False) -> Passage:
    liveness = Liveness("x", -0.1, live)
    sight = Sight.of(face(1, Verdict.DOUBTFUL, person, liveness=liveness))
    return replace(FACE, sight=sight, person=None)


def test_the_third_doubt_within_a_while_makes_the_person_wary() -> None:
    old = Lane(doubts={1: (20.0, NOW.at - LASTING, 90.0), 5: (30.0,), 6: (99.0,)}, wary={6: 101.0})
    lane, _ = answered(doubtful(), old)
    assert lane.doubts == {1: (90.0, 100.0), 6: (99.0,)}
    assert lane.wary == {6: 101.0}
    lane, _ = answered(doubtful(), lane)
    assert lane.doubts[1] == (90.0, 100.0, 100.0)
    assert lane.wary == {6: 101.0, 1: 100.0 + LASTING}


def test_only_who_is_asked_for_a_card_because_of_it_leaves_a_doubt() -> None:
    liveness = Liveness("x", -0.1, False)
    unknown = Sight.of(face(1, Verdict.UNKNOWN, 1, liveness=liveness))
    lane, out = answered(replace(doubtful(), sight=unknown))
    assert [o.decision.reasons for o in out if isinstance(o, Decided)] == [("face_unknown",)]
    assert lane.doubts == {}


def test_a_face_that_resembles_nobody_leaves_no_doubt() -> None:
    lane, out = answered(doubtful(None))
    assert [o.decision.reasons for o in out if isinstance(o, Decided)] == [("liveness_unknown",)]
    assert lane.doubts == {}


def test_where_nothing_can_tell_whether_a_face_is_live_there_is_no_doubt_of_it() -> None:
    asks = replace(CONTEXT, rules=replace(CONTEXT.rules, liveness_required=True))
    known = replace(FACE, sight=replace(SEEN, liveness=Liveness("x")))
    lane, out = answered(known, context=asks)
    assert [o.decision.reasons for o in out if isinstance(o, Decided)] == [("liveness_unknown",)]
    assert lane.doubts == {}
    other, out = answered(replace(CARD, person=None))
    assert out
    assert other.doubts == {}
