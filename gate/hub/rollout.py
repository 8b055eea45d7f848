"""How a configuration goes from gate to gate, and when it comes back; pure.

First one gate, then the gates of its area, then all others. Each wave has to be ready in time, is
then watched, and has to grant as usual; else every gate goes back to what it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt

READY_WITHIN = timedelta(minutes=10)  # for a trial beside the gate, a restart, and its own limit
FETCHED_WITHIN = timedelta(hours=2)  # models that a box fetches first, over whatever link it has
SILENT = timedelta(seconds=30)  # three beats
FALL = 0.05  # of the share; a smaller fall is not acted upon
ENOUGH = 20  # decisions of a wave; with fewer it is watched longer
_LONGER = 4  # times as long at most
# one-sided 0.05 %: it is looked at again and again while the wave is watched
_Z = 3.29


class Action(StrEnum):
    WAIT = "wait"
    NEXT = "next"
    DONE = "done"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Share:
    """``good`` of ``of``."""

    good: int = 0
    of: int = 0

    @property
    def value(self) -> float:
        return self.good / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Decisions of one gate over a time.

    Attributes:
        granted: of all decisions.
        by_face: of the grants; it falls when faces are no longer recognised and cards step in.
    """

    granted: Share = Share()
    by_face: Share = Share()


@dataclass(frozen=True, slots=True)
class GateNow:
    """One gate of a wave that has begun.

    Attributes:
        there: whether it was heard of when its wave began; what is away does not hold up a wave.
        seen: when it was last heard of.
        runs: whether it serves with the version and has confirmed it.
        failed: why it refused the version or went back by itself; "" if it did not.
        ready: since when it serves with the version; None before.
        usual: before the roll-out; ``now``: since it is ready.
        fetched: when it was last heard to fetch models for the version; None if it did not.
    """

    there: bool
    seen: datetime | None
    runs: bool
    failed: str
    ready: datetime | None
    usual: Figures = Figures()
    now: Figures = Figures()
    fetched: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``gate`` and ``why`` (a code, and what was seen) where it goes back; ``ready``: gates that
    are ready since now."""

    action: Action
    gate: str = ""
    why: str = ""
    ready: tuple[str, ...] = ()


def waves(gates: Mapping[str, str], connected: Iterable[str], first: str = "") -> list[list[str]]:
    """Gates with their areas → one gate that can be watched, its area, the others; by name.

    ``first``: the gate to begin with; else the first that is connected.
    """
    if not gates:
        return []
    there = set(connected)
    chosen = first if first in gates else min(gates, key=lambda name: (name not in there, name))
    area = gates[chosen]
    near = sorted(n for n, where in gates.items() if area and where == area and n != chosen)
    rest = sorted(set(gates) - {chosen, *near})
    return [wave for wave in ([chosen], near, rest) if wave]


def judge(
    begun: Mapping[str, GateNow],
    since: datetime,
    now: datetime,
    watch: timedelta,
    *,
    last: bool,
) -> Verdict:
    """What to do with a roll-out.

    Args:
        begun: every gate of the waves so far.
        since: when the newest wave began.
        watch: how long a wave is watched once its gates are ready.
        last: whether no wave comes after it.
    """
    for name, gate in sorted(begun.items()):
        if why := _wrong(gate, since, now):
            return Verdict(Action.BACK, name, why)
    ready = tuple(sorted(n for n, gate in begun.items() if gate.runs and gate.ready is None))
    waiting = [gate for gate in begun.values() if gate.there and gate.ready is None]
    times = [gate.ready for gate in begun.values() if gate.ready is not None]
    if waiting or (not times and not last):  # nobody was there: the next wave would go unwatched
        return Verdict(Action.WAIT, ready=ready)
    watched = now - max([since, *times])
    decisions = sum(gate.now.granted.of for gate in begun.values())
    if watched < watch or (decisions < ENOUGH and watched < _LONGER * watch):
        return Verdict(Action.WAIT, ready=ready)
    return Verdict(Action.DONE if last else Action.NEXT, ready=ready)


def _wrong(gate: GateNow, since: datetime, now: datetime) -> str:
    if gate.failed:
        return f"failed: {gate.failed}"
    if gate.there and gate.ready is None and not gate.runs:
        began = max(since, gate.fetched or since)
        if now - began > READY_WITHIN or now - since > FETCHED_WITHIN + READY_WITHIN:
            return "not_ready"
    if gate.ready is not None and (gate.seen is None or now - gate.seen > READY_WITHIN):
        return "silent"
    if fallen(gate.usual.granted, gate.now.granted):
        return f"grants: {_percent(gate.usual.granted)} → {_percent(gate.now.granted)}"
    if fallen(gate.usual.by_face, gate.now.by_face):
        return f"by_face: {_percent(gate.usual.by_face)} → {_percent(gate.now.by_face)}"
    return ""


def fallen(usual: Share, present: Share) -> bool:
    """Whether a share has certainly fallen by more than ``FALL``.

    By the score test of two proportions, with the difference ``FALL`` as what has to be excluded.
    """
    if not usual.of or present.of < ENOUGH:
        return False
    pooled = (usual.good + present.good) / (usual.of + present.of)
    error = sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / usual.of + 1 / present.of))
    return usual.value - present.value - FALL > _Z * error


def _percent(share: Share) -> str:
    return f"{100 * share.value:.0f} % (n = {share.of})"


def counted(rows: Sequence[tuple[str | None, str | None, int]]) -> Figures:
    """Figures from counts by decision ("grant", "deny", "ask") and method of passage events."""
    total = sum(count for _, _, count in rows)
    granted = [(method or "", count) for decision, method, count in rows if decision == "grant"]
    grants = sum(count for _, count in granted)
    face = sum(count for method, count in granted if method.startswith("face"))
    return Figures(Share(grants, total), Share(face, grants))
