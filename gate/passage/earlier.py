"""Answers that have made room for somebody else's, and stay readable beside it for a while.

In a rush a known person does not wait until an answer has been read: theirs takes its place, and it
goes on being shown, smaller, for the rest of its time. Later ones push it out before that, but not
within ``READABLE`` seconds: until then everybody waits, so that nobody misses what they are told.
"""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Decision, Outcome
from gate.access.settings import PassageSettings
from gate.passage.scene import Track
from gate.passage.state import SHOW_DENY, Lane, Passage, ends, makes_room

MOST = 2  # answers beside the large one
READABLE = 1.5  # seconds on the screen, large and small together, before another takes the place


def leaves(p: Passage, settings: PassageSettings) -> float:
    """When an answer that has made room is shown no more, monotonic seconds."""
    return min(ends(p, settings), p.decided + SHOW_DENY)


def may_make_room(lane: Lane, known: Track, now: float, settings: PassageSettings) -> bool:
    """Whether the large answer has been shown for long enough, now that ``known`` waits.

    Whoever was refused and is known now, and whoever held up a picture, does not come round sooner
    because answers stay readable; nor does anybody while there is no room beside the next one.
    Whoever is known and asked for a card has the usual time to show it: that continues their
    passage. Whoever waits for the site's controller has not been answered yet, and keeps the screen
    as long.
    """
    p = _large(lane)
    decision = _decision(p)
    own = decision.rule == "attack" or _may_be_the_same(p, known)
    asked = decision.outcome is Outcome.ASK and p.person is not None
    slow = own or asked or _is_asked_about(lane, p)
    stays = settings.show_grant if slow else makes_room(decision, settings)
    room = len(lane.earlier) < MOST or now - lane.earlier[0].decided >= READABLE
    return room and now - p.decided >= stays


def made_room(lane: Lane) -> Lane:
    """With the large answer among the earlier ones."""
    return replace(lane, earlier=(*lane.earlier, _large(lane))[-MOST:])


def kept(lane: Lane, now: float, settings: PassageSettings) -> Lane:
    """Without those whose time is over, and those whose person is being served again.

    For whoever waits for the site's controller it begins when that has answered.
    """
    still = (p for p in lane.earlier if now < leaves(p, settings) or _is_asked_about(lane, p))
    return replace(lane, earlier=tuple(p for p in still if not _is_theirs(p, lane.serving)))


def instead(lane: Lane, answer: Passage) -> Lane:
    """With another answer to one of those who are shown, from now on the newest."""
    others = without(lane, answer.id)
    if others == lane:
        return lane
    return replace(others, earlier=(*others.earlier, answer))


def without(lane: Lane, passage: str) -> Lane:
    """Without the answer of one passage."""
    return replace(lane, earlier=tuple(p for p in lane.earlier if p.id != passage))


def locked_down(lane: Lane) -> Lane:
    """Without the welcomes of before a lock-down: it locks the door for those, too.

    Those about whom the site's controller is being asked are not welcomed yet, and wait on.
    """

    def stays(p: Passage) -> bool:
        welcomed = p.decision is not None and p.decision.outcome is Outcome.GRANT
        return not welcomed or _is_asked_about(lane, p)

    serving = lane.serving
    return replace(
        lane,
        serving=serving if serving is None or stays(serving) else None,
        earlier=tuple(p for p in lane.earlier if stays(p)),
    )


def refused(lane: Lane) -> tuple[Passage, ...]:
    """Those who were refused; not those who were asked for more."""
    return tuple(p for p in lane.earlier if _decision(p).outcome is Outcome.DENY)


def _large(lane: Lane) -> Passage:
    assert lane.serving is not None
    return lane.serving


def _decision(p: Passage) -> Decision:
    assert p.decision is not None
    return p.decision


def _is_asked_about(lane: Lane, p: Passage) -> bool:
    return any(each.asked and each.id == p.id for each in lane.passing)


def _may_be_the_same(p: Passage, known: Track) -> bool:
    """Whether the face that waits may be the one that was answered."""
    answered = (p.person.id if p.person else None, p.sight.best if p.sight else None)
    best = known.sighting.best
    return known.key == p.key or (best is not None and best.person in answered)


def _is_theirs(p: Passage, serving: Passage | None) -> bool:
    """Whether the person being served is certainly the one who was answered then."""
    if serving is None:
        return False
    if p.key is not None and p.key == serving.key:
        return True
    if serving.person is None:
        return False
    if p.person is not None:
        return p.person.id == serving.person.id
    # a face that was not recognised, and the card of the one it resembled
    claimed = serving.credential is not None
    return claimed and p.sight is not None and p.sight.best == serving.person.id
