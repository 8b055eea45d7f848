"""What a passage waits for: the status of a person and their temperature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Outcome
from gate.access.request import HOUSE_RULES, Finding, Rules, Weight
from gate.passage.inputs import (
    Answered,
)
from gate.passage.outputs import (
    AskStatus,
    Began,
    Decided,
    MeasureAgain,
    Show,
)
from gate.passage.state import STATUS_WAIT, TEMPERATURE_WAIT
from gate.recognition.face import Verdict
from tests.passage.scene import CONTEXT, LI, RED, STATUS, Gate, face


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


def test_a_temperature_of_nobody_and_one_after_the_answer_change_nothing() -> None:
    gate = Gate()
    gate.temperature(36.5)
    assert gate.lane.serving is None
    gate.see(face(1, Verdict.KNOWN, 1))
    decided = gate.lane.serving
    gate.temperature(39.0)
    assert gate.lane.serving == decided


def test_the_reading_that_is_to_be_confirmed_does_not_confirm_itself() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.0)
    gate.temperature(38.0)  # the same moment: the same reading
    assert gate.all(Decided) == []
    gate.now += 0.5
    gate.temperature(36.5)
    assert gate.granted == [1]


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
        gate.see(face(1, verdict, 1))
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
