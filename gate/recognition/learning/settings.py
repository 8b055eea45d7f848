"""The ``[learning]`` section: what the gate may learn of faces from cards."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gate.section import Section


class LearningSettings(Section):
    """Faces learnt from cards, of people who agreed to it. See docs/learning.md."""

    advanced: ClassVar[frozenset[str]] = frozenset({"passages", "days", "most"})

    enabled: bool = Field(
        False,
        description="whether faces are learnt at all from those who show a card. Needs a liveness "
        "network, and an answer of each person of its own; not on a box that belongs to a hub",
    )
    passages: int = Field(
        5,
        ge=3,
        le=50,
        description="passages by card after which somebody without a face is enrolled",
    )
    days: int = Field(2, ge=2, le=30, description="different days these passages lie on at least")
    confirm: bool = Field(
        True,
        description="whether a face learnt from a card counts only after staff confirmed at the "
        "desk that the card was its holder's own all the time; false: after the passages alone",
    )
    keep_days: int = Field(
        30, ge=3, le=90, description="days after which a face that did not lead to one is deleted"
    )
    most: int = Field(
        3, ge=0, le=5, description="templates added to those somebody was enrolled with; 0: none"
    )
