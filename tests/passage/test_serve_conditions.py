"""One test for what taking a condition of gate/passage/serve.py away would change.

See docs/mutation.md.
"""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Method, Outcome
from gate.access.request import HOUSE_RULES, Credential, Rules, Weight
from gate.passage import Lane
from gate.passage.inputs import Answered, Shown
from gate.passage.outputs import AskStatus, Decided, MeasureAgain, Show
from gate.passage.scene import Scene
from gate.passage.state import ASK_WAIT
from gate.recognition.face import Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, GUEST, LI, RED, WANG, Gate, face, types

WITH_STATUS = replace(CONTEXT, status=True)
FEVER = replace(CONTEXT, temperature=True)


BUDGET, GONE = CONTEXT.settings.budget, CONTEXT.settings.gone
BOTH = Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES))


class TestTurns:
    def test_an_answer_stays_on_the_screen_though_its_person_has_left(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.ATTACK, 1))
        gate.wait(GONE + 0.1)
        assert gate.looks[-1] is Look.DENY
        assert gate.lane.serving is not None

    def test_who_is_recognised_after_the_budget_is_let_in_by_the_same_passage(self) -> None:
        gate = Gate()
        gate.look(BUDGET + 1, face(1, Verdict.WAIT, 1, evidence=1))
        gate.see(face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        assert types(gate) == []

    def test_who_is_not_recognised_gives_way_to_the_nearer_known_one_after_the_budget(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.WAIT))
        gate.wait(BUDGET / 2)
        both = (face(1, Verdict.WAIT), face(2, Verdict.KNOWN, 2, size=200))
        gate.see(*both)
        assert gate.granted == []
        assert types(gate) == []
        gate.look(BUDGET, *both)
        assert gate.granted == [2]
        assert "passage.abandoned" in types(gate)

    def test_nor_to_somebody_known_behind_another_whose_turn_is_first(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.WAIT))
        three = (
            face(1, Verdict.WAIT),
            face(2, Verdict.KNOWN, 2, size=80),
            face(3, Verdict.WAIT, size=200),
        )
        gate.look(BUDGET + 0.5, *three)
        assert gate.granted == []
        assert types(gate) == []

    def test_the_answer_to_a_card_makes_no_room_for_a_face_that_is_not_known(self) -> None:
        gate = Gate()
        gate.card(LI, "card_revoked")
        answered = gate.lane.serving
        gate.see(face(1, Verdict.WAIT))
        assert gate.lane.serving == answered

    def test_a_card_whose_face_never_came_is_asked_again_while_somebody_known_comes(self) -> None:
        gate = Gate(replace(CONTEXT, rules=BOTH))
        gate.card(LI)
        gate.wait(ASK_WAIT + 0.1)
        answered = gate.lane.serving
        assert answered.decision.outcome is Outcome.ASK
        gate.see(face(1, Verdict.KNOWN, 2))
        assert gate.lane.serving == answered

    def test_of_whoever_shows_a_card_only_a_grant_before_it_stays_readable(self) -> None:
        """Who was refused is likely to be the one who shows the next card."""
        gate = Gate()
        gate.card(LI, "card_revoked")
        gate.card(WANG)
        assert gate.lane.earlier == ()
        gate.card(GUEST)
        assert [p.id for p in gate.lane.earlier] == ["p2"]

    def test_who_was_refused_and_is_known_now_in_another_track_waits_for_nothing(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.DOUBTFUL, 1))
        gate.wait(0.2)
        gate.see(face(2, Verdict.KNOWN, 1))
        assert gate.granted == [1]

    def test_and_so_does_who_is_known_as_somebody_else_now_in_the_same_track(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.UNKNOWN, 2))
        gate.wait(0.2)
        gate.see(face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]

    def test_a_known_face_of_nobody_is_not_who_was_refused(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.UNKNOWN, 2))
        answered = gate.lane.serving
        gate.see(face(1, Verdict.UNKNOWN, 2), face(2, Verdict.KNOWN))
        assert gate.lane.serving == answered

    def test_somebody_else_waits_until_the_refusal_was_read(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.UNKNOWN, 2))
        gate.wait(0.2)
        gate.see(face(1, Verdict.UNKNOWN, 2), face(2, Verdict.KNOWN, 1))
        assert gate.granted == []
        gate.look(
            CONTEXT.settings.show_grant + 0.2,
            face(1, Verdict.UNKNOWN, 2),
            face(2, Verdict.KNOWN, 1),
        )
        assert gate.granted == [1]

    def test_a_passage_begins_with_the_first_usable_face(self) -> None:
        for first, latency in ((99.0, 1.0), (None, 0.0)):
            gate = Gate()
            sighting = replace(face(1, Verdict.KNOWN, 1), last_seen=gate.now, first_usable=first)
            gate.lane = Lane(scene=Scene().seen([sighting], gate.now))
            gate.wait(0)
            assert gate.all(Decided)[0].latency == latency


