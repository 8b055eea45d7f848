"""Figures of the last days: how many passed where and how, who was refused, how well faces do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from enroll import charts, figures, rule_preview
from enroll.figures import HEALTH, Counts
from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.evaluation.interval import wilson
from gate.events import story
from gate.texts.catalogue import translator

router = APIRouter()

SPANS = (1, 7, 30, 90)


@dataclass(frozen=True, slots=True)
class Share:
    """How often something became of a face, now and before; shares are None without faces."""

    what: str
    count: int
    share: float | None
    before: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Health:
    """Recognition at one gate. ``unusable``: sentences with counts, the most frequent first."""

    gate: str
    faces: int
    shares: tuple[Share, ...]
    unusable: tuple[tuple[str, int], ...]


@router.get("/figures")
def of_days(
    visit: Annotated[Visit, Depends(allowed(Permission.EVENTS_VIEW))],
    days: Annotated[int, Query(ge=1, le=90)] = 7,
    gate: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The last ``days`` beside as many before them."""
    _ = translator(visit.language)
    days = min(SPANS, key=lambda span: abs(span - days))
    today = visit.desk.clock.utc().astimezone().date()
    first = today - timedelta(days=days - 1)
    read = visit.desk.figures.of_days(
        visit.desk.store.database, first - timedelta(days=days), today, today
    )
    now = {day: one.of_gate(gate) for day, one in read.items() if day >= first}
    before = figures.together({day: one for day, one in read.items() if day < first})
    whole, earlier = figures.together(now), before.of_gate(gate)
    refused: dict[str, int] = {}
    names = visit.desk.gate_names()
    for (_gate, code), number in whole.refused.items():
        words = story.why(code, visit.language)
        refused[words] = refused.get(words, 0) + number
    ways = {story.way(str(way), visit.language): n for way, n in whole.by(2).most_common()}
    return render(
        visit.request,
        "figures.html",
        visit,
        days=days,
        spans=SPANS,
        gate=gate,
        gates=rule_preview.gates_of(visit.desk),
        first=first,
        today=today,
        total=whole.granted.total(),
        total_before=earlier.granted.total(),
        turned_away=whole.refused.total(),
        by_hour=charts.bars(
            [(f"{hour}", round(whole.by(0)[hour] / days)) for hour in range(24)],
            _("Passages by hour, mean of a day"),
        ),
        by_day=charts.bars(_days_of(now), _("Passages by day")) if days > 1 else "",
        tables=[
            (
                _("Passages by gate"),
                [(names.label(f"{k}"), n) for k, n in whole.by(1).most_common()],
                "",
            ),
            (_("Passages by way"), list(ways.items()), ""),
            (_("Refused or asked for more"), _most(refused), "bad"),
        ],
        health=[
            health_of(one, whole, earlier, visit.language)
            for one in sorted({key[0] for key in whole.health})
        ],
    )


def health_of(gate: str, now: Counts, before: Counts, language: str) -> Health:
    """What became of the faces at one gate. Pure."""
    faces, earlier = (sum(one.health[gate, what] for what in HEALTH) for one in (now, before))
    shares = []
    for what in HEALTH:
        number = now.health[gate, what]
        low, high = wilson(number, faces)
        old = before.health[gate, what] / earlier if earlier else None
        shares.append(Share(what, number, number / faces if faces else None, old, low, high))
    why: dict[str, int] = {}
    for (at, code), number in now.unusable.items():
        if at == gate:
            words = story.why(code, language)
            why[words] = why.get(words, 0) + number
    return Health(gate, faces, tuple(shares), tuple(_most(why)))


def _days_of(now: dict[date, Counts]) -> list[tuple[str, int]]:
    return [(f"{day:%m-%d}", one.granted.total()) for day, one in sorted(now.items())]


def _most(values: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
