"""What becomes of whoever was let in, until the door has closed behind them."""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Outcome
from gate.access.request import Mode
from gate.passage import earlier, status
from gate.passage.inputs import Answered, Checked, DoorLocked, NotReleased
from gate.passage.outputs import EventOut, Open, Outputs
from gate.passage.scene import tailgaters
from gate.passage.serve import OPEN_MODES, settle, told
from gate.passage.state import Context, Lane, Now, Passage, Passing


def asked(lane: Lane, passage: str) -> Lane:
    """The site's controller has to agree first: until then nobody passes by this grant."""
    passing = tuple(
        replace(each, asked=True) if each.id == passage else each for each in lane.passing
    )
    return replace(lane, passing=passing)


def may_still(lane: Lane, passage: str, now: Now, context: Context) -> bool:
    """Whether somebody for whom the controller is to be asked would be let in now."""
    waiting = _waiting(lane, passage)
    if waiting is None:
        return False
    decision = _again(waiting, lane, now, context).decision
    assert decision is not None
    return decision.outcome is Outcome.GRANT


def agreed(lane: Lane, passage: str, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """The controller agrees: release the door, if they may still pass; else they are refused."""
    waiting = _waiting(lane, passage)
    if waiting is None:
        return lane, ()
    p = _again(waiting, lane, now, context)
    decision = p.decision
    assert decision is not None
    if decision.outcome is Outcome.GRANT:
        released = replace(waiting, asked=False)
        passing = tuple(released if each is waiting else each for each in lane.passing)
        person = decision.person
        extended = person is not None and person.extended_unlock
        opens = lane.mode not in OPEN_MODES
        opening: Outputs = (Open(passage, extended, agreed=True),) if opens else ()
        return _answered_now(replace(lane, passing=passing), passage, now), opening
    lane, over = not_released(lane, NotReleased(passage, "controller"), now, context)
    if lane.serving is not None and lane.serving.id == passage:
        lane = replace(lane, serving=p)
        if decision.outcome is Outcome.ASK:  # it goes on: what is asked for may be shown
            over = ()
    lane = earlier.instead(lane, p)
    return lane, (told(p, decision, now), *over)


def checked(lane: Lane, given: Checked) -> Lane:
    """What was shown counts as it was looked up last."""

    def renewed(p: Passage) -> Passage:
        if p.credential is None or p.credential.serial != given.serial:
            return p
        # an alarm is given although what gave it is gone, or cannot be looked up any more
        duress = p.credential.duress or given.credential.duress
        credential = replace(given.credential, duress=duress)
        return replace(p, person=given.person or p.person, credential=credential)

    passing = tuple(
        replace(each, granted=renewed(each.granted)) if each.asked else each
        for each in lane.passing
    )
    p = lane.serving
    if p is not None and p.decision is None:
        p = renewed(p)
    return replace(lane, serving=p, passing=passing)


def ask_again(lane: Lane, now: Now) -> tuple[Lane, Outputs]:
    """Ask once more for a status that is soon too old, of those who wait for the controller."""
    emitted: Outputs = ()
    passing: tuple[Passing, ...] = ()
    for each in lane.passing:
        if each.asked and each.granted.asked is not None:
            assert each.granted.person is not None
            p, more = status.ask(each.granted, each.granted.person, now)
            each, emitted = replace(each, granted=p), emitted + more
        passing += (each,)
    return replace(lane, passing=passing), emitted


def status_came(lane: Lane, given: Answered) -> Lane:
    """The status of somebody who waits for the controller, as it is now."""
    passing = tuple(
        replace(each, granted=status.answered(each.granted, given)) if each.asked else each
        for each in lane.passing
    )
    return replace(lane, passing=passing)


def not_released(
    lane: Lane, given: NotReleased, now: Now, context: Context
) -> tuple[Lane, Outputs]:
    """The door stays shut for somebody who was let in: they have not passed by this grant."""
    left = next((each for each in lane.passing if each.id == given.passage), None)
    if left is None:
        return lane, ()
    by_door = given.by == "door"
    again = now.at + context.settings.same_person
    lane = replace(
        lane,
        passing=tuple(each for each in lane.passing if each is not left),
        scene=lane.scene.unused(left.key, again, released=not by_door),
    )
    if by_door:  # nobody is welcomed at a door that does not open
        lane = replace(
            earlier.without(lane, given.passage),
            serving=_other_than(given.passage, lane.serving),
        )
    unknown = given.by == "elsewhere" and not context.contact
    lane = _answered_now(lane, given.passage, now)
    return lane, (_ended(given.passage, None if unknown else False),)


def closed(lane: Lane, now: Now) -> tuple[Lane, Outputs]:
    """The door has closed: whoever it was released for has passed."""
    through, waiting = _released(lane)
    emitted: Outputs = tuple(_ended(each.id, True) for each in through)
    if lane.opened is not None and through and lane.mode is Mode.NORMAL:
        more = tailgaters(lane.scene, len(through), lane.opened, now.at)
        if more:
            granted = len(through)
            details = {"granted": granted, "passed": granted + more}
            emitted += (EventOut("passage.tailgating", through[-1].id, details),)
    return replace(lane, opened=None, passing=waiting), emitted


def contact_lost(lane: Lane) -> tuple[Lane, Outputs]:
    """Nobody will see the door close: who walks through it now is known to nobody."""
    through, _ = _released(lane)
    if lane.opened is None:  # of those for whom it is still released the lock will tell
        through = tuple(each for each in through if each.over is not None)
    kept = tuple(each for each in lane.passing if each not in through)
    emitted = tuple(_ended(each.id, None) for each in through)
    return replace(lane, opened=None, passing=kept), emitted


def locked(lane: Lane, given: DoorLocked, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """The unlock is over; where the door is not opened at the last moment, nobody has passed."""
    if lane.opened is not None or given.entered:  # the closing of the door ends it
        return lane, ()
    through, _ = _released(lane)
    if not (context.contact and given.seen):  # nobody knows
        return _unopened(lane, through, None, now, context)
    over = now.at + context.grace
    passing = tuple(
        replace(each, over=over) if each in through and each.over is None else each
        for each in lane.passing
    )
    return out_of_time(replace(lane, passing=passing), now, context)


def out_of_time(lane: Lane, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """End the passages of those who have not opened a door that has locked again."""
    if lane.opened is not None:
        return lane, ()
    late = tuple(each for each in lane.passing if each.over is not None and now.at >= each.over)
    return _unopened(lane, late, False, now, context)


def opened(lane: Lane, *, forced: bool, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """The door opens. One that is forced is not opened by those for whom it has locked."""
    late = tuple(each for each in lane.passing if forced and each.over is not None)
    lane, over = _unopened(lane, late, False, now, context)
    return replace(lane, opened=now.at), over


def broken_off(lane: Lane) -> Outputs:
    """The ends of all passages that are going on when the gate stops.

    Who goes through a door that was released is seen by nobody any more.
    """
    over: Outputs = tuple(_ended(each.id, False if each.asked else None) for each in lane.passing)
    p = lane.serving
    if p is None or (p.decision is not None and p.decision.outcome is not Outcome.ASK):
        return over
    asked = p.decision is not None
    return (*over, _ended(p.id, False) if asked else EventOut("passage.abandoned", p.id))


def _unopened(
    lane: Lane, those: tuple[Passing, ...], passed: bool | None, now: Now, context: Context
) -> tuple[Lane, Outputs]:
    scene = lane.scene
    for each in those:
        scene = scene.unused(each.key, now.at + context.settings.same_person)
    kept = tuple(each for each in lane.passing if each not in those)
    ended = tuple(_ended(each.id, passed) for each in those)
    return replace(lane, passing=kept, scene=scene), ended


def is_asked_about(lane: Lane, passage: str) -> bool:
    """Whether the controller's answer about somebody let in is waited for."""
    return _waiting(lane, passage) is not None


def _answered_now(lane: Lane, passage: str, now: Now) -> Lane:
    """The answer that the controller gave is on the screen from now on, large or small."""
    for each in lane.earlier:
        if each.id == passage:
            return earlier.instead(lane, replace(each, decided=now.at))
    if lane.serving is None or lane.serving.id != passage:
        return lane
    return replace(lane, serving=replace(lane.serving, decided=now.at))


def _waiting(lane: Lane, passage: str) -> Passing | None:
    return next((each for each in lane.passing if each.asked and each.id == passage), None)


def _again(waiting: Passing, lane: Lane, now: Now, context: Context) -> Passage:
    return settle(status.fresh(waiting.granted, now), lane, now, context)


def _released(lane: Lane) -> tuple[tuple[Passing, ...], tuple[Passing, ...]]:
    """Those for whom the door was released, and those who wait for the site's controller."""
    return (
        tuple(each for each in lane.passing if not each.asked),
        tuple(each for each in lane.passing if each.asked),
    )


def _other_than(passage: str, p: Passage | None) -> Passage | None:
    return None if p is not None and p.id == passage else p


def _ended(passage: str, passed: bool | None) -> EventOut:
    return EventOut("passage.ended", passage, {"passed": passed})
