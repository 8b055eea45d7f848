"""Serving one person: look, wait a moment for what is missing, decide, open."""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Decision, Method, Outcome
from gate.access.policy import NOT_LIVE, decide
from gate.access.request import Mode, Sight, Weight
from gate.passage import status
from gate.passage.outputs import Began, Decided, EventOut, MeasureAgain, Open, Outputs
from gate.passage.rights import findings, request
from gate.passage.scene import probable, to_verify
from gate.passage.state import (
    ASK_WAIT,
    SHOW_DENY,
    Context,
    Lane,
    Now,
    Passage,
    Passing,
    deadline,
    missing,
)
from gate.recognition.face import Sighting, Verdict

OPEN_MODES = (Mode.HELD_OPEN, Mode.EMERGENCY, Mode.FIRE)
# rules by which it is not established who this is
_WHO = ("attack", "credential", "face")
DOUBTS = 3  # tries of one face not held to be live, after which its person needs a card
# nats of liveness at or below which a face that is asked for a card may be a picture: nearly every
# print before a webcam comes to so little, people seldom, with masks more often (docs/liveness.md)
SUSPECTED = -3.0
_NOT_YET = (Verdict.WAIT, Verdict.UNUSABLE)


def serve(lane: Lane, p: Passage, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """Serve as far as possible at this moment: the passage goes on waiting, or is answered."""
    p, emitted = _look(lane, status.fresh(p, now), now, context)
    if p.credential is None and p.sight is not None and p.sight.verdict in _NOT_YET:
        return replace(lane, serving=p), emitted
    p, bare, again = _both_if_asked(lane, p, now, context)
    emitted += again
    if _looks_for_the_face(p, bare, now, context):
        return replace(lane, serving=replace(p, ready=None)), emitted
    if bare.rule == "grant":  # nothing but temperature and status can still refuse
        ready = now.at if p.ready is None else p.ready
        p = replace(p, ready=ready, behind=lane.scene.behind(p.key, now.at))
        p, more = _measure_again(p, now, context)
        emitted += more
        until = deadline(p, context)
        if any(missing(p, context)) and until is not None and now.at < until:
            return replace(lane, serving=p), emitted
    lane, done = answer(lane, settle(p, lane, now, context), now, context)
    return lane, emitted + done


def identified(p: Passage, sighting: Sighting, context: Context) -> Passage:
    """With what the camera says now.

    Whoever is known already stays so through a bad frame, as long as nobody else resembles it
    more: the gallery may have changed.
    """
    if p.ready is not None and sighting.verdict in _NOT_YET and _resembles(p, sighting):
        return p
    sight = Sight.of(sighting)
    if p.credential is not None:
        return replace(p, sight=sight)
    known = sighting.best if sighting.verdict is Verdict.KNOWN else None
    person = context.people.get(known.person) if known is not None else None
    same = person is not None and p.person is not None and person.id == p.person.id
    ready = p.ready if same else None
    began = sighting.first_usable if sighting.first_usable is not None else p.began
    return replace(p, sight=sight, person=person, ready=ready, began=began)


def _resembles(p: Passage, sighting: Sighting) -> bool:
    best = sighting.best.person if sighting.best is not None else None
    return p.sight is not None and p.sight.best == best


def _look(lane: Lane, p: Passage, now: Now, context: Context) -> tuple[Passage, Outputs]:
    """Take in the newest sighting; ask for the status of whom it probably is."""
    track = lane.scene.get(p.key)
    wanted = p.person if p.credential is not None and not p.credential.problem else None
    if track is not None:
        p = identified(p, track.sighting, context)
        best = track.sighting.best
        if p.credential is None and best and probable(track.sighting):
            wanted = context.people.get(best.person)
    return status.ask(p, wanted, now) if context.status and wanted else (p, ())


def _both_if_asked(
    lane: Lane, p: Passage, now: Now, context: Context
) -> tuple[Passage, Decision, Outputs]:
    """Where a card alone is not enough, it is verified against the nearest face."""
    bare = decide(request(p, (), lane, now, context), context.rules)
    if p.method is Method.CARD and bare.reasons[0] == "face_too":
        p = replace(p, method=Method.FACE_AND_CARD, ready=None, sight=None)
    if p.method is not Method.FACE_AND_CARD:
        return p, bare, ()
    p, emitted = _beside_the_card(lane, p, now, context)
    return p, decide(request(p, (), lane, now, context), context.rules), emitted


def _beside_the_card(lane: Lane, p: Passage, now: Now, context: Context) -> tuple[Passage, Outputs]:
    """The face that is verified: the nearest one, once that of before is there no more.

    Until there is one, that of before counts for nothing. Whoever was measured before it came was
    somebody else.
    """
    track = lane.scene.get(p.key)
    if p.ready is None and (track is None or track.has_left(now.at, context.settings.gone)):
        track = to_verify(lane.scene, lane.recent, now.at, context.settings, p.person)
    if track is None:
        return replace(p, sight=None), ()
    if p.sight is None or track.key != p.key:
        p = replace(p, key=track.key, sight=Sight.of(track.sighting))
    if p.reading is None or p.reading.measured >= track.sighting.first_seen:
        return p, ()
    return replace(p, temperature=None, reading=None, high=None, again=None), (Began(p.id),)


def _looks_for_the_face(p: Passage, bare: Decision, now: Now, context: Context) -> bool:
    if p.method is not Method.FACE_AND_CARD or bare.outcome is not Outcome.ASK:
        return False
    return bare.rule == "face" and now.at - p.served < ASK_WAIT


def _measure_again(p: Passage, now: Now, context: Context) -> tuple[Passage, Outputs]:
    """A temperature above the limit is measured once more before it counts."""
    t = p.temperature
    decisive = t is not None and t.weight in (Weight.REQUIRE, Weight.REFER)
    if t is None or t.good is not False or not decisive or p.again is not None:
        return p, ()
    if context.settings.measure_again == 0:
        return p, ()
    again = now.at + context.settings.measure_again
    return replace(p, again=again, high=t, temperature=None), (MeasureAgain(p.id),)


def settle(p: Passage, lane: Lane, now: Now, context: Context) -> Passage:
    """Decide with what is known; what is missing counts as configured."""
    found = findings(p, context)
    decision = decide(request(p, found, lane, now, context), context.rules)
    if decision.rule in _WHO:  # it may be a different person
        found = tuple(f for f in found if f.topic == "temperature")
    return replace(p, decision=decision, findings=found, decided=now.at)


def told(p: Passage, decision: Decision, now: Now) -> Decided:
    """The answer to ``p``, with how long it took and how much of that was its wait for its turn."""
    return Decided(p.id, decision, now.at - p.began, max(0.0, p.served - p.began))


def answer(lane: Lane, p: Passage, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """Report the decision, open if it is a grant, and remember who was served."""
    decision = p.decision
    assert decision is not None
    person = decision.person
    granted = decision.outcome is Outcome.GRANT
    opens = granted and lane.mode not in OPEN_MODES
    done: Outputs = ()
    if opens:
        done += (Open(p.id, person is not None and person.extended_unlock),)
        lane = replace(lane, passing=(*lane.passing, Passing(p)))
    done += (told(p, decision, now),)
    if p.credential is not None and p.credential.duress:
        done += (EventOut("passage.duress", p.id, person=person.ref if person else None),)
    if decision.rule == "attack":
        lane, emitted = _attacked(lane, p, now, context)
        done += emitted
    elif decision.reasons[0] == NOT_LIVE:
        done += _suspected(p)
        lane = _doubted(lane, p, now, context)
    scene = lane.scene.answered(p.key, opens)
    if granted and person is not None:
        lane = replace(lane, recent={**lane.recent, person.id: now.at})
        scene = scene.belong_to(person.id, opens)
    if granted or p.credential is None:
        scene = scene.same_place(p.key, now.at, now.at + SHOW_DENY)
    return replace(lane, serving=p, scene=scene), done


def _attacked(lane: Lane, p: Passage, now: Now, context: Context) -> tuple[Lane, Outputs]:
    """Remember whose picture was held up, and where: the next try may look more alive."""
    lasting = context.settings.after_attack
    attacks = (*(at for at in lane.attacks if now.at - at < max(lasting, 60.0)), now.at)
    wary = {who: until for who, until in lane.wary.items() if now.at < until}
    if p.key is not None:
        wary[p.key[0]] = now.at + lasting
    if p.sight is not None and p.sight.best is not None:
        wary[p.sight.best] = now.at + lasting
    details: dict[str, object] = {"count": len(attacks)}
    details |= {"camera": p.key[0]} if p.key else {}
    lane = replace(lane, attacks=attacks, wary=wary)
    return lane, (EventOut("attack.presentation", p.id, details),)


def _suspected(p: Passage) -> Outputs:
    """Record that a picture may have been held up, without a name; nothing else follows.

    A network by itself is never sure enough to call it an attack.
    """
    sight = p.sight
    if sight is None or sight.liveness.live is not False or sight.liveness.score > SUSPECTED:
        return ()
    details: dict[str, object] = {"camera": p.key[0]} if p.key else {}
    return (EventOut("attack.suspected", p.id, details),)


def _doubted(lane: Lane, p: Passage, now: Now, context: Context) -> Lane:
    """A face not judged live, but no attack either: residents' faces are, now and then.

    The only consequence is that a card is asked for this once. The third try for the same person
    within a minute counts as a picture held up until chance lets it pass: that person then needs
    a card for a minute.
    """
    sight = p.sight
    if sight is None or sight.best is None or sight.liveness.live is not False:
        return lane
    who = sight.best
    lasting = context.settings.after_attack
    doubts = {
        person: kept
        for person, times in lane.doubts.items()
        if (kept := tuple(at for at in times if now.at - at < lasting))
    }
    doubts[who] = (*doubts.get(who, ()), now.at)[-DOUBTS:]
    lane = replace(lane, doubts=doubts)
    if len(doubts[who]) < DOUBTS:
        return lane
    return replace(lane, wary={**lane.wary, who: now.at + lasting})
