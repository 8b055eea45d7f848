"""The entry status of somebody who waits: asked for, and again before it is too old."""

from __future__ import annotations

import math
from dataclasses import replace

from gate.access.decision import Person
from gate.passage.inputs import Answered
from gate.passage.outputs import AskStatus, Outputs
from gate.passage.state import Now, Passage

AHEAD = 1.0  # seconds before an answer is too old at which it is asked for again


def ask(p: Passage, person: Person, now: Now) -> tuple[Passage, Outputs]:
    """Ask about somebody who has not been asked about, or whose answer is soon too old."""
    if person.id != p.asked:
        p = replace(p, asked=person.id, status=None, until=math.inf, renewing=False)
    elif p.status is None or p.renewing or now.at < p.until - AHEAD:
        return p, ()
    else:
        p = replace(p, renewing=True)
    return p, (AskStatus(p.id, person),)


def answered(p: Passage, given: Answered) -> Passage:
    """With an answer, where it is about the person who was asked about."""
    if p.asked != given.person:
        return p
    return replace(p, status=given.findings, until=given.until, renewing=False)


def fresh(p: Passage, now: Now) -> Passage:
    """Without an answer that is too old: until the next one comes nothing is known.

    Where no next one is under way, the person counts as not asked about.
    """
    if now.at < p.until:
        return p
    return replace(p, status=None, asked=p.asked if p.renewing else None)
