"""Scenes of one passage at the gate, told step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.access.decision import Method, Outcome
from gate.access.request import HOUSE_RULES, Credential, Finding, Mode, Rules, Weight
from gate.passage import Context
from gate.passage.inputs import (
    Answered,
    DoorClosed,
    DoorLocked,
    DoorOpened,
    Ordered,
    OutOfOrder,
    Shown,
)
from gate.passage.outputs import (
    AskStatus,
    Began,
    Decided,
    EventOut,
    MeasureAgain,
    Open,
    Show,
)
from gate.passage.state import STATUS_WAIT, TEMPERATURE_WAIT
from gate.recognition.face import Liveness, Unusable, Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, GUEST, LI, NOON, TWIN, WANG, Gate, face


def test_a_known_face_opens_at_once_and_the_screen_says_welcome() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.WAIT, 1, evidence=1))
    gate.wait(0.1)
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]
    assert gate.all(Open) == [Open("p1", extended=False)]
    assert gate.looks == [Look.WAIT, Look.GRANT]
    assert gate.all(Show)[-1].message.name == "李*红"
    assert gate.all(Decided)[0].latency == pytest.approx(0.0)


def test_the_grant_goes_to_the_writer_then_the_screen_changes_and_then_the_door() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    kinds = [type(o) for _, o in gate.log]
    assert kinds.index(Decided) < kinds.index(Show) < kinds.index(Open)


def test_the_answer_leaves_the_screen_after_a_while() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    wake = gate.wakes()
    gate.wait(wake - gate.now)
    assert gate.looks[-1] is Look.IDLE


def test_who_needs_more_time_gets_it() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 2))
    assert gate.all(Open)[0].extended


def test_a_person_is_told_what_to_do_and_nobody_far_away_is_addressed() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.TOO_FAR))
    assert gate.looks == [Look.IDLE]
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.TURNED))
    assert gate.all(Show)[-1].message.code == "turned"


def test_a_stranger_is_refused_once_and_let_in_when_recognised_nearer() -> None:
    gate = Gate()
    gate.look(1, face(1, Verdict.UNKNOWN))
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown"]
    gate.look(1, face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]


def test_who_was_not_recognised_at_first_and_is_now_waits_for_nothing() -> None:
    for first in (Verdict.UNKNOWN, Verdict.DOUBTFUL):
        gate = Gate()
        gate.look(0.2, face(1, first, 1))
        gate.look(0.2, face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        refused, granted = gate.when(Decided)
        assert granted - refused < 0.3 < gate.context.settings.show_grant


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


def test_who_walks_past_leaves_nothing_on_the_screen() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.WAIT, 1, evidence=1))
    gate.wait(2)
    assert gate.looks[-1] is Look.IDLE
    assert [e.type for e in gate.all(EventOut)] == ["passage.abandoned"]


def test_what_turns_out_to_be_a_picture_after_it_was_not_recognised_is_reported() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNKNOWN))
    gate.look(5, face(1, Verdict.ATTACK, 1))
    assert [e.type for e in gate.all(EventOut)] == ["attack.presentation"]
    assert not gate.all(Open)


def test_the_same_person_does_not_open_twice() -> None:
    gate = Gate()
    gate.look(2, face(1, Verdict.KNOWN, 1))
    gate.look(2, face(2, Verdict.KNOWN, 1))  # the track was lost and found
    gate.look(2, face(7, Verdict.KNOWN, 1, camera="side"))
    assert gate.granted == [1]
    assert gate.looks[-1] is Look.IDLE


def test_who_was_let_in_and_did_not_walk_is_let_in_once_more() -> None:
    gate = Gate()
    gate.look(3, face(1, Verdict.KNOWN, 1))
    gate.give(DoorLocked(entered=False))
    assert [(e.type, e.details) for e in gate.all(EventOut)] == [
        ("passage.ended", {"passed": False})
    ]
    gate.look(40, face(1, Verdict.KNOWN, 1))
    assert len(gate.all(Open)) == 2


def test_a_card_opens_at_once() -> None:
    gate = Gate()
    gate.card(LI)
    assert gate.granted == [1]
    assert gate.all(Decided)[0].latency == 0


def test_a_card_lying_on_the_reader_opens_once() -> None:
    gate = Gate()
    for _ in range(10):
        gate.card(LI)
        gate.wait(0.2)
    assert gate.granted == [1]


def test_an_unknown_card_is_refused_and_the_next_one_is_not() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(0.3)
    gate.card(LI)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["card_unknown", "welcome"]


def test_a_card_goes_before_a_face_that_is_being_looked_at() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 2, evidence=1))
    gate.card(LI)
    assert gate.granted == [1]
    gate.look(2, face(1, Verdict.KNOWN, 2))
    assert gate.granted == [1, 2]


def test_duress_looks_like_any_other_passage_and_staff_are_alerted() -> None:
    calm, forced = Gate(), Gate()
    calm.card(LI)
    forced.card(LI, duress=True)
    assert [s.message for s in calm.all(Show)] == [s.message for s in forced.all(Show)]
    assert [e.type for e in forced.all(EventOut)] == ["passage.duress"]


def test_a_look_alike_shows_a_card_in_the_same_passage() -> None:
    gate = Gate()
    gate.look(1, face(1, Verdict.KNOWN, 3))
    assert gate.looks[-1] is Look.ASK
    gate.card(TWIN)
    asked, granted = gate.all(Decided)
    assert (asked.passage, asked.decision.reasons[0]) == (granted.passage, "look_alike")
    assert gate.granted == [3]


def test_nobody_answers_a_question_and_it_is_written_down() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.DOUBTFUL, 1))
    gate.wait(13)
    assert [e.type for e in gate.all(EventOut)] == ["passage.ended"]


def both(context: Context = CONTEXT) -> Context:
    return replace(context, rules=Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES)))


def test_where_both_are_asked_for_the_card_waits_for_its_face() -> None:
    gate = Gate(both())
    gate.card(LI)
    assert gate.all(Show)[-1].message.code == "look_here"
    gate.look(0.3, face(1, Verdict.WAIT, 1))
    gate.look(0.2, face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]
    assert gate.all(Decided)[0].decision.method is Method.FACE_AND_CARD


def test_where_both_are_asked_for_somebody_elses_face_is_refused() -> None:
    gate = Gate(both())
    gate.card(LI)
    gate.look(0.3, face(1, Verdict.KNOWN, 2))
    assert gate.all(Decided)[0].decision.reasons == ("face_is_not_the_cards",)


def test_where_both_are_asked_for_the_face_may_come_first() -> None:
    gate = Gate(both())
    gate.look(0.5, face(1, Verdict.KNOWN, 1))
    assert gate.all(Decided)[0].decision.reasons == ("card_too",)
    gate.card(LI)
    assert gate.granted == [1]


STATUS = replace(
    CONTEXT, status=True, no_status=(Finding("code", None, Weight.SHOW, "status_unknown"),)
)


def test_the_status_is_asked_for_as_soon_as_somebody_is_probable() -> None:
    gate = Gate(STATUS)
    gate.see(face(1, Verdict.WAIT, 1, evidence=1))
    assert not gate.all(AskStatus)
    gate.see(face(1, Verdict.WAIT, 1, evidence=4))
    assert [a.person.id for a in gate.all(AskStatus)] == [1]
    gate.give(Answered(1, (Finding("code", True, value="green"),)))
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.when(Decided) == [0.0]
    assert gate.all(Show)[-1].message.items[0].value == "green"


def test_a_status_for_somebody_else_is_not_taken() -> None:
    gate = Gate(STATUS)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.give(Answered(2, (Finding("code", False, Weight.REQUIRE, "status_bad"),)))
    assert not gate.all(Decided)


def test_a_status_that_does_not_come_is_not_waited_for_long() -> None:
    gate = Gate(STATUS)
    gate.card(LI)
    wake = gate.wakes()
    assert wake == pytest.approx(100 + STATUS_WAIT)
    gate.wait(0.32)
    assert gate.granted == [1]


def test_a_refusal_waits_for_nothing() -> None:
    gate = Gate(replace(STATUS, temperature=True))
    gate.card(replace(LI, blocked="x"))
    assert gate.when(Decided) == [0.0]


HOT = replace(CONTEXT, temperature=True)


def test_a_temperature_is_waited_for_and_shown() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    assert not gate.all(Decided)
    gate.wait(0.1)
    gate.temperature(36.5)
    assert gate.when(Decided) == [0.1]
    assert gate.all(Decided)[0].decision.reading is not None


def test_a_silent_thermometer_strands_nobody() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(TEMPERATURE_WAIT)
    assert gate.granted == [1]


@pytest.mark.parametrize(
    ("second", "outcome"), [(36.6, Outcome.GRANT), (38.1, Outcome.DENY), (None, Outcome.DENY)]
)
def test_a_high_temperature_is_measured_once_more(second: float | None, outcome: Outcome) -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.2)
    assert len(gate.all(MeasureAgain)) == 1
    assert gate.all(Show)[-1].message.code == "measuring_again"
    assert not gate.all(Decided)
    gate.wait(0.5)
    if second is None:
        gate.wait(2)
    else:
        gate.temperature(second)
    assert [d.decision.outcome for d in gate.all(Decided)] == [outcome]


def test_who_is_not_near_the_sensor_yet_is_waited_for() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.nothing_measured(Weight.REFER)
    assert not gate.all(Decided)
    gate.wait(0.1)
    gate.temperature(36.5)
    assert gate.granted == [1]


def test_an_implausible_temperature_is_kept_and_weighs_as_the_policy_says() -> None:
    for weight, outcome in ((Weight.SHOW, Outcome.GRANT), (Weight.REFER, Outcome.ASK)):
        gate = Gate(HOT)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.nothing_measured(weight)
        gate.wait(TEMPERATURE_WAIT)
        (decided,) = gate.all(Decided)
        assert decided.decision.outcome is outcome
        assert decided.decision.reading is not None
        assert decided.decision.reading.raw == 21


def test_a_high_temperature_is_not_undone_by_a_step_back() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.2)
    gate.wait(0.3)
    gate.nothing_measured()
    gate.wait(2)
    (decided,) = gate.all(Decided)
    assert decided.decision.outcome is Outcome.DENY
    assert decided.decision.reading is not None
    assert decided.decision.reading.estimated == 38.2


def test_an_ordered_opening_is_on_the_screen_and_known_people_are_written_down() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.EMERGENCY, NOON + timedelta(minutes=10)))
    assert gate.looks == [Look.EMERGENCY]
    gate.look(1, face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN))
    assert [d.decision.rule for d in gate.all(Decided)] == ["held_open"]
    assert not gate.all(Open)
    assert gate.looks == [Look.EMERGENCY]


def test_a_lockdown_refuses_and_says_so() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.LOCKDOWN))
    gate.look(0.3, face(1, Verdict.KNOWN, 1))
    gate.card(WANG)
    assert not gate.all(Open)
    assert {d.decision.rule for d in gate.all(Decided)} == {"lockdown"}


def test_out_of_order_is_shown_and_a_card_still_answered() -> None:
    gate = Gate()
    gate.give(OutOfOrder("camera_fault"))
    assert gate.looks == [Look.FAULT]
    gate.card(LI)
    gate.wait(3)
    assert gate.looks == [Look.FAULT, Look.GRANT, Look.FAULT]


RED = (Finding("code", False, Weight.SHOW, "status_bad", "红码"),)


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.DOUBTFUL, Verdict.ATTACK])
def test_the_status_of_somebody_is_not_shown_to_who_only_resembles_them(verdict: Verdict) -> None:
    gate = Gate(replace(CONTEXT, status=True))
    gate.see(face(1, Verdict.WAIT, 1, evidence=4))
    assert [a.person.id for a in gate.all(AskStatus)] == [1]
    gate.give(Answered(1, RED))
    gate.wait(0.2)
    gate.see(face(1, verdict, 1))
    assert gate.all(Show)[-1].message.items == ()
    assert "红码" not in str(gate.all(Decided)[-1].decision)


def test_a_thief_of_a_card_does_not_read_the_holders_status() -> None:
    rules = Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES))
    gate = Gate(replace(CONTEXT, status=True, rules=rules))
    gate.card(LI)
    gate.give(Answered(1, RED))
    other = replace(face(1, Verdict.UNKNOWN, 2), claimed=LI.id, claim_held=False)
    gate.look(13, other)
    assert gate.granted == []
    assert all(item.value != "红码" for show in gate.all(Show) for item in show.message.items)


UNMEASURED = Finding("temperature", None, Weight.REQUIRE, "temperature_unknown")


def test_a_fever_is_not_wiped_away_by_a_card() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.5)
    gate.wait(0.2)
    gate.card(LI)
    gate.wait(3)
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons[0] == "temperature_high"


@pytest.mark.parametrize("degrees", [36.5, 38.5])
def test_a_card_does_not_take_over_the_temperature_of_somebody_else(degrees: float) -> None:
    gate = Gate(replace(CONTEXT, temperature=True, no_temperature=UNMEASURED))
    gate.see(face(1, Verdict.WAIT, 2, evidence=4))
    gate.temperature(degrees)
    gate.see(face(1, Verdict.DOUBTFUL, 2))
    began = len(gate.all(Began))
    gate.wait(8)
    gate.card(LI)
    assert len(gate.all(Began)) == began + 1, "measured again"
    gate.wait(1)
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons[0] == "temperature_unknown"


def duress(gate: Gate) -> int:
    return [e.type for e in gate.all(EventOut)].count("passage.duress")


@pytest.mark.parametrize("after", [0.5, 2.0, 2.9])
def test_a_duress_card_shown_after_the_face_was_known_is_reported(after: float) -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(after)
    openings = len(gate.all(Open))
    gate.card(LI, duress=True)
    shown = gate.all(Show)[-1]
    gate.wait(0.1)
    assert duress(gate) == 1
    assert len(gate.all(Open)) == openings
    assert gate.all(Show)[-1] == shown or gate.all(Show)[-1].message.look is Look.IDLE


def test_a_duress_card_lying_on_the_reader_is_reported_once() -> None:
    gate = Gate()
    for _ in range(5):
        gate.card(LI, duress=True)
        gate.wait(0.3)
    assert duress(gate) == 1


def test_a_duress_card_replaced_by_another_is_reported_all_the_same() -> None:
    gate = Gate(replace(CONTEXT, status=True))
    gate.card(LI, duress=True)
    gate.wait(0.1)
    gate.card(None, "card_unknown")
    gate.wait(1)
    assert duress(gate) == 1


def late(gate: Gate, seconds: float, **fields: bool) -> None:
    gate.give(Shown(Method.CARD, LI, Credential(**fields), gate.now - seconds))


def test_a_card_that_was_shown_too_long_ago_opens_nothing_and_its_holder_may_try_again() -> None:
    gate = Gate()
    late(gate, 71.0)
    assert gate.granted == []
    assert gate.all(Open) == []
    assert gate.all(Decided)[-1].decision.reasons == ("credential_unchecked",)
    gate.wait(5.0)
    late(gate, 1.9)
    assert gate.granted == [1]


def test_a_late_card_does_not_disturb_who_is_being_served_and_its_duress_is_reported() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.WAIT, None))
    late(gate, 3.0, duress=True)
    assert [e.type for e in gate.all(EventOut)] == ["passage.duress", "credential.late"]
    gate.see(face(1, Verdict.KNOWN, 2))
    assert gate.granted == [2]


def test_whoever_has_an_end_of_validity_does_not_pass_by_a_clock_that_cannot_be_right() -> None:
    guest = replace(LI, valid_until=NOON + timedelta(days=365))
    gate = Gate(replace(CONTEXT, people={**CONTEXT.people, 1: guest}))
    gate.trusted = False
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons == ("clock_not_set",)
    gate.card(WANG)
    assert gate.granted == [2], "who has none passes as ever"


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


def test_a_late_card_during_an_answer_is_answered_too() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(1.0)
    late(gate, 5.0)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == [
        "card_unknown",
        "credential_unchecked",
    ]


def test_each_card_after_an_answer_is_a_passage_of_its_own() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(1.0)
    gate.card(LI)
    assert [d.passage for d in gate.all(Decided)] == ["p1", "p2"]


def test_duress_that_was_answered_is_not_reported_again_with_the_next_card() -> None:
    gate = Gate()
    gate.card(GUEST, duress=True)
    gate.wait(1.0)
    gate.card(LI)
    assert [e.type for e in gate.all(EventOut)].count("passage.duress") == 1


@pytest.mark.parametrize("status", [True, False])
def test_the_status_of_those_who_come_next_is_asked_only_where_there_is_a_service(
    status: bool,
) -> None:
    gate = Gate(replace(CONTEXT, status=status))
    first = face(1, Verdict.WAIT, None, size=200)
    unknown = face(3, Verdict.KNOWN, 99, size=50)  # deleted a moment ago
    gate.see(first)
    gate.see(first, face(2, Verdict.KNOWN, 2, size=60), unknown)
    assert [a.person.id for a in gate.all(AskStatus) if not a.passage] == ([2] if status else [])


def test_an_ordinary_card_shown_again_or_in_place_of_another_is_no_duress() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.card(LI)
    gate.card(LI)
    gate.card(WANG)
    late(gate, 5.0)
    gate.wait(2.0)
    assert "passage.duress" not in [e.type for e in gate.all(EventOut)]


def test_a_temperature_of_nobody_and_one_after_the_answer_change_nothing() -> None:
    gate = Gate()
    gate.temperature(36.5)
    assert gate.lane.serving is None
    gate.see(face(1, Verdict.KNOWN, 1))
    decided = gate.lane.serving
    gate.temperature(39.0)
    assert gate.lane.serving == decided


def test_an_unknown_card_left_on_the_reader_is_answered_once() -> None:
    gate = Gate()
    for _ in range(4):
        gate.card(None, "card_unknown")
        gate.wait(0.5)
    assert len(gate.all(Decided)) == 1


def test_the_reading_that_is_to_be_confirmed_does_not_confirm_itself() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.0)
    gate.temperature(38.0)  # the same moment: the same reading
    assert gate.all(Decided) == []
    gate.now += 0.5
    gate.temperature(36.5)
    assert gate.granted == [1]


@pytest.mark.parametrize("entered", [True, False])
def test_a_passage_whose_door_was_opened_ends_with_its_closing_not_with_the_lock(
    entered: bool,
) -> None:
    gate = Gate()
    gate.card(LI)
    if not entered:
        gate.give(DoorOpened())
    gate.give(DoorLocked(entered))
    assert [e for e in gate.all(EventOut) if e.type == "passage.ended"] == []
    gate.give(DoorClosed())
    ended = [e.details for e in gate.all(EventOut) if e.type == "passage.ended"]
    assert ended == [{"passed": True}]


def test_at_a_door_that_is_held_open_only_recognised_people_are_recorded() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.HELD_OPEN))
    gate.see(face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN), face(3, Verdict.WAIT))
    gate.look(8.0, face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN))
    decided = [(d.decision.rule, d.decision.person) for d in gate.all(Decided)]
    assert decided == [("held_open", LI)]
    assert gate.all(Open) == []


def test_a_card_opens_before_its_passage_is_reported() -> None:
    gate = Gate()
    gate.card(LI)
    assert [type(output) for _, output in gate.log[:4]] == [Decided, Show, Open, Began]


def test_a_card_at_a_door_that_is_held_open_is_recorded_and_opens_nothing() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.HELD_OPEN))
    gate.card(LI)
    (decided,) = gate.all(Decided)
    assert (decided.decision.method, decided.decision.person) == (Method.CARD, LI)
    assert decided.decision.outcome is Outcome.GRANT
    assert not gate.all(Open)


def test_a_card_after_the_face_keeps_the_status_the_temperature_and_the_face() -> None:
    gate = Gate(replace(STATUS, temperature=True))
    gate.see(face(1, Verdict.WAIT, 1, evidence=4))
    gate.give(Answered(1, (Finding("code", True, value="green"),)))
    gate.temperature(36.5)
    gate.card(LI)
    assert [asked.person.id for asked in gate.all(AskStatus)] == [1]
    assert gate.when(Decided) == [0.0]
    (decided,) = gate.all(Decided)
    assert decided.decision.reading is not None
    assert decided.decision.reading.estimated == 36.5
    assert gate.all(Show)[-1].message.items[-1].value == "green"
    assert gate.lane.passing[-1].key == ("main", 1)


def test_a_card_after_a_high_temperature_waits_for_the_same_second_measurement() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.2)
    gate.card(LI)
    gate.wait(1.0)
    assert len(gate.all(MeasureAgain)) == 1
    assert not gate.all(Decided)
    gate.wait(1.0)
    assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.DENY]


def test_whoever_is_known_stays_so_through_a_bad_frame_until_they_are_measured() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    for verdict in (Verdict.WAIT, Verdict.UNUSABLE):
        gate.see(face(1, verdict))
    gate.temperature(36.5)
    assert gate.granted == [1]
    assert gate.when(Decided) == [0.0]


def test_a_high_temperature_counts_at_once_where_none_is_measured_again() -> None:
    settings = HOT.settings.model_copy(update={"measure_again": 0.0})
    gate = Gate(replace(HOT, settings=settings))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.2)
    assert not gate.all(MeasureAgain)
    assert gate.when(Decided) == [0.0]
    assert gate.all(Decided)[0].decision.outcome is Outcome.DENY


def test_a_card_after_the_answer_waits_for_a_new_temperature() -> None:
    gate = Gate(HOT)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.2, Weight.REFER)
    gate.wait(2)
    assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.ASK]
    gate.card(LI)
    gate.wait(0.1)
    gate.temperature(36.6, Weight.REFER)
    assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.ASK, Outcome.GRANT]
