"""What holds for a lane whatever it is told, in whatever order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.access.decision import Kind, Method, Outcome, Person
from gate.access.request import Credential, Finding, Mode, Weight
from gate.passage import Context, Lane, Now, inputs, outputs, step
from gate.passage.inputs import Input
from gate.passage.state import deadline
from gate.recognition.face import Candidate, Face, Liveness, Sighting, Unusable, Verdict
from gate.screen.message import Look
from gate.sensors.reading import Reading, Validity

PEOPLE = {
    1: Person(1, "1" * 32, name="李小红"),
    2: Person(2, "2" * 32, extended_unlock=True),
    3: Person(3, "3" * 32, active=False),
    4: Person(4, "4" * 32, blocked="x"),
    5: Person(5, "5" * 32, kind=Kind.VISITOR),
    6: Person(6, "6" * 32, face_alone=False),
}
NOON = datetime(2026, 1, 7, 4, tzinfo=UTC)
ids = st.none() | st.integers(1, 9)
passages = st.sampled_from([f"p{n}" for n in range(6)])

sightings = st.builds(
    Sighting,
    track=st.integers(1, 4),
    camera=st.sampled_from(["a", "b"]),
    first_seen=st.just(0.0),
    last_seen=st.just(0.0),
    frame=st.just(0),
    face=st.builds(
        lambda size: Face((0.0, 0.0, size, size), 0.9), st.floats(10, 300, allow_nan=False)
    ),
    frames=st.integers(1, 20),
    used=st.integers(0, 5),
    verdict=st.sampled_from([Verdict.KNOWN] * 4 + list(Verdict)),
    best=st.none()
    | st.builds(Candidate, st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6, 9]), st.just(4.0)),
    evidence=st.floats(-5, 20),
    threshold=st.just(8.0),
    guidance=st.sampled_from([None, None, None, *Unusable]),
    liveness=st.builds(
        Liveness, st.just("x"), st.just(0.0), st.sampled_from([None, True, True, False])
    ),
)
findings = st.builds(
    Finding,
    st.just("code"),
    st.none() | st.booleans(),
    st.sampled_from(Weight),
    st.just("status_bad"),
)
shown = st.builds(
    lambda method, person, problem, duress: inputs.Shown(
        method, PEOPLE.get(person or 0), Credential(problem, duress, str(person or 0)), 0.0
    ),
    st.sampled_from([Method.CARD, Method.PERMIT, Method.PIN]),
    ids,
    st.sampled_from(["", "", "card_unknown"]),
    st.booleans(),
)
measured = st.builds(
    lambda degrees: inputs.Measured(
        Reading(degrees - 3, 20.0, degrees, 0.0, "t", Validity.VALID),
        Finding("temperature", degrees < 37.3, Weight.REFER, "temperature_high", f"{degrees:.1f}"),
    ),
    st.floats(35, 39),
)
anything = st.one_of(
    st.builds(inputs.Seen, st.lists(sightings, max_size=3).map(tuple)),
    st.builds(inputs.Seen, st.lists(sightings, max_size=3).map(tuple)),
    shown,
    measured,
    st.builds(inputs.Answered, st.integers(1, 9), st.lists(findings, max_size=2).map(tuple)),
    st.builds(inputs.Ordered, st.sampled_from([Mode.NORMAL] * 5 + list(Mode))),
    st.builds(inputs.DoorOpened, st.booleans()),
    st.just(inputs.DoorClosed()),
    st.builds(inputs.DoorLocked, st.booleans(), st.booleans()),
    st.just(inputs.ContactLost()),
    st.builds(inputs.Asked, passages),
    st.builds(inputs.Agreed, passages),
    st.builds(inputs.NotReleased, passages, st.sampled_from(["door", "controller", "elsewhere"])),
    st.builds(
        inputs.Checked,
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, PEOPLE[1], PEOPLE[2], PEOPLE[4]]),
        st.builds(Credential, st.sampled_from(["", "", "card_revoked"]), serial=st.just("1")),
    ),
    st.builds(inputs.OutOfOrder, st.sampled_from(["", "camera_fault"])),
    st.just(inputs.Tick()),
)
stories = st.lists(
    st.tuples(st.sampled_from([0.0, 0.05, 0.3, 1.0, 5.0]), anything), min_size=12, max_size=40
)
houses = st.builds(
    Context,
    people=st.just(PEOPLE),
    temperature=st.sampled_from([False, False, True]),
    status=st.sampled_from([False, False, True]),
    contact=st.booleans(),
    grace=st.sampled_from([0.0, 0.5]),
)


def at(given: Input, now: float) -> Input:
    """The input as it would come at this moment."""
    match given:
        case inputs.Seen(faces):
            return inputs.Seen(tuple(replace(f, last_seen=now, first_usable=now) for f in faces))
        case inputs.Shown():
            return replace(given, at=now)
        case inputs.Measured(reading, finding):
            return inputs.Measured(replace(reading, measured=now), finding)
    return given


@settings(max_examples=400, deadline=None)
@given(stories, houses)
@pytest.mark.slow
def test_whatever_happens(story: list[tuple[float, Input]], context: Context) -> None:
    lane, now, mode = Lane(), 100.0, Mode.NORMAL
    numbers = itertools.count()
    granted: dict[int, float] = {}
    decided: set[str] = set()
    ended: set[str] = set()
    for wait, given_ in story:
        now += wait
        if isinstance(given_, inputs.Ordered):
            mode = given_.mode
        made: list[str] = []

        def new_id(made: list[str] = made) -> str:
            made.append(f"p{next(numbers)}")
            return made[-1]

        moment = Now(now, NOON + timedelta(seconds=now), new_id)
        before = lane
        lane, emitted = step(lane, at(given_, now), moment, context)
        assert (lane, emitted) == step(
            before, at(given_, now), replace(moment, new_id=iter(made).__next__), context
        )
        grants = {
            o.passage: o.decision
            for o in emitted
            if isinstance(o, outputs.Decided) and o.decision.outcome is Outcome.GRANT
        }
        for output in emitted:
            if isinstance(output, outputs.EventOut) and output.type == "passage.ended":
                assert output.passage not in ended  # a passage is over once
                assert output.passage not in {each.id for each in lane.passing}
                ended.add(output.passage)
            if isinstance(output, outputs.Open) and output.agreed:
                # the controller was being asked, and they would be let in now
                (waiting,) = (each for each in before.passing if each.id == output.passage)
                assert waiting.asked
                assert given_ == inputs.Agreed(output.passage)
                assert mode is Mode.NORMAL
                held = waiting.granted
                assert held.person is not None
                assert held.person.active
                assert not held.person.blocked
                assert held.credential is None or not held.credential.problem
            elif isinstance(output, outputs.Open):
                # the door is released for an active person, once, and never while it stands open
                person = grants[output.passage].person
                assert person is not None
                assert person.active
                assert not person.blocked
                assert mode is Mode.NORMAL
                last = granted.get(person.id)
                claimed = grants[output.passage].method is not Method.FACE
                debounce = context.settings.same_claim if claimed else context.settings.same_person
                assert last is None or now - last >= debounce
                granted[person.id] = now
            elif isinstance(output, outputs.Decided):
                decided.add(output.passage)
                assert output.latency >= 0
                assert 0 <= output.queued <= output.latency + 1e-9
            elif isinstance(output, outputs.Show) and output.message.look is Look.GRANT:
                assert lane.serving is not None
                assert lane.serving.decision is not None
        # a person who is known is decided upon within the waits
        p = lane.serving
        if p is not None and p.decision is None and p.ready is not None:
            wake = deadline(p, context)
            assert wake is not None
            assert now < wake <= p.ready + 2.5 or p.again is not None
