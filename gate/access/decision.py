"""Grant, deny or ask: the answer of the access rules, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.access.person import Kind, Method, Person
from gate.access.request import Request
from gate.sensors.reading import Reading

__all__ = ["Decision", "Kind", "Method", "Outcome", "Person"]


class Outcome(StrEnum):
    GRANT = "grant"
    DENY = "deny"
    ASK = "ask"  # show a card, or wait for staff


@dataclass(frozen=True, slots=True)
class Decision:
    """Grant, deny or ask, with all that led to it.

    Attributes:
        rule: the identifier of the rule that decided, as listed in docs/access.md.
        reasons: codes, most important first; the screen and the explanation translate them.
        request: what the decision was made from. ``gate.access.record`` makes plain values of
            it where an event is written: no names, no card numbers.
    """

    outcome: Outcome
    rule: str
    request: Request
    reasons: tuple[str, ...] = ()

    @property
    def method(self) -> Method:
        return self.request.method

    @property
    def person(self) -> Person | None:
        return self.request.person

    @property
    def reading(self) -> Reading | None:
        return self.request.reading
