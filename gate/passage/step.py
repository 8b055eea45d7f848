"""One step in the life of the passages at one gate: values in, values out.

One passage is served at a time; those behind it are already being recognised, so they are served
as soon as the screen is free. A claim comes before a face that has not been decided upon.
"""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Outcome, Person
from gate.access.request import Credential, Finding, Mode
from gate.access.settings import PassageSettings
from gate.passage import earlier, let_in, status
from gate.passage.inputs import (
    CLAIM_AGE,
    Agreed,
    Answered,
    Asked,
    Checked,
    ContactLost,
    DoorClosed,
    DoorLocked,
    DoorOpened,
    Input,
    Measured,
    NotReleased,
    Ordered,
    OutOfOrder,
    Seen,
    Shown,
    Tick,
)
from gate.passage.outputs import AskStatus, Began, Decided, EventOut, Open, Output, Outputs, Show
from gate.passage.picture import picture
from gate.passage.scene import (
    Track,
    known_and_waiting,
    known_elsewhere,
    known_in_view,
    next_to_serve,
    probable,
)
from gate.passage.serve import OPEN_MODES, answer, identified, serve, settle
from gate.passage.state import Context, Lane, Now, Passage, ends
from gate.sensors.reading import Reading


def step(lane: Lane, given: Input, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """The next lane, and what is to be done, in this order."""
    lane = earlier.kept(lane, now.at, context.settings)
    lane, emitted = _apply(lane, given, now, context)
    lane, over = let_in.out_of_time(lane, now, context)
    lane, asked = let_in.ask_again(lane, now)
    emitted += over + asked
    recent = {p: at for p, at in lane.recent.items() if now.at - at < context.settings.same_person}
    lane, done = _go_on(replace(lane, recent=recent), now, context)
    lane = earlier.kept(lane, now.at, context.settings)
    message = picture(lane, context)
    shown: Outputs = (Show(message),) if message != lane.message else ()
    return replace(lane, message=message), tuple(sorted(emitted + done + shown, key=_urgency))


def _urgency(output: Output) -> int:
    """The grant goes to the writer first, then the message to the screen; the door waits for both.

    A power cut must not lose the record of an opening; the screen needs no such guarantee.
    Otherwise the order stays.
    """
    match output:
        case Decided(_, decision) if decision.outcome is Outcome.GRANT:
            return 0
        case Show():
            return 1
        case Open():
            return 2
    return 3


def _apply(lane: Lane, given: Input, now: Now, context: Context) -> tuple[Lane, Outputs]:
    match given:
        case Seen(sightings):
            return _ask_ahead(
                replace(lane, scene=lane.scene.seen(sightings, now.at)), given, context
            )
        case Shown():
            return _shown(lane, given, now, context)
        case Checked():
            return let_in.checked(lane, given), ()
        case Measured(reading, finding):
            return _measured(lane, reading, finding), ()
        case Answered():
            p = lane.serving
            if p is not None and not _is_answered(p):
                lane = replace(lane, serving=status.answered(p, given))
            return let_in.status_came(lane, given), ()
        case Ordered(mode, until):
            if mode is Mode.LOCKDOWN is not lane.mode:
                lane = earlier.locked_down(lane)
            return replace(lane, mode=mode, until=until), ()
        case DoorOpened(forced):
            return let_in.opened(lane, forced=forced, now=now, context=context)
        case DoorClosed():
            return let_in.closed(lane, now)
        case DoorLocked():
            return let_in.locked(lane, given, now, context)
        case ContactLost():
            return let_in.contact_lost(lane)
        case Asked(passage):
            return let_in.asked(lane, passage), ()
        case Agreed(passage):
            return let_in.agreed(lane, passage, now, context)
        case NotReleased():
            return let_in.not_released(lane, given, now, context)
        case OutOfOrder(code, note):
            return replace(lane, fault=code, note=note), ()
        case Tick():
            return lane, ()


def _ask_ahead(lane: Lane, seen: Seen, context: Context) -> tuple[Lane, Outputs]:
    """Request the entry status of those next in line, so that it is known when their turn comes."""
    emitted: Outputs = ()
    if not context.status or lane.serving is None:
        return lane, emitted
    scene = lane.scene
    for s in seen.sightings:
        track = scene.get((s.camera, s.track))
        person = context.people.get(s.best.person) if s.best else None
        if track is None or person is None or track.key == lane.serving.key:
            continue
        if track.answered is not None or person.id in (track.asked, lane.serving.asked):
            continue
        if probable(s):
            emitted += (AskStatus("", person),)
            scene = scene.asked(track.key, person.id)
    return replace(lane, scene=scene), emitted


def _shown(lane: Lane, shown: Shown, now: Now, context: Context) -> tuple[Lane, Outputs]:
    if _still_on_the_reader(lane, shown, now, context):
        return lane, _silently(lane, shown)
    emitted: Outputs = ()
    p = lane.serving
    if now.at - shown.at > CLAIM_AGE:
        emitted = _duress("", shown.person, shown.credential)
        shown = replace(shown, person=None, credential=Credential("credential_unchecked"))
        if p is not None and p.decision is None:  # whoever is served is not disturbed
            late = {"method": shown.method.value, "seconds": round(now.at - shown.at, 1)}
            return lane, (*emitted, EventOut("credential.late", details=late))
    if p is not None and p.decision is None and p.credential is not None:
        emitted += _duress(
            p.id, p.person, p.credential
        )  # what was shown in its place does not undo it
    another = p is not None and not _is_answered(p) and _is_anothers(p, shown)
    if p is not None and another:
        emitted += (_given_up(p),)
    if p is None or another or _is_answered(p):
        p = Passage(now.new_id(), shown.at, now.at)
        emitted += (Began(p.id),)
    theirs = p.sight is not None and shown.person is not None and p.sight.best == shown.person.id
    if not theirs and p.reading is not None:
        emitted += (Began(p.id),)  # what was measured was somebody else
    claimed = Passage(
        id=p.id,
        began=shown.at,
        served=now.at,
        method=shown.method,
        key=p.key if theirs else None,
        person=shown.person,
        credential=shown.credential,
        asked=p.asked if theirs else None,
        status=p.status if theirs else None,
        until=p.until,
        temperature=p.temperature if theirs else None,
        reading=p.reading if theirs else None,
        high=p.high if theirs else None,
        again=p.again if theirs and p.decision is None else None,
    )
    answered = lane.serving.decision if lane.serving is not None else None
    if answered is not None and answered.outcome is Outcome.GRANT:
        lane = earlier.made_room(lane)
    return replace(lane, serving=claimed), emitted


def _is_answered(p: Passage) -> bool:
    """Whether it is decided upon; whoever was asked for more may still show it."""
    return p.decision is not None and p.decision.outcome is not Outcome.ASK


def _is_anothers(p: Passage, shown: Shown) -> bool:
    """Whether somebody else goes on here than whose passage it is.

    A face that is not recognised for certain may be the holder's of whatever card comes next.
    """
    if p.person is None:
        return False
    if p.credential is not None:
        return shown.person is None or shown.person.id != p.person.id
    if p.decision is None or shown.person is None:
        return False
    second = p.sight.second if p.sight is not None else None
    return shown.person.id not in (p.person.id, second)


def _given_up(p: Passage) -> EventOut:
    """The end of a passage in whose place somebody else shows something; it names whose card had
    been shown, or that would be in no record."""
    if p.decision is not None:
        return EventOut("passage.ended", p.id, {"passed": False})
    return EventOut("passage.abandoned", p.id, person=p.person.ref if p.person else None)


def _silently(lane: Lane, shown: Shown) -> Outputs:
    """Report a duress card or PIN that changes nothing because its holder was just granted."""
    p = lane.serving
    for each in (p, *lane.earlier):
        if each and each.credential == shown.credential and each.person == shown.person:
            return ()  # the same showing
    passage = p.id if p is not None and p.person == shown.person else ""
    return _duress(passage, shown.person, shown.credential)


def _duress(passage: str, person: Person | None, credential: Credential) -> Outputs:
    if not credential.duress:
        return ()
    return (EventOut("passage.duress", passage, person=person.ref if person else None),)


def _still_on_the_reader(lane: Lane, shown: Shown, now: Now, context: Context) -> bool:
    """Whether this is the showing that was answered a moment ago.

    Once others have been served, a card that nobody knows may be another one.
    """
    person = shown.person
    same = person is not None or bool(shown.credential.serial)
    for p in (lane.serving, *(earlier.refused(lane) if same else ())):
        if p and p.credential == shown.credential and p.person == person:
            return p.decision is None or _same_wish(shown, p.decided, now, context)
    last = lane.recent.get(person.id) if person and not shown.credential.problem else None
    return last is not None and _same_wish(shown, last, now, context)


def _same_wish(shown: Shown, answered: float, now: Now, context: Context) -> bool:
    """Two readers may see one permit: what was shown by the time of the answer is answered."""
    return now.at - answered < context.settings.same_claim or shown.at <= answered


def _measured(lane: Lane, reading: Reading, finding: Finding) -> Lane:
    p = lane.serving
    if p is None or p.decision is not None:
        return lane
    if p.again is not None and p.reading and reading.measured <= p.reading.measured:
        return lane  # the one that is to be confirmed
    if p.high is not None and finding.good is None:
        return lane  # it confirms nothing, so the high reading is the one reported
    return replace(lane, serving=replace(p, reading=reading, temperature=finding))


def _go_on(lane: Lane, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """Serve until nothing more can be done at this moment."""
    if lane.mode in OPEN_MODES:
        return _through_the_open_door(lane, now, context)
    done: Outputs = ()
    if lane.serving is not None:
        lane, more = _free(lane, now, context)
        done += more
    if lane.serving is None:
        lane, more = _begin(lane, now, context)
        done += more
    if lane.serving is not None and lane.serving.decision is None:
        lane, more = serve(lane, lane.serving, now, context)
        done += more
    return lane, done


def _free(lane: Lane, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """End a passage that is over, and one that keeps others waiting in vain."""
    p, settings = lane.serving, context.settings
    assert p is not None
    after = next_to_serve(lane.scene, lane.recent, now.at, settings)
    known = known_and_waiting(lane.scene, lane.recent, now.at, settings)
    if p.decision is not None:
        known_now = known is not None and _is_known_now(p, known)
        hurry = known is not None and earlier.may_make_room(lane, known, now.at, settings)
        left = after is not None and _has_left(lane, p, now, settings)
        over = now.at >= ends(p, settings) and not let_in.is_asked_about(lane, p.id)
        if not over and not known_now and not hurry and not left:
            return lane, ()
        emitted: Outputs = (
            () if _is_answered(p) else (EventOut("passage.ended", p.id, {"passed": False}),)
        )
        if p.decision.outcome is Outcome.GRANT or (hurry and not known_now):
            lane = earlier.made_room(lane)
        return replace(lane, serving=None), emitted
    if p.credential is not None or p.ready is not None:
        return lane, ()
    gone = p.key is None or _has_left(lane, p, now, settings)
    other = known is not None and after is known and after.key != p.key
    elsewhere = known_elsewhere(lane.scene, p.key, now.at)
    if elsewhere is not None:
        return replace(lane, serving=replace(p, key=elsewhere)), ()
    if gone or (other and now.at - p.served > settings.budget):
        return replace(lane, serving=None), (EventOut("passage.abandoned", p.id),)
    return lane, ()


def _has_left(lane: Lane, p: Passage, now: Now, settings: PassageSettings) -> bool:
    """Whether the one who was answered, for their face, is no longer there to read it."""
    track = lane.scene.get(p.key)
    return p.key is not None and (track is None or track.has_left(now.at, settings.gone))


def _is_known_now(p: Passage, known: Track) -> bool:
    """Whether it is the one whose face was not good enough a moment ago."""
    if p.decision is None or p.decision.rule != "face" or p.sight is None:
        return False
    best = known.sighting.best
    return known.key == p.key or (best is not None and best.person == p.sight.best)


def _begin(lane: Lane, now: Now, context: Context) -> tuple[Lane, Outputs]:
    track = next_to_serve(lane.scene, lane.recent, now.at, context.settings)
    if track is None:
        return lane, ()
    passage = Passage(now.new_id(), now.at, now.at, key=track.key)
    return replace(lane, serving=passage), (Began(passage.id),)


def _through_the_open_door(lane: Lane, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """Nobody is asked for anything; known people are recorded."""
    done: Outputs = ()
    p = lane.serving
    if p is not None and p.decision is None and p.credential is not None:
        lane, done = answer(lane, settle(p, lane, now, context), now, context)
    done += _asked_in_vain(lane.serving)
    for track in known_in_view(lane.scene, lane.recent, now.at):
        began = Passage(now.new_id(), now.at, now.at, key=track.key)
        p = identified(began, track.sighting, context)
        lane, more = answer(lane, settle(p, lane, now, context), now, context)
        done += more + _asked_in_vain(lane.serving)
    return replace(lane, serving=None), done


def _asked_in_vain(p: Passage | None) -> Outputs:
    """End the passage of somebody who was asked for more and is not any longer: the door is open.

    Whether they go through it is known to nobody.
    """
    if p is None or p.decision is None or _is_answered(p):
        return ()
    return (EventOut("passage.ended", p.id, {"passed": None}),)
