"""Who should be enrolled again: their evidence at the gate has become weak."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select

from gate.store.store import Store
from gate.store.tables import EventRow

_SPAN = timedelta(days=30)
_FEWEST = 8  # passages by face, below which nothing is said
_FALLEN = 0.7  # of the earlier margin
_EVERY = timedelta(hours=23)
_FACT = "desk.drift"


def due(store: Store, now: datetime) -> bool:
    """Whether the last look is a day ago: scores drift over weeks."""
    at = (store.key_values.get(_FACT) or {}).get("at")
    return at is None or now - datetime.fromisoformat(at) >= _EVERY


def look(store: Store, now: datetime) -> list[str]:
    """Pseudonyms of people whose margin fell; kept for the page. Some seconds of work."""
    margins: dict[str, list[float]] = defaultdict(list)
    query = (
        select(EventRow.person, EventRow.body["scores"])
        .where(
            EventRow.type == "passage.granted",
            EventRow.time >= now - _SPAN,
            EventRow.method == "face",
            EventRow.person.is_not(None),
        )
        .order_by(EventRow.time)
    )
    with store.database.read() as session:
        for person, scores in session.execute(query.execution_options(yield_per=1000)):
            if scores and "evidence" in scores and "threshold" in scores:
                margins[str(person)].append(scores["evidence"] - scores["threshold"])
    fallen = [person for person, values in margins.items() if has_fallen(values)]
    store.key_values.set(_FACT, {"at": now.isoformat(), "people": fallen})
    return fallen


def has_fallen(margins: list[float]) -> bool:
    """Whether the newest quarter of the margins lies well below the rest."""
    if len(margins) < _FEWEST:
        return False
    cut = len(margins) * 3 // 4
    return median(margins[cut:]) < _FALLEN * median(margins[:cut])


def last(store: Store) -> list[str]:
    """The result of the last look."""
    return list((store.key_values.get(_FACT) or {}).get("people", []))
