"""Places of people and uses of permits: this gate's to the hub, other gates' into the register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from gate.store.credentials import USES
from gate.store.key_value import begins
from gate.store.store import Store
from gate.store.tables import KeyValueRow, PermitRow, PersonRow, SequenceRow
from gate.store.tables.base import now

_MOST = 500  # of each kind in one message
_PLACE = "place:"  # see gate.services.presence
_CLOCKS = timedelta(minutes=1)  # looked back, for writes that were under way


class Sightings:
    """One thread at a time. Raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent: dict[str, Any] = {}  # by key, what the hub has
        self._since: datetime | None = None
        self.n = 0  # what this box has of the others'

    def epoch(self) -> int:
        with self._store.database.read() as session:
            return _epoch(session)

    def news(self) -> dict[str, Any] | None:
        """What the hub has not heard yet; after a start all of it, which does no harm."""
        at = now()
        since = None if self._since is None else min(self._since, at) - _CLOCKS
        with self._store.database.read() as session:
            epoch = _epoch(session)
            places = self._fresh(session, _PLACE, since)
            uses = self._fresh(session, f"{USES}{epoch}:", since)
            people = {int(key.removeprefix(_PLACE)) for key in places}
            refs: dict[int, str] = {
                row[0]: row[1]
                for row in session.execute(
                    select(PersonRow.id, PersonRow.ref).where(PersonRow.id.in_(people))
                )
            }
        if len(places) < _MOST and len(uses) < _MOST:
            self._since = at
        if not places and not uses:
            return None
        return {
            "epoch": epoch,
            "keys": {**places, **uses},
            "places": [
                [refs[person], value["inside"], value["at"]]
                for key, value in places.items()
                if (person := int(key.removeprefix(_PLACE))) in refs
            ],
            "uses": [[key.rpartition(":")[2], value["n"]] for key, value in uses.items()],
        }

    def again(self) -> None:
        """The hub has lost some: it gets all once more, and is asked for all of the others'."""
        self._sent.clear()
        self._since, self.n = None, 0

    def sent(self, news: Mapping[str, Any]) -> None:
        """The hub has them."""
        self._sent.update(news["keys"])

    def _fresh(self, session: Any, prefix: str, since: datetime | None) -> dict[str, Any]:
        query = select(KeyValueRow).where(begins(prefix))
        if since is not None:
            query = query.where(KeyValueRow.at >= since)
        present = now().timestamp()
        fresh = [
            (row.key, row.value)
            for row in session.scalars(query)
            if row.value
            and "from" not in row.value
            and self._sent.get(row.key) != row.value
            # of a time when this box's clock was ahead
            and row.value.get("at", 0.0) <= present
        ]
        return dict(fresh[:_MOST])

    def apply(self, given: Mapping[str, Any]) -> None:
        """What other gates have seen: the newer place counts, uses are added up."""
        places = {ref: (bool(inside), float(at)) for ref, inside, at in given["places"]}
        uses = {serial: int(count) for serial, count in given["uses"]}
        if places or uses:
            with self._store.database.write() as session:
                rows = session.execute(
                    select(PersonRow.id, PersonRow.ref).where(PersonRow.ref.in_(places))
                )
                for person, ref in rows.all():
                    inside, at = places[ref]
                    known = session.get(KeyValueRow, f"{_PLACE}{person}")
                    # one of the future is of a clock that was ahead
                    if known is None or not at <= known.value["at"] <= now().timestamp():
                        value = {"inside": inside, "at": at, "from": "hub"}
                        session.merge(KeyValueRow(key=f"{_PLACE}{person}", value=value, at=now()))
                epoch = _epoch(session)
                for serial, others in uses.items():
                    permit = session.get(PermitRow, serial)
                    if permit is not None:
                        mine = session.get(KeyValueRow, f"{USES}{epoch}:{serial}")
                        total = others + (mine.value["n"] if mine else 0)
                        permit.uses = max(permit.uses, total)
        if given["n"] < self.n:  # it was put back
            self.again()
        self.n = given["n"]


def _epoch(session: Any) -> int:
    """Of this database: a restored one counts uses from zero again, under another."""
    return session.scalar(select(func.max(SequenceRow.epoch))) or 0
