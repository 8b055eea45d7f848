"""How many pass in each hour of an ordinary day, to compare today with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import mean

from enroll import history
from gate.store.engine import Database

WEEKS = 4  # an ordinary day is the mean of the same weekday in so many weeks


class OrdinaryDay:
    """Passages by hour of an ordinary day like today, counted once a day."""

    def __init__(self) -> None:
        self._known: tuple[date, list[float]] | None = None

    def of(self, database: Database, midnight: datetime) -> list[float]:
        """24 means of granted passages; all zero when there is no week to compare with."""
        known = self._known
        if known is None or known[0] != midnight.date():
            known = (midnight.date(), self._count(database, midnight))
            self._known = known
        return known[1]

    def _count(self, database: Database, midnight: datetime) -> list[float]:
        days = [
            history.by_hour(database, midnight - timedelta(weeks=week))
            for week in range(1, WEEKS + 1)
        ]
        return means([day for day in days if any(day)])


def means(days: Sequence[Sequence[int]]) -> list[float]:
    """Hour by hour the mean of ``days``, each of 24 counts."""
    return [mean(day[hour] for day in days) if days else 0.0 for hour in range(24)]
