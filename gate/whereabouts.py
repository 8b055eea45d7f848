"""On which side of the gates people were last seen to go, shared by all gates of one register."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from gate.access.antipassback import Place, passed, presences
from gate.access.decision import Outcome
from gate.access.request import Presence
from gate.passage import outputs
from gate.store.store import Store
from gate.store.tables import FactRow

_KEY = "place:"


class Whereabouts:
    """Belongs to the main loop's thread, but for ``load``, whose answer is handed over.

    Args:
        inward: True when this gate leads in, False out; None: nothing is kept.
        hours: after which a place is not known any more.
    """

    def __init__(self, inward: bool | None, hours: float) -> None:
        self._inward, self._hours = inward, hours
        self._places: dict[int, Place] = {}
        self._passing: dict[str, int] = {}  # passage → person, until the door has closed

    def heard(self, output: outputs.Output, now: float) -> tuple[int, Place] | None:
        """What the lane wanted done, at ``now`` (seconds since 1970).

        Returns a change that has to be saved. Somebody who was granted and did not go through,
        as far as the door can tell, is still where they were.
        """
        if self._inward is None:
            return None
        if isinstance(output, outputs.Decided):
            person = output.decision.person
            if output.decision.outcome is Outcome.GRANT and person is not None:
                self._passing[output.passage] = person.id
        elif isinstance(output, outputs.EventOut) and output.type == "passage.ended":
            went = self._passing.pop(output.passage, None)
            if went is not None and output.details.get("passed") is not False:
                self._places = passed(self._places, went, self._inward, now)
                return went, self._places[went]
        return None

    def presence(self, now: float) -> Mapping[int, Presence]:
        """For ``House.presence``."""
        return presences(self._places, now, self._hours)

    def take(self, places: Mapping[int, Place]) -> None:
        """What ``load`` found; the newer of two places counts."""
        for person, place in places.items():
            known = self._places.get(person)
            if known is None or place.at > known.at:
                self._places = {**self._places, person: place}

    def forget(self, person: int) -> None:
        """Nothing of a deleted person stays."""
        self._places.pop(person, None)


def load(store: Store) -> dict[int, Place]:
    """All places in the register. Raises StoreError."""
    with store.database.read() as session:
        rows = session.scalars(select(FactRow).where(FactRow.key.startswith(_KEY))).all()
    return {
        int(row.key.removeprefix(_KEY)): Place(row.value["inside"], row.value["at"])
        for row in rows
        if row.value
    }


def save(store: Store, person: int, place: Place | None) -> None:
    """Keep a place; None forgets it. Raises StoreError."""
    value = {"inside": place.inside, "at": place.at} if place else {}
    store.facts.set(f"{_KEY}{person}", value)
