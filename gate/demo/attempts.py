"""What was true of a recording beside what the gate did: one attempt a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.access.decision import Decision, Outcome
from gate.access.person import Method
from gate.demo.replay import Moment, Played
from gate.demo.report import ASKED, GRANTED, NOTHING, REFUSED, Attempt, Mark
from gate.door.state import Phase
from gate.recognition.face import Sighting, Verdict

_OUTCOMES = {Outcome.GRANT: GRANTED, Outcome.DENY: REFUSED, Outcome.ASK: ASKED}
_EXPECTED = {"grant": GRANTED, "deny": REFUSED, "refuse": REFUSED, "nothing": NOTHING}


def attempts_of(
    truth: Mapping[str, Any], played: Played, names: Mapping[int, str]
) -> list[Attempt]:
    """One attempt for each person of the truth, one for an attack, one for an empty scene.

    A decision that names somebody enrolled belongs to that person; every other decision belongs
    to whoever of the recording is not accounted for, strangers first: an identification of the
    wrong person counts against the gate, never for it.
    """
    people = [] if truth.get("attack") else list(truth.get("people", ()))
    if not people:
        moment = _most_telling(played.moments)
        expected = _EXPECTED[truth["outcome"]]
        attack = str(truth.get("attack", ""))
        return [_attempt(played, moment, names, "", False, expected, attack=attack)]
    left = list(played.moments)
    attempts = []
    for person in sorted(people, key=lambda p: not p["enrolled"]):
        own = [m for m in left if _name(m.decided.decision, names) == titled(person["person"])]
        if not person["enrolled"] or not own:
            others = {titled(p["person"]) for p in people}
            own = [m for m in left if _name(m.decided.decision, names) not in others]
        moment = _most_telling(own)
        question = _question(moment, left)
        left = [m for m in left if m is not moment and not _asked_before(moment, m)]
        attempts.append(
            _attempt(
                played,
                moment,
                names,
                titled(person["person"]),
                bool(person["enrolled"]),
                _EXPECTED[person["expected"]],
                question=question,
            )
        )
    return attempts


def _asked_before(granted: Moment | None, other: Moment) -> bool:
    """Whether ``other`` is the question that the card of ``granted`` answered."""
    if granted is None or not _by_card(granted.decided.decision):
        return False
    person, sight = granted.decided.decision.person, other.decided.decision.request.sight
    asked = other.decided.decision.outcome is Outcome.ASK and sight is not None
    return asked and person is not None and sight is not None and sight.best == person.id


def _question(moment: Moment | None, moments: list[Moment]) -> Moment | None:
    """The first question for a card that ``moment`` is, or that its card answered."""
    if moment is not None and moment.decided.decision.outcome is Outcome.ASK:
        return moment
    return next((m for m in moments if _asked_before(moment, m)), None)


def _by_card(decision: Decision) -> bool:
    return decision.outcome is Outcome.GRANT and decision.request.method is Method.CARD


def _most_telling(moments: list[Moment]) -> Moment | None:
    """A grant before a question before a refusal: the door is what counts."""
    order = {Outcome.GRANT: 0, Outcome.ASK: 1, Outcome.DENY: 2}
    return min(moments, key=lambda m: order[m.decided.decision.outcome], default=None)


def _attempt(
    played: Played,
    moment: Moment | None,
    names: Mapping[int, str],
    person: str,
    enrolled: bool,
    expected: str,
    attack: str = "",
    question: Moment | None = None,
) -> Attempt:
    if moment is None:
        image, sightings = played.largest[:2] if played.largest else (None, ())
        return Attempt(
            played.recording,
            person,
            enrolled,
            expected,
            NOTHING,
            attack=attack,
            image=image,
            marks=tuple(mark_of(s, names) for s in sightings),
        )
    decision = moment.decided.decision
    outcome = _OUTCOMES[decision.outcome]
    sight = decision.request.sight
    return Attempt(
        played.recording,
        person,
        enrolled,
        expected,
        outcome,
        recognised=_name(decision, names),
        by_card=_by_card(decision),
        asked_because=_first_reason(question),
        best=_most_like(question, names),
        attack=attack,
        reason=_first_reason(moment),
        score=round(sight.evidence, 3) if sight else None,
        threshold=round(sight.threshold, 3) if sight else None,
        latency=moment.wall if outcome == GRANTED and not _by_card(decision) else None,
        door="unlocked" if moment.door is Phase.UNLOCKING else moment.door.value,
        second=moment.second,
        image=moment.image,
        marks=tuple(mark_of(s, names) for s in moment.sightings),
    )


_COLOURS = {
    Verdict.KNOWN: GRANTED,
    Verdict.DOUBTFUL: ASKED,
    Verdict.UNKNOWN: REFUSED,
    Verdict.ATTACK: REFUSED,
}


def mark_of(sighting: Sighting, names: Mapping[int, str]) -> Mark:
    """A box with what the camera made of this face, whoever the decision was about."""
    known = sighting.verdict is Verdict.KNOWN and sighting.best is not None
    label = names.get(sighting.best.person, "?") if known and sighting.best else ""
    label = label or (sighting.guidance.value if sighting.guidance else sighting.verdict.value)
    outcome = _COLOURS.get(sighting.verdict, NOTHING)
    return Mark(sighting.face.box, label.replace("_", " "), outcome)


def _first_reason(moment: Moment | None) -> str:
    reasons = moment.decided.decision.reasons if moment else ()
    return reasons[0] if reasons else ""


def _most_like(moment: Moment | None, names: Mapping[int, str]) -> str:
    sight = moment.decided.decision.request.sight if moment else None
    return names.get(sight.best, "?") if sight is not None and sight.best is not None else ""


def _name(decision: Decision, names: Mapping[int, str]) -> str:
    return names.get(decision.person.id, "?") if decision.person else ""


def titled(slug: str) -> str:
    """The name of "barack-obama" as it is written."""
    return slug.replace("-", " ").title()
