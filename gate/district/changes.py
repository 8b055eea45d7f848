"""The desk of a simulated district: changes people all the time, and knows who may be where."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select

from gate.district.layout import name_of
from gate.district.site import Site, face
from gate.store.places import with_place
from gate.store.tables import BuildingRow, PersonRow

_KINDS = ("new", "new", "block", "move", "delete")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its number, when it was committed (monotonic), and the boxes it is for."""

    kind: str
    number: int
    at: float
    gates: frozenset[str]


@dataclass(slots=True)
class Book:
    """What was changed so far. ``allowed``: everybody who ever belonged on a gate's box."""

    allowed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    deleted: list[str] = field(default_factory=list)  # names
    made: list[Change] = field(default_factory=list)


class Desk:
    """``run`` belongs to a thread; ``pause`` to whoever compares registers meanwhile."""

    def __init__(self, site: Site, per_second: float, seed: int = 0) -> None:
        self._site = site
        self._every = 1 / per_second
        self._random = random.Random(seed)
        self._next = site.layout.people
        self.book = Book()
        self.pause = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, daemon=True)
        self.fault: Exception | None = None
        self.learn()

    def learn(self) -> None:
        """Read who is where; also after the hub was put back from a backup."""
        query = with_place(
            select(PersonRow.id, PersonRow.ref, PersonRow.name, PersonRow.groups, BuildingRow.name)
        )
        with self._site.store.database.read() as session:
            rows = session.execute(query).all()
        self._people = {
            id: (ref, name, house or "", list(groups)) for id, ref, name, groups, house in rows
        }
        self._homes = {
            house: self._site.store.places.household(house, "0101").id
            for house in self._site.layout.buildings
        }
        for ref, _, house, groups in self._people.values():
            for gate in self._site.layout.gates_of(house, groups):
                self.book.allowed[gate].add(ref)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(60)

    def run(self) -> None:
        while not self._stopping.wait(self._every * self._random.uniform(0.5, 1.5)):
            try:
                with self.pause:
                    self.change(self._random.choice(_KINDS))
            except Exception as error:  # reported by the simulation
                self.fault = error
                return

    def change(self, kind: str) -> None:
        layout, store, book = self._site.layout, self._site.store, self.book
        house = self._random.choice(layout.buildings)
        if kind == "new":
            name = name_of(self._next)
            self._next += 1
            row = store.people.create(name, household_id=self._homes[house])
            for gate in layout.gates_of(house, []):
                book.allowed[gate].add(row.ref)
            store.templates.add(face(row.id))
            self._people[row.id] = (row.ref, name, house, [])
            self._note(kind, layout.gates_of(house, []))
            return
        person = self._random.choice(list(self._people))
        ref, name, before, groups = self._people[person]
        gates = layout.gates_of(before, groups)
        if kind == "block":
            there = store.people.get(person)
            assert there is not None
            store.people.update(person, blocked=not there.blocked)
        elif kind == "move":
            after = layout.gates_of(house, groups)
            for gate in after:
                book.allowed[gate].add(ref)
            store.people.update(person, household_id=self._homes[house])
            self._people[person] = (ref, name, house, groups)
            gates |= after
        else:
            del self._people[person]
            store.people.delete(person)
            book.deleted.append(name)
        self._note(kind, gates)

    def _note(self, kind: str, gates: set[str]) -> None:
        at = time.monotonic()
        self.book.made.append(Change(kind, self._site.level(), at, frozenset(gates)))
