"""Anti-passback: on which side of the gates people are, from their passages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.access.request import Presence


@dataclass(frozen=True, slots=True)
class Place:
    """The side a person was last seen to enter. ``at``: seconds since 1970, UTC."""

    inside: bool
    at: float


def passed(
    places: Mapping[int, Place], person: int, inward: bool | None, at: float
) -> dict[int, Place]:
    """After ``person`` went through a gate that leads in, out, or (None) in no direction."""
    if inward is None:
        return dict(places)
    return {**places, person: Place(inward, at)}


def presences(places: Mapping[int, Place], now: float, hours: float) -> dict[int, Presence]:
    """Where everybody is; what is older than ``hours``, or lies in the future, is not known."""
    return {
        person: Presence.INSIDE if place.inside else Presence.OUTSIDE
        for person, place in places.items()
        if 0 <= now - place.at < hours * 3600
    }
