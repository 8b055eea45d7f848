"""All templates of all enrolled people: one contiguous matrix, and whose each row is.

One thread writes (``Gallery``), any number read (``Snapshot``). A snapshot never changes: new
people are appended behind its end into spare capacity, everything else is copied on write. The
memory of a matrix nobody reads any more is overwritten before it is given back, so an erased
person's rows last no longer than the last match that was using them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Template, Vector

Persons = NDArray[np.int64]
_Kind = TypeVar("_Kind", bound=np.generic)


class Block:
    """Memory for ``capacity`` float32 rows, overwritten with zeros when its last view is gone."""

    def __init__(self, capacity: int, width: int) -> None:
        self._memory: Vector = np.zeros((capacity, width), np.float32)
        self.__array_interface__ = self._memory.__array_interface__

    def rows(self) -> Vector:
        """A writable view, float32 (capacity, width); it keeps the block alive."""
        return np.asarray(self)

    def __del__(self) -> None:
        self._memory.fill(0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The gallery at one moment. Arrays are read-only.

    Attributes:
        encoder: the encoder of every row.
        generation: counts the changes of the gallery from 0.
        rows: float32 (n, d), unit length, raw; the rows of a person stand together.
        people: int64 (p,), each person once, in the order of the rows.
        starts: int64 (p + 1,); person ``i`` has the rows ``starts[i]:starts[i + 1]``.
    """

    encoder: str
    generation: int
    rows: Vector
    people: Persons
    starts: Persons

    @property
    def counts(self) -> Persons:
        """How many templates each person has, int64 (p,)."""
        return np.diff(self.starts)

    @property
    def owners(self) -> Persons:
        """The person of each row, int64 (n,)."""
        return np.repeat(self.people, self.counts)

    def rows_of(self, person: int) -> Vector:
        """The templates of one person, float32 (k, d); (0, d) when not enrolled."""
        found = np.flatnonzero(self.people == person)
        if not len(found):
            return self.rows[:0]
        return self.rows[self.starts[found[0]] : self.starts[found[0] + 1]]


class Gallery:
    """The writer's side. Changes are published at once, as a whole, by ``snapshot``."""

    def __init__(self, encoder: str, width: int) -> None:
        self._lock = threading.Lock()
        self._block = Block(64, width)
        self._width = width
        nobody = _frozen(np.zeros(0, np.int64))
        rows = _frozen(self._block.rows()[:0])
        self._now = Snapshot(encoder, 0, rows, nobody, _frozen(np.zeros(1, np.int64)))

    def snapshot(self) -> Snapshot:
        """The gallery as it is now; it stays as it is for whoever holds it."""
        return self._now

    def add(self, templates: Iterable[Template]) -> Snapshot:
        """Add templates of new or known people; the templates of one person are kept together.

        Raises:
            RecognitionError: a template of another encoder, of another length or not of unit
                length. Nothing is added then.
        """
        new = list(templates)
        for template in new:
            self._check(template)
        with self._lock:
            if not new:
                return self._now
            known = set(self._now.people.tolist())
            merged = any(template.person in known for template in new)
            by_person: dict[int, list[Vector]] = {}
            if merged:
                for person in self._now.people.tolist():
                    by_person[person] = list(self._now.rows_of(person))
            for template in new:
                by_person.setdefault(template.person, []).append(template.vector)
            people = np.fromiter(by_person, np.int64, len(by_person))
            counts = np.array([len(rows) for rows in by_person.values()], np.int64)
            rows = np.concatenate([np.stack(rows) for rows in by_person.values()])
            if merged:
                return self._rewrite(rows, people, counts)
            return self._append(rows, people, counts)

    def remove(self, person: int) -> Snapshot:
        """Take a person out. Unknown people are no error: the result is the same."""
        with self._lock:
            now = self._now
            stay = now.people != person
            if stay.all():
                return now
            rows = now.rows[np.repeat(stay, now.counts)]
            return self._rewrite(rows, now.people[stay], now.counts[stay])

    def _append(self, rows: Vector, people: Persons, counts: Persons) -> Snapshot:
        now = self._now
        used = len(now.rows)
        people = np.concatenate([now.people, people])
        counts = np.concatenate([now.counts, counts])
        if used + len(rows) > len(self._block.rows()):
            return self._rewrite(np.concatenate([now.rows, rows]), people, counts)
        self._block.rows()[used : used + len(rows)] = rows
        return self._publish(used + len(rows), people, counts)

    def _rewrite(self, rows: Vector, people: Persons, counts: Persons) -> Snapshot:
        """``rows`` is a copy made on the way; nothing of it stays behind."""
        self._block = Block(max(64, len(rows) + len(rows) // 4), self._width)
        self._block.rows()[: len(rows)] = rows
        rows.fill(0.0)
        return self._publish(len(rows), people, counts)

    def _publish(self, used: int, people: Persons, counts: Persons) -> Snapshot:
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._now = Snapshot(
            self._now.encoder,
            self._now.generation + 1,
            _frozen(self._block.rows()[:used]),
            _frozen(people),
            _frozen(starts),
        )
        return self._now

    def _check(self, template: Template) -> None:
        if template.encoder != self._now.encoder:
            raise RecognitionError(
                f"this template was made by the encoder {template.encoder!r}, "
                f"the gallery by {self._now.encoder!r}",
                where=f"person {template.person}",
                hint="enrol the person again with the encoder in use, or migrate the gallery",
            )
        if template.vector.shape != (self._width,):
            raise RecognitionError(
                f"A template has the shape {template.vector.shape} instead of ({self._width},)",
                where=f"person {template.person}",
                hint="enrol the person again",
            )
        if not abs(float(np.linalg.norm(template.vector)) - 1.0) < 1e-3:
            raise RecognitionError(
                "A template is not of unit length",
                where=f"person {template.person}",
                hint="enrol the person again",
            )


def _frozen(array: NDArray[_Kind]) -> NDArray[_Kind]:
    view = array.view()
    view.flags.writeable = False
    return view
