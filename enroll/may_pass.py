"""May this person pass this gate at this moment? Answered by the policy the gates decide with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.policy import decide
from gate.access.request import Credential, Request, Rules, Sight
from gate.events import story
from gate.recognition.face import Liveness, Verdict
from gate.texts.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate would answer to one way of passing.

    Attributes:
        way: the method in words.
        tone: "good" passes, "warn" is asked for more, "bad" is refused.
        why, remedy: as an event of it would say; empty where there is none.
    """

    way: str
    tone: str
    why: str
    remedy: str


def ways_of(*, face: bool, cards: bool, pins: bool, permits: bool) -> tuple[Method, ...]:
    """The ways somebody has, given what was enrolled and issued."""
    has = {
        Method.FACE: face,
        Method.CARD: cards,
        Method.FACE_AND_CARD: face and cards,
        Method.PIN: pins,
        Method.PERMIT: permits,
    }
    return tuple(method for method, there in has.items() if there)


def answers(
    person: Person,
    rules: Rules,
    ways: Iterable[Method],
    when: datetime,
    gate: str,
    language: str,
) -> list[Answer]:
    """The answer to each way, if the face is recognised and the credential is good.

    Args:
        when: aware; schedules are read in its zone, so it is the gate's local time.
    """
    return [_answer(person, rules, way, when, gate, language) for way in ways]


def decision_of(person: Person, rules: Rules, way: Method, when: datetime, gate: str) -> Decision:
    """What the gate decides if the face is recognised, held to be live and the credential good."""
    seen = way in (Method.FACE, Method.FACE_AND_CARD)
    sight = Sight(Verdict.KNOWN, best=person.id, liveness=Liveness("assumed", 1.0, True))
    request = Request(
        way,
        person,
        when,
        gate=gate,
        sight=sight if seen else None,
        credential=None if way is Method.FACE else Credential(),
    )
    return decide(request, rules)


def _answer(
    person: Person, rules: Rules, way: Method, when: datetime, gate: str, language: str
) -> Answer:
    decision = decision_of(person, rules, way, when, gate)
    tone = {Outcome.GRANT: "good", Outcome.ASK: "warn", Outcome.DENY: "bad"}[decision.outcome]
    if tone == "good":
        return Answer(story.way(way.value, language), tone, "", "")
    code = decision.reasons[0]
    remedy = catalogue(language).get(f"remedy {code}", "")
    return Answer(
        story.way(way.value, language), tone, story.why(code, language), remedy.strip("–")
    )
