"""Rights as they are when it is decided, and decided again once the controller has agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Method, Outcome
from gate.access.request import Allow, Credential, Mode, Presence, Rules, Weight
from gate.passage.inputs import (
    Agreed,
    Asked,
    Checked,
    Ordered,
    Seen,
    Shown,
)
from gate.passage.let_in import may_still
from gate.passage.outputs import Decided, EventOut, Open
from gate.passage.rights import to_check
from gate.recognition.face import Unusable, Verdict
from gate.screen.message import Look
from tests.passage.scene import (
    CONTEXT,
    LI,
    WANG,
    Gate,
    ended,
    face,
    let_in,
    moment,
    passing,
)


def card(gate: Gate, serial: str, method: Method = Method.CARD) -> None:
    gate.give(Shown(method, LI, Credential(serial=serial), gate.now))


BOTH = replace(CONTEXT, rules=Rules(allow=(Allow("both", both=True),)))


REVOKED = Credential("card_revoked", serial="12")


def test_an_agreement_to_nobody_opens_nothing() -> None:
    gate = let_in(1, 2)
    for passage in ("p1", "p9"):  # one was released already, the other never was there
        gate.give(Agreed(passage))
    assert len(gate.all(Open)) == 2
    gate.give(Agreed("p2"))
    gate.give(Agreed("p2"))
    assert len(gate.all(Open)) == 3


def test_a_door_held_open_is_not_released_once_more() -> None:
    gate = let_in(1)
    gate.give(Ordered(Mode.HELD_OPEN))
    gate.give(Agreed("p1"))
    assert len(gate.all(Open)) == 1
    assert passing(gate) == [("p1", False)]


def test_whoever_may_not_pass_any_more_is_refused_in_place_of_the_agreement() -> None:
    gate = let_in(1, 2)
    before = gate.now
    gate.context = replace(CONTEXT, rules=Rules(allow=(Allow("x", gates=frozenset({"south"})),)))
    gate.wait(0.1)
    gate.give(Agreed("p2"))
    assert len(gate.all(Open)) == 2
    assert ended(gate) == {"p2": False}
    assert passing(gate) == [("p1", False)]
    told = gate.all(Decided)[-1]
    assert (told.passage, told.decision.rule, told.decision.person) == ("p2", "gate", WANG)
    assert told.latency == pytest.approx(before + 0.1 - 104)
    assert told.queued == 0
    assert "p2" in {o.passage for o in gate.all(EventOut)}


def test_the_refusal_is_on_the_screen_in_place_of_the_grant() -> None:
    gate = Gate()
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.wait(0.5)
    gate.context = replace(CONTEXT, rules=Rules(allow=()))
    gate.give(Agreed("p1"))
    assert gate.looks[-1] is Look.DENY
    assert gate.lane.serving is not None
    assert gate.lane.serving.decided == gate.now
    gate.wait(3.9)
    assert gate.looks[-1] is Look.DENY
    gate.wait(0.2)
    assert gate.looks[-1] is Look.IDLE


def test_a_refusal_behind_somebody_else_leaves_their_picture_and_stands_beside_it() -> None:
    gate = Gate()
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.card(WANG)
    assert gate.lane.serving is not None
    shown = gate.lane.serving
    gate.wait(0.5)
    gate.context = replace(CONTEXT, people={}, rules=Rules(allow=()))
    gate.give(Agreed("p1"))
    (beside,) = gate.lane.earlier
    assert beside.decision is not None
    assert beside.decision.outcome is Outcome.DENY
    assert beside.decided == gate.now
    assert gate.lane.serving == shown
    # and the other way round
    gate = Gate()
    gate.card(LI)
    gate.card(WANG)
    gate.give(Asked("p2"))
    gate.context = replace(CONTEXT, rules=Rules(allow=()))
    gate.give(Agreed("p2"))
    (beside,) = gate.lane.earlier
    assert beside.decision is not None
    assert (beside.id, beside.decision.outcome) == ("p1", Outcome.GRANT)


def test_who_is_asked_about_may_still_pass_or_not() -> None:
    gate = let_in(1, 2)
    assert may_still(gate.lane, "p2", moment(gate), CONTEXT)
    assert not may_still(gate.lane, "p1", moment(gate), CONTEXT)  # nobody is asked about them
    strict = replace(CONTEXT, rules=Rules(allow=()))
    assert not may_still(gate.lane, "p2", moment(gate), strict)


def test_it_is_decided_again_with_the_temperature_and_status_of_then() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.card(LI)
    gate.temperature(38.5, Weight.ADVISE)
    assert gate.granted == [1]
    gate.give(Asked("p1"))
    gate.give(Agreed("p1"))
    assert gate.all(Open)[-1] == Open("p1", extended=False, agreed=True)
    lane = gate.lane
    (only,) = lane.passing
    assert [f.reason for f in only.granted.findings] == ["temperature_high"]
    high = replace(only.granted.findings[0], weight=Weight.REQUIRE)
    worse = replace(only, asked=True, granted=replace(only.granted, temperature=high))
    assert not may_still(replace(lane, passing=(worse,)), "p1", moment(gate), gate.context)


def test_what_was_shown_counts_as_it_was_looked_up_last() -> None:
    gate = Gate(BOTH)
    card(gate, "12")
    assert to_check(gate.lane) == {"12": False}
    gate.give(Checked("13", None, REVOKED))
    assert not gate.all(Decided)
    blocked = replace(LI, blocked="x")
    gate.give(Checked("12", blocked, Credential(serial="12")))
    for _ in range(2):
        gate.see(face(1, Verdict.KNOWN, 1))
    (decided,) = gate.all(Decided)
    assert (decided.decision.rule, decided.decision.person) == ("blocked", blocked)
    assert to_check(gate.lane) == {}
    gate.give(Checked("12", LI, REVOKED))  # too late for what was decided
    assert gate.lane.serving is not None
    assert gate.lane.serving.person == blocked


@pytest.mark.parametrize("problem", ["card_unknown", "credential_unchecked"])
def test_a_duress_card_alerts_staff_although_it_cannot_be_looked_up_again(problem: str) -> None:
    gate = Gate(BOTH)
    gate.give(Shown(Method.CARD, LI, Credential(serial="12", duress=True), gate.now))
    gate.give(Checked("12", None, Credential(problem)))
    (decided,) = gate.all(Decided)
    assert decided.decision.reasons == (problem,)
    assert [(e.type, e.person) for e in gate.all(EventOut)] == [("passage.duress", LI.ref)]


def test_a_card_marked_for_duress_meanwhile_alerts_staff() -> None:
    gate = Gate(BOTH)
    card(gate, "12")
    gate.give(Checked("12", LI, Credential(serial="12", duress=True)))
    assert not gate.all(EventOut)
    gate.give(Checked("12", LI, REVOKED))
    assert [e.type for e in gate.all(EventOut)] == ["passage.duress"]


def test_a_card_that_is_gone_still_has_its_holder_in_the_record() -> None:
    gate = Gate(BOTH)
    card(gate, "12")
    gate.give(Checked("12", None, Credential("card_unknown")))
    (decided,) = gate.all(Decided)
    assert (decided.decision.reasons, decided.decision.person) == (("card_unknown",), LI)


def test_what_waits_for_the_controller_is_looked_up_and_nothing_else() -> None:
    gate = Gate()
    card(gate, "12")
    assert to_check(gate.lane) == {}
    gate.give(Asked("p1"))
    assert to_check(gate.lane) == {"12": True}
    gate.give(Checked("13", None, REVOKED))
    assert may_still(gate.lane, "p1", moment(gate), CONTEXT)
    gate.give(Checked("12", LI, REVOKED))
    assert to_check(gate.lane) == {}
    gate.give(Agreed("p1"))
    assert gate.all(Decided)[-1].decision.rule == "credential"
    released = Gate()
    card(released, "12")
    (before,) = released.lane.passing
    released.give(Checked("12", LI, REVOKED))
    assert released.lane.passing == (before,)
    assert released.looks[-1] is Look.GRANT


def test_a_face_and_a_card_without_a_number_are_not_looked_up() -> None:
    gate = Gate(BOTH)
    gate.see(face(1, Verdict.WAIT, 1))
    assert to_check(gate.lane) == {}
    card(gate, "")
    assert gate.lane.serving is not None
    assert gate.lane.serving.credential == Credential()
    assert to_check(gate.lane) == {}
    assert to_check(Gate().lane) == {}


def test_a_person_recognised_by_face_counts_as_the_register_has_them_now() -> None:
    gate = Gate(replace(CONTEXT, temperature=True, no_temperature=CONTEXT.no_temperature))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.context = replace(gate.context, people={1: replace(LI, blocked="x")})
    gate.see(face(1, Verdict.WAIT, 1))  # a bad frame
    assert [d.decision.rule for d in gate.all(Decided)] == ["blocked"]
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.context = replace(gate.context, people={})
    gate.see(face(1, Verdict.WAIT, 1))
    assert [d.decision.rule for d in gate.all(Decided)] == ["face"]


@pytest.mark.parametrize("other", [None, 2])
def test_a_face_that_the_gallery_gives_to_nobody_any_more_does_not_stay_known(
    other: int | None,
) -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.see(face(1, Verdict.WAIT, other))
    gate.temperature(36.5)
    gate.wait(1)
    assert gate.granted == []


def test_where_somebody_is_counts_as_it_is_known_now() -> None:
    rules = replace(CONTEXT.rules, antipassback="hard")
    gate = Gate(replace(CONTEXT, rules=rules, inward=True))
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.context = replace(gate.context, presence={1: Presence.INSIDE})
    gate.give(Agreed("p1"))
    assert gate.all(Decided)[-1].decision.rule == "antipassback"
    assert gate.all(Decided)[-1].decision.outcome is Outcome.DENY


def test_a_picture_held_up_meanwhile_counts() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.give(Asked("p1"))
    gate.wait(2)
    gate.give(Seen((replace(face(2, Verdict.ATTACK, 2), last_seen=gate.now),)))
    gate.give(Agreed("p1"))
    assert [o.passage for o in gate.all(Open)] == ["p1"]
    assert [d.decision.reasons for d in gate.all(Decided) if d.passage == "p1"][-1] == (
        "card_after_attack",
    )


def test_whoever_is_asked_for_more_in_place_of_the_agreement_ends_once() -> None:
    for on_screen in (True, False):
        gate = Gate()
        gate.card(LI)
        gate.give(Asked("p1"))
        if not on_screen:
            gate.card(WANG)
        gate.context = BOTH
        gate.give(Agreed("p1"))
        assert ended(gate) == ({} if on_screen else {"p1": False})
        gate.wait(13)
        over = [e.passage for e in gate.all(EventOut) if e.type == "passage.ended"]
        assert over == ["p1"]


def test_of_two_who_wait_one_agreement_releases_one() -> None:
    gate = let_in(1)
    gate.card(WANG)
    gate.give(Asked("p2"))
    gate.give(Agreed("p1"))
    assert passing(gate) == [("p1", False), ("p2", True)]


def test_a_check_reaches_a_card_beside_a_face_and_with_nobody_served() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.give(Asked("p1"))
    gate.give(Checked("12", LI, REVOKED))  # nothing was shown
    assert may_still(gate.lane, "p1", moment(gate), CONTEXT)
    gate.card(None, "card_unknown")
    gate.wait(20)
    assert gate.lane.serving is None
    gate.give(Checked("12", LI, REVOKED))
    assert passing(gate) == [("p1", True)]


def test_before_somebody_is_known_every_frame_counts() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.WAIT, 1))
    gate.see(face(1, Verdict.UNUSABLE, 1, guidance=Unusable.TURNED))
    assert gate.lane.serving is not None
    assert gate.lane.serving.sight is not None
    assert gate.lane.serving.sight.verdict is Verdict.UNUSABLE


def test_an_attack_counts_although_the_face_resembles_who_was_known() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.see(face(1, Verdict.ATTACK, 1))
    assert [d.decision.rule for d in gate.all(Decided)] == ["attack"]
