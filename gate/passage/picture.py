"""What the screen shows of a lane."""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Method, Outcome
from gate.passage.state import Context, Lane, Passage
from gate.recognition.face import Verdict
from gate.screen import pictures
from gate.screen.message import Message


def picture(lane: Lane, context: Context) -> Message:
    """An open door first, then the passage being served, then what is wrong, then idle."""
    mode = pictures.of_mode(lane.mode, lane.until)
    p = lane.serving
    if mode is not None and (lane.mode.value != "lockdown" or p is None):
        return mode
    earlier = tuple(_of_passage(each, context) for each in lane.earlier)
    if p is not None:
        return replace(_of_passage(p, context), earlier=earlier)
    now = pictures.out_of_order(lane.fault) if lane.fault else pictures.IDLE
    return replace(now, earlier=earlier, note=lane.note)


def _of_passage(p: Passage, context: Context) -> Message:
    if p.decision is not None:
        answer = pictures.of_decision(p.decision, p.findings, context.names, p.id)
        notice = context.notices.get(p.person.id) if p.person else None
        if notice is None or p.decision.outcome is not Outcome.GRANT:
            return answer
        return replace(answer, advice=(*answer.advice, notice))
    if p.again is not None:
        return pictures.guidance("measuring_again", p.id)
    if p.ready is None and p.method in (Method.FACE, Method.FACE_AND_CARD):
        sight = p.sight
        if sight is None or (sight.verdict is Verdict.UNUSABLE and not sight.guidance):
            return pictures.guidance("look_here", p.id)
        if sight.guidance and sight.verdict in (Verdict.UNUSABLE, Verdict.WAIT):
            return pictures.guidance(sight.guidance, p.id)
    return pictures.wait(p.id)
