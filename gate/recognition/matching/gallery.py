"""All templates of all enrolled people: one contiguous matrix, and whose each row is.

One thread writes (``Gallery``), any number read (``Snapshot``). A snapshot never changes: new
people are appended behind its end into spare capacity, everything else is copied on write. The
memory of a matrix nobody reads any more is overwritten before it is given back, so an erased
person's rows last no longer than the last match that was using them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Template, Vector

Persons = NDArray[np.int64]
_Kind = TypeVar("_Kind", bound=np.generic)


# two blocks of zeros to be used again: fresh memory of a large gallery costs more than the copying
_spare: deque[Vector] = deque(maxlen=2)
_SPARED = 1 << 20  # values from which a block is worth keeping


class Block:
    """Memory for ``capacity`` float32 rows, overwritten with zeros when its last view is gone.

    Attributes:
        used: how many rows may be other than zeros; whoever fills fewer than all says so.
    """

    def __init__(self, capacity: int, width: int) -> None:
        self._memory: Vector = _memory(capacity, width)
        self.used = capacity
        self.__array_interface__ = self._memory[:capacity].__array_interface__

    def rows(self) -> Vector:
        """A writable view, float32 (capacity, width); it keeps the block alive."""
        return np.asarray(self)

    def __del__(self) -> None:
        self._memory[: self.used].fill(0.0)
        if self._memory.size >= _SPARED:
            _spare.append(self._memory)  # may run in any thread: a deque needs no lock


def _memory(capacity: int, width: int) -> Vector:
    """Zeros, float32 (at least ``capacity``, width)."""
    for _ in range(len(_spare)):
        try:
            kept = _spare.popleft()
        except IndexError:
            break
        if kept.shape[1] == width and capacity <= len(kept) <= 2 * capacity:
            return kept
        _spare.append(kept)
    return np.zeros((capacity, width), np.float32)


def copy_runs(target: Vector, source: Vector, stay: NDArray[np.bool_]) -> int:
    """Copy the rows of ``source`` that stay to the beginning of ``target``, without a copy between.

    Args:
        stay: bool (n,), for the rows of ``source``.

    Returns how many rows that were.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], stay, [False]])))
    used = 0
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        target[used : used + end - first] = source[first:end]
        used += end - first
    return used


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The gallery at one moment. Arrays are read-only.

    Attributes:
        encoder: the encoder of every row.
        generation: counts the changes of the gallery from 0.
        rows: float32 (n, d), unit length, raw; the rows of a person are adjacent.
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
        return self.replace([person], ())

    def replace(self, people: Collection[int], templates: Iterable[Template]) -> Snapshot:
        """Take ``people`` out and add templates of some of them, in one step.

        The same as ``remove`` for each and ``add``, with one copy of the matrix at most.

        Raises RecognitionError like ``add``, and ValueError for a template of somebody who is not
        replaced; nothing is changed then.
        """
        new: dict[int, list[Vector]] = {}
        for template in templates:
            self._check(template)
            if template.person not in people:
                raise ValueError("templates of somebody who is not replaced")
            new.setdefault(template.person, []).append(template.vector)
        with self._lock:
            now = self._now
            stay = ~np.isin(now.people, np.fromiter(people, np.int64, len(people)))
            fresh = np.fromiter(new, np.int64, len(new))
            counts = np.array([len(rows) for rows in new.values()], np.int64)
            added = [row for rows in new.values() for row in rows]
            if stay.all():
                return self._append(np.stack(added), fresh, counts) if added else now
            kept = int(now.counts[stay].sum())
            before, block = now.rows, Block(_room(kept + len(added)), self._width)
            copy_runs(block.rows(), before, np.repeat(stay, now.counts))
            if added:
                block.rows()[kept : kept + len(added)] = added
            self._block = block
            return self._publish(
                kept + len(added),
                np.concatenate([now.people[stay], fresh]),
                np.concatenate([now.counts[stay], counts]),
            )

    def fill(self, people: Persons, vectors: Vector) -> Snapshot:
        """Put these templates in place of all that is there.

        Args:
            people: int64 (n,), the person of each row, ascending.
            vectors: float32 (n, d), unit rows; they are copied.

        Raises RecognitionError like ``add``.
        """
        if len(vectors) and vectors.shape[1] != self._width:
            self._check(Template(int(people[0]), vectors[0], self._now.encoder))
        length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))  # no copy, as norm makes
        wrong = np.flatnonzero(~(np.abs(length - 1.0) < 1e-3))
        for row in wrong[:1].tolist():
            self._check(Template(int(people[row]), vectors[row], self._now.encoder))
        with self._lock:
            numbers, counts = np.unique(people, return_counts=True)
            self._block = Block(_room(len(vectors)), self._width)
            if len(vectors):
                self._block.rows()[: len(vectors)] = vectors
            return self._publish(len(vectors), numbers.astype(np.int64), counts.astype(np.int64))

    def _append(self, rows: Vector, people: Persons, counts: Persons) -> Snapshot:
        now = self._now
        used = len(now.rows)
        people = np.concatenate([now.people, people])
        counts = np.concatenate([now.counts, counts])
        if used + len(rows) > len(self._block.rows()):
            self._block = Block(_room(used + len(rows)), self._width)
            self._block.rows()[:used] = now.rows
        self._block.rows()[used : used + len(rows)] = rows
        return self._publish(used + len(rows), people, counts)

    def _rewrite(self, rows: Vector, people: Persons, counts: Persons) -> Snapshot:
        """``rows`` is a copy made on the way; nothing of it stays behind."""
        self._block = Block(_room(len(rows)), self._width)
        self._block.rows()[: len(rows)] = rows
        rows.fill(0.0)
        return self._publish(len(rows), people, counts)

    def _publish(self, used: int, people: Persons, counts: Persons) -> Snapshot:
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._block.used = used  # a block is only ever added to
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


def _room(rows: int) -> int:
    """Rows of a block for so many: some to spare, in which those who come next are appended."""
    return max(64, rows + rows // 4)


def _frozen(array: NDArray[_Kind]) -> NDArray[_Kind]:
    view = array.view()
    view.flags.writeable = False
    return view
