"""The wish to pass of a passage, with every right as it is at this moment.

The one place where it is put together: whoever is asked for their face, or waits for a
temperature, the entry status or the site's controller, is let in by the rights of the moment at
which the door is released, not by those of the moment at which they came.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.access.decision import Method
from gate.access.request import Finding, Presence, Request
from gate.passage.state import Context, Lane, Now, Passage


def request(
    p: Passage, findings: tuple[Finding, ...], lane: Lane, now: Now, context: Context
) -> Request:
    """What the rules are asked about ``p`` now.

    Of the moment are the person and what was shown (from the register, or as last looked up), mode,
    time, where the person is, and what attacks were seen; the caller brings the rules.

    Args:
        findings: temperature and entry status, as far as they are known.
    """
    person = p.person
    if person is not None and p.method is Method.FACE:
        person = context.people.get(person.id)
    suspects = (p.key[0] if p.key else None, person.id if person else None)
    return Request(
        method=p.method,
        person=person,
        when=now.when,
        gate=context.gate,
        mode=lane.mode,
        sight=p.sight if p.method in (Method.FACE, Method.FACE_AND_CARD) else None,
        credential=p.credential,
        findings=findings,
        reading=p.reading,
        presence=context.presence.get(person.id, Presence.UNSURE) if person else Presence.UNSURE,
        inward=context.inward,
        clock_trusted=now.trusted,
        wary=any(now.at < lane.wary.get(who, now.at) for who in suspects if who is not None),
    )


def findings(p: Passage, context: Context) -> tuple[Finding, ...]:
    """Temperature and entry status as far as they are known; what is missing, as configured."""
    found: tuple[Finding, ...] = ()
    if context.temperature:
        # an unconfirmed high reading counts; an inconclusive one does not
        known = p.temperature if p.temperature and p.temperature.good is not None else None
        found += (known or p.high or p.temperature or context.no_temperature,)
    if context.status:
        theirs = p.person is not None and p.asked == p.person.id
        found += p.status if theirs and p.status is not None else context.no_status
    return found


def to_check(lane: Lane) -> Mapping[str, bool]:
    """What has been shown and will be decided upon: serial → whether it was granted already.

    The latter are those about whom the site's controller is being asked.
    """
    waiting = [(each.granted, True) for each in lane.passing if each.asked]
    if lane.serving is not None and lane.serving.decision is None:
        waiting.append((lane.serving, False))
    return {
        p.credential.serial: granted
        for p, granted in waiting
        if p.credential is not None and p.credential.serial and not p.credential.problem
    }
