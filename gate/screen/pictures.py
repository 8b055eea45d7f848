"""Which picture belongs to what is going on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gate.access.decision import Decision, Outcome
from gate.access.request import Finding, Mode, Weight
from gate.screen.message import Item, Look, Message
from gate.screen.names import Form, shown_name

_LOOKS = {Outcome.GRANT: Look.GRANT, Outcome.DENY: Look.DENY, Outcome.ASK: Look.ASK}
_MODES = {
    Mode.HELD_OPEN: (Look.OPEN, "door_held_open"),
    Mode.EMERGENCY: (Look.EMERGENCY, "emergency"),
    Mode.FIRE: (Look.FIRE, "door_released"),
    Mode.LOCKDOWN: (Look.LOCKDOWN, "lockdown"),
}


def of_decision(
    decision: Decision, findings: Sequence[Finding], names: Form, passage: str
) -> Message:
    """The answer. A name is shown to those who may pass only."""
    granted = decision.outcome is Outcome.GRANT
    person = decision.person if granted else None
    return Message(
        look=_LOOKS[decision.outcome],
        code=decision.reasons[0],
        advice=decision.reasons[1:],
        name=shown_name(person.name, names) if person else "",
        items=tuple(
            Item(f.topic, f.good, f.value) for f in findings if f.weight is not Weight.RECORD
        ),
        passage=passage,
    )


def of_mode(mode: Mode, until: datetime | None) -> Message | None:
    """The picture of an ordered mode; None in normal operation."""
    if mode is Mode.NORMAL:
        return None
    look, code = _MODES[mode]
    return Message(look, code, until=until)


def guidance(code: str, passage: str) -> Message:
    """Something the person can do."""
    return Message(Look.GUIDE, code, passage=passage)


def wait(passage: str) -> Message:
    """Being looked at."""
    return Message(Look.WAIT, "one_moment", passage=passage)


def out_of_order(code: str) -> Message:
    return Message(Look.FAULT, code)


IDLE = Message(Look.IDLE, "idle")
