"""What boxes share through the hub: on which side people are, how often permits were used.

Each is one small row that only its newest value replaces, numbered in the order of commits: the
feed carries what came after the number a box has, beside the changes of the register.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import isfinite
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.store.heads import Head, at_commit, raise_head, wake
from gate.store.store import Store
from gate.store.tables import BoxRow, HeadRow, PermitRow, PersonRow, SightingRow
from gate.store.tables.base import now

PAGE = 500  # rows in one answer
_PLACE, _USES = "place", "uses"
_KEPT = timedelta(days=31)  # antipassback_hours is 720 at most

_MOST_USES = 1 << 31  # of one permit at one box

Place = tuple[str, bool, float]  # pseudonym, inside, seconds since 1970
Uses = tuple[str, int]  # serial, how often this box has seen it used


class Sightings:
    """Any thread; raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, box: BoxRow, epoch: int, places: Sequence[Place], uses: Sequence[Uses]) -> None:
        """Keep what a box has seen; older than what is there, or sent twice, it changes nothing."""
        with self._store.database.write() as session:
            fresh = [*_newer(session, box, places), *_more(session, f"{box.id}:{epoch}", uses)]
            if not fresh:
                return

            def number(session: Session) -> None:
                last = raise_head(session, Head.SIGHTINGS, len(fresh))
                for place, row in enumerate(fresh):
                    row.n = last - len(fresh) + 1 + place
                wake(session)

            at_commit(session, Head.SIGHTINGS, number)

    def after(self, box: BoxRow, epoch: int, n: int) -> dict[str, Any] | None:
        """What other boxes have seen after the number ``n``; None when that is nothing."""
        with self._store.database.read() as session:
            head = session.scalar(select(HeadRow.n).where(HeadRow.name == "sightings")) or 0
            if n == head:
                return None
            if n > head:  # this hub was put back from a backup
                n = 0
            rows = session.scalars(
                select(SightingRow)
                .where(SightingRow.n > n, SightingRow.at > now() - _KEPT)
                .order_by(SightingRow.n)
                .limit(PAGE)
            ).all()
            serials = {row.ref for row in rows if row.kind == _USES}
            return {
                "n": rows[-1].n if len(rows) == PAGE else head,
                "places": [
                    [row.ref, row.value["inside"], row.value["at"]]
                    for row in rows
                    if row.kind == _PLACE and row.value["box"] != box.id
                ],
                "uses": sorted(_elsewhere(session, serials, f"{box.id}:{epoch}").items()),
            }


def _newer(session: Session, box: BoxRow, places: Iterable[Place]) -> list[SightingRow]:
    # a box whose clock is ahead must not be the newest for all the time until then
    present = now().timestamp()
    given = {ref: (inside, min(at, present)) for ref, inside, at in places}
    # somebody deleted meanwhile leaves no trace here
    known = set(session.scalars(select(PersonRow.ref).where(PersonRow.ref.in_(given))))
    fresh = []
    for ref in sorted(known):
        inside, at = given[ref]
        row = session.get(SightingRow, (_PLACE, ref, ""), with_for_update=True)
        if row is None:
            row = SightingRow(kind=_PLACE, ref=ref, source="", n=0)
            session.add(row)
        elif row.value["at"] >= at:
            continue
        row.value, row.at = {"inside": inside, "at": at, "box": box.id}, now()
        fresh.append(row)
    return fresh


def _more(session: Session, source: str, uses: Iterable[Uses]) -> list[SightingRow]:
    fresh = []
    for serial, count in sorted(uses):
        row = session.get(SightingRow, (_USES, serial, source), with_for_update=True)
        if row is None:
            row = SightingRow(kind=_USES, ref=serial, source=source, n=0)
            session.add(row)
        elif row.value["uses"] >= count:
            continue
        row.value, row.at = {"uses": count}, now()
        fresh.append(row)
    session.flush()
    for row in fresh:
        permit = session.get(PermitRow, row.ref, with_for_update=True)
        if permit is not None:
            permit.uses = max(permit.uses, sum(_counts(session, {row.ref})[row.ref].values()))
    return fresh


def _elsewhere(session: Session, serials: set[str], source: str) -> dict[str, int]:
    """How often each permit was used at other boxes, or at this one before it was restored."""
    return {
        serial: sum(count for where, count in counts.items() if where != source)
        for serial, counts in _counts(session, serials).items()
    }


def _counts(session: Session, serials: set[str]) -> Mapping[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {serial: {} for serial in serials}
    query = select(SightingRow).where(SightingRow.kind == _USES, SightingRow.ref.in_(serials))
    for row in session.scalars(query):
        found[row.ref][row.source] = row.value["uses"]
    return found


def checked(places: Sequence[Any], uses: Sequence[Any]) -> tuple[list[Place], list[Uses]]:
    """As they arrived. Raises StoreError for what is none."""
    try:
        seen = [(str(ref)[:32], bool(inside), float(at)) for ref, inside, at in places]
        used = [(str(serial)[:32], int(count)) for serial, count in uses]
        # what is below zero would give uses of other gates back
        if not all(0 <= n <= _MOST_USES for _, n in used) or not all(isfinite(s[2]) for s in seen):
            raise ValueError("no count or no time")
        return seen, used
    except (TypeError, ValueError, OverflowError) as error:
        raise StoreError(
            "that is no report of places and uses",
            where="sightings",
            hint="update the box's software to that of the hub",
        ) from error
