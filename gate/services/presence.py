"""On which side of the gates people were last seen, shared by all gates of one register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from gate.access.antipassback import Place, passed, presences
from gate.access.decision import Outcome
from gate.access.request import Presence
from gate.passage import outputs
from gate.store.key_value import begins
from gate.store.store import Store
from gate.store.tables import KeyValueRow

_KEY = "place:"
_OPEN = ("held_open", "fire")  # rules by which nobody is asked


class PresenceRegister:
    """One caller at a time.

    Args:
        inward: True when this gate leads in, False out; None: nothing is kept.
        hours: after which a place is not known any more.
    """

    def __init__(self, inward: bool | None, hours: float) -> None:
        self._inward, self._hours = inward, hours
        self._places: dict[int, Place] = {}
        # passage → person and when they were granted, until the door has closed
        self._passing: dict[str, tuple[int, float]] = {}

    def heard(self, output: outputs.Output, now: float) -> tuple[int, Place] | None:
        """What the lane wanted done, at ``now`` (seconds since 1970).

        Returns a change that has to be saved. Somebody who was granted and did not go through,
        as far as the door contact shows, is still where they were; whoever is recognised at a
        door that is held open walks through.
        """
        if self._inward is None:
            return None
        if isinstance(output, outputs.Decided):
            person = output.decision.person
            if output.decision.outcome is Outcome.GRANT and person is not None:
                if output.decision.rule in _OPEN:
                    return self._went(person.id, now, now)
                self._passing[output.passage] = (person.id, now)
        elif isinstance(output, outputs.EventOut) and output.type == "passage.ended":
            went = self._passing.pop(output.passage, None)
            if went is not None and output.details.get("passed") is not False:
                person_id, granted = went
                return self._went(person_id, min(granted, now), now)  # the clock may jump back
        return None

    def passing(self, passage: str, person: int, granted: float) -> None:
        """Somebody was let in before a restart, at ``granted`` (seconds since 1970), and whether
        they have passed is yet to be said."""
        self._passing[passage] = (person, granted)

    def _went(self, person: int, at: float, now: float) -> tuple[int, Place] | None:
        """``at``: when they were let in. A door may stand open for long: who has passed another
        gate by the time it closes is where they went through last.
        """
        known = self._places.get(person)
        if known is not None and at < known.at <= now:
            return None
        self._places = passed(self._places, person, self._inward, at)
        return person, self._places[person]

    def presence(self, now: float) -> Mapping[int, Presence]:
        """For ``Context.presence``."""
        return presences(self._places, now, self._hours)

    def take(self, places: Mapping[int, Place], now: float) -> bool:
        """What ``load`` found; the newer of two places counts. Whether anything was new.

        A place known from after ``now`` (seconds since 1970) is of a clock that was ahead, and
        gives way to any other.
        """
        newer = {
            person: place
            for person, place in places.items()
            if (known := self._places.get(person)) is None
            or place.at > known.at
            or place.at <= now < known.at
        }
        self._places = {**self._places, **newer}
        return bool(newer)

    def forget(self, person: int) -> None:
        """Remove every trace of a deleted person."""
        self._places.pop(person, None)


def load(store: Store, since: datetime | None = None) -> dict[int, Place]:
    """All places in the register, or those written from ``since`` on. Raises StoreError."""
    query = select(KeyValueRow).where(begins(_KEY))
    if since is not None:
        query = query.where(KeyValueRow.at >= since)
    with store.database.read() as session:
        rows = session.scalars(query).all()
    return {
        int(row.key.removeprefix(_KEY)): Place(row.value["inside"], row.value["at"])
        for row in rows
        if row.value
    }


def save(store: Store, person: int, place: Place | None) -> None:
    """Keep a place; None forgets it. Raises StoreError."""
    if place is None:
        store.key_values.forget(f"{_KEY}{person}")
    else:
        store.key_values.set(f"{_KEY}{person}", {"inside": place.inside, "at": place.at})