class TestServing:
    def test_who_is_known_already_and_then_as_somebody_else_waits_again(self) -> None:
        gate = Gate(FEVER)
        gate.see(face(1, Verdict.KNOWN, 1))
        ready = gate.lane.serving.ready
        gate.wait(0.1)
        gate.see(face(1, Verdict.KNOWN, 1))
        assert gate.lane.serving.ready == ready
        gate.see(face(1, Verdict.KNOWN, 2))
        assert gate.lane.serving.person == WANG
        assert gate.lane.serving.ready == gate.now

    def test_known_as_nobody_in_particular_is_nobody(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.KNOWN))
        assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown"]
        assert gate.all(Show)[-1].message.look is Look.DENY

    def test_who_was_known_and_is_not_any_more_is_not_let_in(self) -> None:
        gate = Gate(FEVER)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.see(face(1, Verdict.UNKNOWN))
        assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown"]

    def test_no_status_is_asked_for_without_a_service_or_with_a_card_that_opens_nothing(
        self,
    ) -> None:
        without = Gate()
        without.see(face(1, Verdict.KNOWN, 1))
        without.card(WANG)
        assert without.all(AskStatus) == []
        revoked = Gate(WITH_STATUS)
        revoked.card(LI, "card_revoked")
        assert revoked.all(AskStatus) == []

    def test_with_a_card_the_status_is_that_of_its_holder_not_of_the_face(self) -> None:
        gate = Gate(replace(WITH_STATUS, rules=BOTH))
        gate.card(LI)
        gate.look(0.2, face(1, Verdict.WAIT, 2, evidence=4))
        assert gate.lane.serving.key == ("main", 1)
        assert gate.lane.serving.asked == 1

    def test_a_status_is_forgotten_when_the_face_turns_out_to_be_anothers(self) -> None:
        gate = Gate(WITH_STATUS)
        gate.see(face(1, Verdict.WAIT, 1, evidence=4))
        gate.give(Answered(1, RED))
        assert gate.lane.serving.status == RED
        gate.see(face(1, Verdict.WAIT, 2, evidence=4))
        assert gate.lane.serving.status is None

    def test_where_both_are_asked_for_a_permit_stays_a_permit(self) -> None:
        gate = Gate(replace(CONTEXT, rules=BOTH))
        gate.give(Shown(Method.PERMIT, LI, Credential(), gate.now))
        assert [d.decision.method for d in gate.all(Decided)] == [Method.PERMIT]

    def test_a_card_is_verified_against_the_nearest_face_and_stays_with_it(self) -> None:
        gate = Gate(replace(CONTEXT, rules=BOTH))
        gate.see(face(1, Verdict.WAIT))
        gate.card(LI)
        assert gate.lane.serving.method is Method.FACE_AND_CARD
        assert gate.lane.serving.key == ("main", 1)
        assert gate.lane.serving.sight is not None
        gate.see(face(1, Verdict.WAIT), face(2, Verdict.WAIT, size=200))
        assert gate.lane.serving.key == ("main", 1)

    def test_a_face_asked_for_while_a_temperature_is_waited_for_is_looked_at(self) -> None:
        gate = Gate(FEVER)
        gate.card(LI)
        assert gate.lane.serving.ready == gate.now
        gate.context = replace(FEVER, rules=BOTH)
        gate.wait(0.1)
        for _ in range(2):  # in the first frame there is nobody the card could belong to
            gate.see(face(1, Verdict.WAIT))
        assert gate.lane.serving.sight.verdict is Verdict.WAIT
        assert gate.all(Decided) == []

    def test_the_face_of_a_card_is_waited_for_only_so_long(self) -> None:
        gate = Gate(replace(CONTEXT, rules=BOTH))
        gate.card(LI)
        gate.wait(ASK_WAIT - 0.1)
        assert gate.all(Decided) == []
        gate.wait(0.2)
        assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.ASK]

    def test_a_picture_shown_with_a_card_is_answered_at_once(self) -> None:
        gate = Gate(replace(CONTEXT, rules=replace(BOTH, attack="ask")))
        gate.card(LI)
        gate.look(0.2, face(1, Verdict.ATTACK, 1))
        assert [d.decision.rule for d in gate.all(Decided)] == ["attack"]

    def test_a_high_temperature_that_is_only_shown_is_not_measured_again(self) -> None:
        gate = Gate(FEVER)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.temperature(38.5, Weight.SHOW)
        assert gate.granted == [1]
        assert gate.all(MeasureAgain) == []
