"""Who may pass: one pure function. The first rule of ``ORDER`` that applies decides.

The order and every answer are written as a table in docs/access.md, which the tests run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import (
    Allow,
    Finding,
    Mode,
    Presence,
    Request,
    Rules,
    Sight,
    Weight,
)
from gate.access.schedule import HOLIDAY, day_kind, is_open
from gate.recognition.face import Liveness, Verdict

_FACE_METHODS = (Method.FACE, Method.FACE_AND_CARD)
_CLAIM_METHODS = (Method.CARD, Method.PERMIT, Method.PIN, Method.FACE_AND_CARD)

NOT_LIVE = "liveness_unknown"  # the reason a face that is not held to be live is asked for a card


class Answer(NamedTuple):
    """The answer of a rule that applies."""

    outcome: Outcome
    reason: str


def decide(request: Request, rules: Rules) -> Decision:
    """Grant, deny or ask for more, with the rule, the reasons and all values used.

    A grant needs an active person, or an order of staff (an opening, or the door held open).
    """
    name, answer = next(
        (name, answer)
        for name, rule in ORDER
        if (answer := rule(request, rules)) is not None  # the last rule always applies
    )
    advice = _advice(request, rules) if answer.outcome is Outcome.GRANT else ()
    return Decision(answer.outcome, name, request, (answer.reason, *advice))


def holds(sight: Sight | None, person: Person) -> bool:
    """Whether the face in view may be that of the holder of a card.

    Verification asks less than identification among thousands, so it has a threshold of its own.
    Where the face was not verified (it came before the card), the holder must be the best
    candidate or, for those who have a look-alike, the second. A presentation attack never counts.
    """
    if sight is not None and sight.claimed == person.id:
        return sight.claim_held and sight.liveness.live is not False
    return (
        sight is not None
        and sight.verdict in (Verdict.KNOWN, Verdict.DOUBTFUL)
        and sight.liveness.live is not False
        and person.id in (sight.best, sight.second)
    )


def age_on(born: date, day: date) -> int:
    """Whole years from ``born`` to ``day``."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _deny(reason: str) -> Answer:
    return Answer(Outcome.DENY, reason)


def _ask(reason: str) -> Answer:
    return Answer(Outcome.ASK, reason)


def _may_count(person: Person | None) -> bool:
    return person is not None and person.active and not person.blocked


def _fire(request: Request, rules: Rules) -> Answer | None:
    if request.mode is not Mode.FIRE:
        return None
    if _may_count(request.person):  # recorded for the muster list only: the door is released
        return Answer(Outcome.GRANT, "door_released")
    return _ask("door_released")


def _staff(request: Request, rules: Rules) -> Answer | None:
    if request.method is not Method.STAFF:
        return None
    return Answer(Outcome.GRANT, "staff_order") if request.order else _deny("no_order")


def _lockdown(request: Request, rules: Rules) -> Answer | None:
    if request.mode is not Mode.LOCKDOWN:
        return None
    if request.person and request.person.groups & rules.lockdown_groups:
        return None
    return _deny("lockdown")


def _held_open(request: Request, rules: Rules) -> Answer | None:
    held = request.mode in (Mode.HELD_OPEN, Mode.EMERGENCY)
    return Answer(Outcome.GRANT, "door_held_open") if held else None


def _attack(request: Request, rules: Rules) -> Answer | None:
    """A face merely not held to be live is no attack: see ``_face``."""
    sight = request.sight
    if request.method not in _FACE_METHODS or sight is None:
        return None
    if sight.verdict is not Verdict.ATTACK:
        return None
    return _deny("picture") if rules.attack == "deny" else _ask("picture")


def _credential(request: Request, rules: Rules) -> Answer | None:
    if request.method not in _CLAIM_METHODS:
        return None
    if request.credential is None:
        return _deny("credential_missing")
    return _deny(request.credential.problem) if request.credential.problem else None


def _face(request: Request, rules: Rules) -> Answer | None:
    sight, person = request.sight, request.person
    if request.method is Method.FACE:
        if sight is None or sight.verdict is Verdict.WAIT:
            return _ask("look_here")
        if sight.verdict is Verdict.UNUSABLE:
            return _ask(sight.guidance or "look_here")
        if sight.liveness.live is False and sight.verdict in (Verdict.KNOWN, Verdict.DOUBTFUL):
            return _ask(NOT_LIVE)
        if sight.verdict is Verdict.DOUBTFUL:
            return _ask("face_doubtful")
        if person is None or sight.best != person.id:
            return _deny("face_unknown")
        return None if sight.verdict is Verdict.KNOWN else _deny("face_unknown")
    if request.method is Method.FACE_AND_CARD and person and not holds(sight, person):
        waiting = sight is None or sight.verdict in (Verdict.WAIT, Verdict.UNUSABLE)
        waiting = waiting or _only_not_live(sight, person)
        return _ask("look_here") if waiting else _deny("face_is_not_the_cards")
    return None


def _only_not_live(sight: Sight | None, person: Person) -> bool:
    """The face is the holder's; that it is live has not been shown yet."""
    return (
        sight is not None
        and sight.liveness.live is False
        and holds(replace(sight, liveness=Liveness("off")), person)
    )


def _nobody(request: Request, rules: Rules) -> Answer | None:
    if request.method not in (*_FACE_METHODS, *_CLAIM_METHODS):
        return _deny("nothing_shown")
    unnamed = request.person is None and request.method in _CLAIM_METHODS
    return _deny("nobody") if unnamed else None


