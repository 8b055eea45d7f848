"""Scenes at the gate, told step by step."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import pytest

from gate.access.decision import Kind, Method, Outcome, Person
from gate.access.request import HOUSE_RULES, Credential, Finding, Mode, Rules, Weight
from gate.access.settings import PassageSettings
from gate.passage import House, Lane, Now, step
from gate.passage.inputs import (
    Answered,
    DoorClosed,
    DoorLocked,
    DoorOpened,
    Input,
    Measured,
    Ordered,
    OutOfOrder,
    Seen,
    Shown,
    Tick,
)
from gate.passage.outputs import (
    AskStatus,
    Began,
    Decided,
    EventOut,
    MeasureAgain,
    Open,
    Output,
    Show,
)
from gate.recognition.face import Candidate, Face, Quality, Sighting, Unusable, Verdict
from gate.screen.message import Look
from gate.sensors.reading import Reading, Validity

NOON = datetime(2026, 1, 7, 4, tzinfo=UTC).astimezone(timezone(timedelta(hours=8)))
LI = Person(1, "1" * 32, name="李小红")
WANG = Person(2, "2" * 32, name="王芳", extended_unlock=True)
TWIN = Person(3, "3" * 32, name="双双", face_alone=False)
GUEST = Person(4, "4" * 32, kind=Kind.VISITOR)
HOUSE = House({p.id: p for p in (LI, WANG, TWIN, GUEST)}, contact=True)
T = TypeVar("T", bound=Output)


def face(
    track: int,
    verdict: Verdict = Verdict.KNOWN,
    person: int | None = None,
    *,
    size: float = 100,
    guidance: Unusable | None = None,
    evidence: float = 10.0,
    camera: str = "main",
) -> Sighting:
    return Sighting(
        track=track,
        camera=camera,
        first_seen=0,
        last_seen=0,
        frame=0,
        face=Face((0, 0, size, size), 0.9, quality=Quality(size=size / 2)),
        frames=9,
        used=5,
        verdict=verdict,
        best=Candidate(person, 5.0) if person else None,
        evidence=evidence,
        threshold=8.0,
        guidance=guidance,
    )


class Gate:
    """A lane with a clock; every output is kept with its time."""

    def __init__(self, house: House = HOUSE) -> None:
        self.house, self.lane, self.now = house, Lane(), 100.0
        self.log: list[tuple[float, Output]] = []
        self._ids = itertools.count(1)

    def give(self, given: Input) -> None:
        now = Now(self.now, NOON, lambda: f"p{next(self._ids)}")
        self.lane, out = step(self.lane, given, now, self.house)
        self.log += [(self.now, o) for o in out]

    def see(self, *faces: Sighting) -> None:
        fresh = tuple(
            replace(f, last_seen=self.now, first_usable=f.first_usable or self.now) for f in faces
        )
        self.give(Seen(fresh))

    def look(self, seconds: float, *faces: Sighting) -> None:
        """The same faces for some time, ten frames a second."""
        for _ in range(round(seconds * 10)):
            self.see(*faces)
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.give(Tick())

    def card(self, person: Person | None, problem: str = "", **fields: bool) -> None:
        self.give(Shown(Method.CARD, person, Credential(problem, **fields), self.now))

    def nothing_measured(self, weight: Weight = Weight.SHOW) -> None:
        """The wall behind somebody who is not near enough yet."""
        reading = Reading(21, 22, 25, self.now, "t", Validity.IMPLAUSIBLE)
        self.give(Measured(reading, Finding("temperature", None, weight, "temperature_unknown")))

    def temperature(self, degrees: float, weight: Weight = Weight.REQUIRE) -> None:
        reading = Reading(degrees - 3, 22, degrees, self.now, "t", Validity.VALID)
        good = degrees < 37.3
        self.give(
            Measured(
                reading,
                Finding("temperature", good, weight, "" if good else "temperature_high"),
            )
        )

    def all(self, kind: type[T]) -> list[T]:
        return [o for _, o in self.log if isinstance(o, kind)]

    def when(self, kind: type[Output]) -> list[float]:
        return [round(at - 100, 3) for at, o in self.log if isinstance(o, kind)]

    @property
    def granted(self) -> list[int]:
        return [
            d.decision.person.id
            for d in self.all(Decided)
            if d.decision.outcome is Outcome.GRANT and d.decision.person
        ]

    @property
    def looks(self) -> list[Look]:
        return [o.message.look for o in self.all(Show)]


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


def test_the_door_comes_before_the_picture_and_the_picture_before_the_books() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    kinds = [type(o) for _, o in gate.log]
    assert kinds.index(Open) < kinds.index(Show) < kinds.index(Decided)


def test_the_answer_leaves_the_screen_after_a_while() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    wake = gate.lane.wake(gate.house)
    assert wake is not None
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
        assert granted - refused < 0.3 < gate.house.settings.show_grant


def test_a_picture_that_turns_into_a_person_waits_until_the_refusal_was_seen() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.ATTACK, 1))
    gate.look(2, face(1, Verdict.KNOWN, 1))
    refused, granted = gate.when(Decided)
    assert granted - refused >= gate.house.settings.show_grant


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


def test_the_nearer_of_two_is_served_first_and_the_next_right_after() -> None:
    gate = Gate()
    gate.look(2.5, face(1, Verdict.KNOWN, 1, size=80), face(2, Verdict.KNOWN, 2, size=120))
    assert gate.granted == [2, 1]
    first, second = gate.when(Decided)
    assert second - first == pytest.approx(gate.house.settings.make_room, abs=0.11)
    assert gate.all(Decided)[1].queued >= 0


def test_who_was_let_in_stays_in_the_headline_while_the_next_is_served() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.KNOWN, 1, size=120))
    gate.look(2.5, face(1, Verdict.KNOWN, 1, size=120), face(2, Verdict.KNOWN, 2))
    pages = [(at, o.message) for at, o in gate.log if isinstance(o, Show)]
    first, second, after, idle = [m for _, m in pages if m.look in (Look.GRANT, Look.IDLE)]
    assert (first.name, first.before) == ("李*红", None)
    assert second.name == "王*"
    assert second.before is not None
    assert second.before.name == "李*红"
    assert (after.name, after.before) == ("王*", None)  # the headline is over sooner
    assert (idle.look, idle.before) == (Look.IDLE, None)
    gone = next(at for at, m in pages if m is after)
    assert gone - pages[0][0] == pytest.approx(2 * gate.house.settings.show_grant, abs=0.11)


def test_the_headline_ends_by_the_wake_though_nobody_is_there() -> None:
    gate = Gate()
    gate.card(LI)
    gate.wait(0.2)
    gate.card(None, "card_unknown")
    assert gate.all(Show)[-1].message.before is not None
    while gate.looks[-1] is not Look.IDLE:
        wake = gate.lane.wake(gate.house)
        assert wake is not None
        gate.wait(wake - gate.now)
    assert gate.when(Show) == [0.0, 0.2, 2.0, 4.2]


def test_an_answer_with_advice_and_a_refusal_make_no_room_so_early() -> None:
    for weight, degrees in ((Weight.ADVISE, 38.0), (Weight.REQUIRE, 38.0)):
        gate = Gate(replace(HOUSE, temperature=True, settings=PassageSettings(measure_again=0)))
        gate.see(face(1, Verdict.KNOWN, 1, size=120))
        gate.temperature(degrees, weight)
        gate.look(2.5, face(1, Verdict.KNOWN, 1, size=120), face(2, Verdict.KNOWN, 2))
        first, second = gate.when(Decided)
        assert second - first >= gate.house.settings.show_grant


def two(verdict: Verdict, person: int | None = None, **fields: float) -> list[Sighting]:
    """One face that two cameras see."""
    return [
        face(7, verdict, person, camera="left", **fields),
        face(8, verdict, person, camera="right", **fields),
    ]


def test_a_stranger_whom_two_cameras_see_is_told_once_and_holds_up_nobody() -> None:
    gate = Gate()
    stranger = two(Verdict.UNKNOWN, size=150)
    gate.look(0.3, *stranger)
    behind = [face(3, Verdict.KNOWN, 1, camera=camera) for camera in ("left", "right")]
    gate.look(2.5, *stranger, *behind)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown", "welcome"]
    refused, granted = gate.when(Decided)
    assert granted - refused == pytest.approx(gate.house.settings.show_grant, abs=0.11)
    gate.look(2.5, *stranger)  # and once more, when that was a while ago
    assert [d.decision.reasons[0] for d in gate.all(Decided)][2:] == ["face_unknown"]


def test_whoever_was_let_in_by_card_is_not_refused_for_their_face_afterwards() -> None:
    gate = Gate()
    gate.look(0.1, *two(Verdict.WAIT))
    gate.card(LI)
    gate.look(3.0, *two(Verdict.UNKNOWN))
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["welcome"]


def test_a_card_that_opens_nothing_leaves_the_face_to_be_answered() -> None:
    gate = Gate()
    gate.look(0.1, *two(Verdict.WAIT))
    gate.card(None, "card_unknown")
    gate.look(2.0, *two(Verdict.KNOWN, 2))
    assert gate.granted == [2]


def test_somebody_else_in_the_place_of_the_one_who_was_answered_is_served_when_known() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.UNKNOWN, camera="left"), face(2, Verdict.WAIT, camera="right"))
    gate.look(1.5, face(2, Verdict.KNOWN, 1, camera="right"))
    assert gate.granted == [1]


def test_the_second_nearest_of_one_camera_is_that_of_the_other() -> None:
    gate = Gate()
    near, far = two(Verdict.WAIT, size=150), two(Verdict.UNUSABLE, size=60)
    far = [replace(s, track=s.track + 10, guidance=Unusable.BLURRED) for s in far]
    gate.look(0.2, *near, *far)
    gate.look(0.2, replace(near[0], verdict=Verdict.UNKNOWN), near[1], *far)
    answered = {key for key, t in gate.lane.crowd.tracks.items() if t.answered is not None}
    assert answered == {("left", 7), ("right", 8)}


def test_what_turns_out_to_be_a_picture_after_it_was_not_recognised_is_told() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNKNOWN))
    gate.look(5, face(1, Verdict.ATTACK, 1))
    assert [e.type for e in gate.all(EventOut)] == ["attack.presentation"]
    assert not gate.all(Open)


def test_somebody_unreadable_in_front_does_not_hold_up_the_queue() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.BLURRED, size=200))
    gate.look(2, face(1, Verdict.UNUSABLE, guidance=Unusable.BLURRED, size=200), face(2, person=1))
    assert gate.granted == [1]


def test_whom_the_other_camera_knows_already_is_served_without_waiting_for_the_first() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 1, evidence=2, camera="left"))
    left = face(1, Verdict.WAIT, 1, evidence=2, camera="left")
    gate.look(1.5, left, face(2, Verdict.KNOWN, 1, size=80, camera="right"))
    assert gate.granted == [1]
    assert gate.when(Decided) == [0.2]
    assert not any(event.type == "passage.abandoned" for event in gate.all(EventOut))


def test_an_attack_that_one_camera_sees_is_refused_though_the_other_knows_the_face() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 1, evidence=2, camera="left"))
    left = face(1, Verdict.ATTACK, 1, camera="left")
    gate.see(left, face(2, Verdict.KNOWN, 1, size=80, camera="right"))
    assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.DENY]


def test_somebody_else_whom_the_other_camera_knows_waits_for_the_nearer_one() -> None:
    gate = Gate()
    left = face(1, Verdict.WAIT, 1, evidence=2, camera="left")
    gate.look(0.2, left)
    gate.look(0.4, left, face(2, Verdict.KNOWN, 2, size=80, camera="right"))
    assert gate.granted == []


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


def test_duress_looks_like_any_other_passage_and_staff_are_told() -> None:
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


def both(house: House = HOUSE) -> House:
    return replace(house, rules=Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES)))


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
    HOUSE, status=True, no_status=(Finding("code", None, Weight.SHOW, "status_unknown"),)
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
    wake = gate.lane.wake(gate.house)
    assert wake == pytest.approx(100 + gate.house.settings.status_wait)
    gate.wait(0.32)
    assert gate.granted == [1]


def test_a_refusal_waits_for_nothing() -> None:
    gate = Gate(replace(STATUS, temperature=True))
    gate.card(replace(LI, blocked="x"))
    assert gate.when(Decided) == [0.0]


HOT = replace(HOUSE, temperature=True)


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
    gate.wait(gate.house.settings.temperature_wait)
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
        gate.wait(gate.house.settings.temperature_wait)
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


def test_more_people_than_were_granted_is_a_hint() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.KNOWN, 1), face(2, Verdict.WAIT, size=60))
    gate.give(DoorOpened())
    gate.look(0.5, face(2, Verdict.WAIT, size=60))
    gate.wait(2)
    gate.give(DoorClosed())
    hints = [e for e in gate.all(EventOut) if e.type == "passage.tailgating"]
    assert [h.details for h in hints] == [{"granted": 1, "passed": 2}]


def test_one_person_through_an_open_door_is_no_hint() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.KNOWN, 1))
    gate.give(DoorOpened())
    gate.wait(2)
    gate.give(DoorClosed())
    assert [e.type for e in gate.all(EventOut)] == ["passage.ended"]


def test_a_second_camera_that_did_not_know_the_same_face_makes_no_hint() -> None:
    gate = Gate()
    left, right = face(1, person=1, camera="left"), face(2, Verdict.WAIT, 1, camera="right")
    gate.look(0.5, left, right)
    gate.give(DoorOpened())
    gate.look(0.5, left, right)
    gate.wait(2)
    gate.give(DoorClosed())
    assert "passage.tailgating" not in [e.type for e in gate.all(EventOut)]
    assert gate.granted == [1]


def test_who_did_not_stay_to_read_a_refusal_keeps_nobody_waiting() -> None:
    for verdict in (Verdict.UNKNOWN, Verdict.DOUBTFUL):
        gate = Gate()
        gate.look(0.2, face(1, verdict))
        gate.look(1.0, face(2, Verdict.WAIT, 2, evidence=1))
        assert len(gate.all(Began)) == 1  # perhaps they only looked away
        gate.look(0.8, face(2, Verdict.WAIT, 2, evidence=1))
        assert len(gate.all(Began)) == 2


def test_the_status_of_who_comes_next_is_asked_for_before_their_turn() -> None:
    gate = Gate(replace(HOUSE, status=True))
    nearest, behind = face(1, person=1, size=120), face(2, Verdict.WAIT, 2, size=80, evidence=6)
    gate.look(0.3, nearest, behind)
    asked = [(o.passage != "", o.person.id) for o in gate.all(AskStatus)]
    assert sorted(asked) == [(False, 2), (True, 1)]


def test_the_other_camera_asks_nobody_for_a_card_who_was_let_in_just_now() -> None:
    for verdict in (Verdict.WAIT, Verdict.DOUBTFUL, Verdict.UNKNOWN):
        gate = Gate()
        weak = face(2, verdict, 1, evidence=-1, camera="right", size=150)
        gate.look(0.2, face(1, person=1, camera="left"))
        gate.look(4.0, weak)
        assert gate.granted == [1]
        assert len(gate.all(Decided)) == 1