def _blocked(request: Request, rules: Rules) -> Answer | None:
    return _deny("blocked") if request.person and request.person.blocked else None


def _inactive(request: Request, rules: Rules) -> Answer | None:
    return _deny("inactive") if request.person and not request.person.active else None


def _validity(request: Request, rules: Rules) -> Answer | None:
    person = request.person
    if person and person.valid_until and not request.clock_trusted:
        return _deny("clock_not_set")
    if person and person.valid_from and request.when < person.valid_from:
        return _deny("not_yet_valid")
    if person and person.valid_until and request.when >= person.valid_until:
        return _deny("expired")
    return None


# how far a request gets with one Allow, and which rule answers where it stops
_STEPS = ("kind", "group", "gate", "method", "schedule")


def _stopped_at(allow: Allow, request: Request, rules: Rules) -> int:
    """Index into ``_STEPS`` of the first condition that fails; ``len(_STEPS)`` when none does."""
    person = request.person
    assert person is not None
    schedule = rules.schedules.get(allow.schedule)
    fits = (
        not allow.kinds or person.kind in allow.kinds,
        not allow.groups or bool(person.groups & allow.groups),
        not allow.gates or request.gate in allow.gates,
        request.method in allow.methods or _begins_both(request.method, allow),
        # a named schedule that does not exist is closed: a mistake never opens a door
        not allow.schedule
        or (schedule is not None and is_open(schedule, request.when, rules.days)),
    )
    return fits.index(False) if False in fits else len(_STEPS)


def _begins_both(method: Method, allow: Allow) -> bool:
    """Whether ``method`` is one half of the face and card that ``allow`` asks for."""
    both = allow.both and Method.FACE_AND_CARD in allow.methods
    return both and method in (Method.FACE, Method.CARD)


def _allowed(step: str) -> Callable[[Request, Rules], Answer | None]:
    """The rule that answers when the best fitting Allow fails at ``step``."""

    def rule(request: Request, rules: Rules) -> Answer | None:
        best = max((_stopped_at(a, request, rules) for a in rules.allow), default=0)
        if best != _STEPS.index(step):
            return None
        if step == "schedule" and day_kind(request.when.date(), rules.days) == HOLIDAY:
            return _deny("not_on_holidays")
        return _deny(f"not_this_{step}")

    return rule


def _second_factor(request: Request, rules: Rules) -> Answer | None:
    person = request.person
    assert person is not None
    if request.method is Method.FACE:
        if request.wary:
            return _ask("card_after_attack")
        if rules.liveness_required and not (request.sight and request.sight.liveness.live):
            return _ask(NOT_LIVE)
        if not person.face_alone:
            return _ask("look_alike")
        if person.born and age_on(person.born, request.when.date()) < rules.face_alone_from_age:
            return _ask("child")
    if request.method is not Method.FACE_AND_CARD:
        fitting = [a for a in rules.allow if _stopped_at(a, request, rules) == len(_STEPS)]
        if all(a.both for a in fitting):
            return _ask("card_too" if request.method is Method.FACE else "face_too")
    return None


def _findings(request: Request, temperature: bool) -> tuple[Finding, ...]:
    return tuple(
        f for f in request.findings if (f.topic == "temperature") == temperature and not f.good
    )


def _weighed(findings: tuple[Finding, ...]) -> Answer | None:
    for finding in findings:
        if finding.weight is Weight.REQUIRE:
            return _deny(finding.reason)
    for finding in findings:
        if finding.weight is Weight.REFER:
            return _ask(finding.reason)
    return None


def _temperature(request: Request, rules: Rules) -> Answer | None:
    return _weighed(_findings(request, temperature=True))


def _status(request: Request, rules: Rules) -> Answer | None:
    return _weighed(_findings(request, temperature=False))


def _repeated(request: Request) -> bool:
    here = Presence.INSIDE if request.inward else Presence.OUTSIDE
    return request.inward is not None and request.presence is here


def _antipassback(request: Request, rules: Rules) -> Answer | None:
    hard = rules.antipassback == "hard" and _repeated(request)
    return _deny("already_passed") if hard else None


def _grant(request: Request, rules: Rules) -> Answer:
    return Answer(Outcome.GRANT, "welcome")


def _advice(request: Request, rules: Rules) -> tuple[str, ...]:
    """Advice shown to a person who is granted."""
    quiet = (Weight.RECORD, Weight.SHOW)
    codes = [f.reason for f in request.findings if not f.good and f.weight not in quiet]
    if rules.antipassback == "soft" and _repeated(request):
        codes.append("already_passed")
    return tuple(code for code in codes if code)


ORDER: tuple[tuple[str, Callable[[Request, Rules], Answer | None]], ...] = (
    ("fire", _fire),
    ("staff", _staff),
    ("lockdown", _lockdown),
    ("held_open", _held_open),
    ("attack", _attack),
    ("credential", _credential),
    ("nobody", _nobody),
    ("face", _face),
    ("blocked", _blocked),
    ("inactive", _inactive),
    ("validity", _validity),
    ("kind", _allowed("kind")),
    ("group", _allowed("group")),
    ("gate", _allowed("gate")),
    ("method", _allowed("method")),
    ("schedule", _allowed("schedule")),
    ("second_factor", _second_factor),
    ("temperature", _temperature),
    ("status", _status),
    ("antipassback", _antipassback),
    ("grant", _grant),
)
