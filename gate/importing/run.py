"""Carry out a checked table: a batch of lines is one transaction, so a kill leaves no half.

While a batch is written the next one's photographs are looked at, on as many cores as there are.
"""

from __future__ import annotations

import os
import threading
import time as clocks
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select

from gate.errors import CameraError
from gate.importing.added import Added
from gate.importing.check import answer_of, photo_names
from gate.importing.notes import note, parts_of
from gate.importing.photos import Photos
from gate.importing.write_line import Ready, write_line
from gate.importing.wrong import Line
from gate.services.enrolment import MOST, Examiner, Fault, of_one_person
from gate.services.image_decode import decode
from gate.store.store import Store
from gate.store.tables import (
    ImportLineRow,
)

BATCH = 25
NICENESS = 10  # of the threads that look at photographs: a gate on the same machine comes first


@dataclass(frozen=True, slots=True)
class Progress:
    """After each batch.

    Attributes:
        seconds_left: at the rate of this run so far; None while that is not known.
    """

    done: int
    total: int
    enrolled: int
    failed: int
    seconds_left: float | None = None


def done_lines(store: Store, job: int) -> dict[int, str]:
    """Lines of an import that are done, and what became of each."""
    with store.database.read() as session:
        rows = session.execute(
            select(ImportLineRow.line, ImportLineRow.result).where(ImportLineRow.import_id == job)
        )
        return {row[0]: row[1] for row in rows}


def counts(store: Store, job: int) -> dict[str, int]:
    """How many lines of an import became what."""
    with store.database.read() as session:
        rows = session.execute(
            select(ImportLineRow.result, func.count())
            .where(ImportLineRow.import_id == job)
            .group_by(ImportLineRow.result)
        )
        return {row[0]: row[1] for row in rows}


def run(
    store: Store,
    job: int,
    lines: Sequence[Line],
    photos: Photos,
    examiner: Examiner | None,
    *,
    by: str,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = clocks.monotonic,
) -> Iterator[Progress]:
    """Import the lines that are not done yet; yields, and may be stopped, after each batch.

    A line whose photographs show no usable face registers the person without a face, and says so.
    """
    finished = done_lines(store, job)
    results = Counter(finished.values())
    left = [line for line in lines if line.number not in finished]
    with store.database.read() as session:
        added = Added(session, job)
    began, done = clock(), 0
    for batch in _batches(left, photos, examiner):
        with store.database.write() as session:
            for ready in batch:
                results[write_line(session, store, job, ready, by, added)] += 1
            added.keep(session)
        done += len(batch)
        yield Progress(
            len(finished) + done,
            len(lines),
            results["enrolled"],
            results["failed"],
            (clock() - began) / done * (len(left) - done),
        )
        if stop():
            break
    if any(answer_of(line.values) == "refused" for line in left):
        store.database.wipe()  # of faces that were deleted no byte stays


def _batches(
    left: Sequence[Line], photos: Photos, examiner: Examiner | None
) -> Iterator[list[Ready]]:
    """The lines made ready, in their order; one batch ahead of the one in use."""
    pool = ThreadPoolExecutor(os.cpu_count() or 1, "import", initializer=stand_back)

    def begin(start: int) -> list[Future[Ready] | Ready]:
        return [
            pool.submit(_prepare, line, photos, examiner)
            if photo_names(line.values)
            else Ready(line, [], "")  # nothing slow about it
            for line in left[start : start + BATCH]
        ]

    try:
        ahead = begin(0)
        for start in range(BATCH, len(left) + BATCH, BATCH):
            batch, ahead = ahead, begin(start)
            yield [one.result() if isinstance(one, Future) else one for one in batch]
    finally:  # also when nobody wants more
        pool.shutdown(cancel_futures=True)


def stand_back() -> None:
    """Let everybody else have the processor before this thread and those it starts."""
    with suppress(OSError, AttributeError):  # where threads have no priorities of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def settle(
    store: Store,
    job: int,
    line: Line,
    photos: Photos,
    examiner: Examiner,
    pick: dict[str, int],
    by: str,
) -> str:
    """Do a line once more with the faces somebody picked; what became of it.

    Args:
        pick: photograph → index of the face in ``Examiner.find``.
    """
    with store.database.read() as session:
        row = session.get_one(ImportLineRow, (job, line.number))
        person = row.person_id
    again = Line(line.number, {**line.values, "person": f"#{person}"})
    ready = _prepare(again, photos, examiner, pick)
    with store.database.write() as session:
        added = Added(session, job)
        old = session.get_one(ImportLineRow, (job, line.number))
        left = old.added
        session.delete(old)
        session.flush()
        result = write_line(session, store, job, ready, by, added)
        session.get_one(ImportLineRow, (job, line.number)).added = left
        added.keep(session)
        return result


def unsettled(store: Store, job: int) -> list[tuple[int, str]]:
    """Line and photograph of each that shows several faces, of which nobody has picked one."""
    with store.database.read() as session:
        query = select(ImportLineRow).where(ImportLineRow.import_id == job)
        return [
            (row.line, which)
            for row in session.scalars(query.order_by(ImportLineRow.line))
            for which, code_of in parts_of(row.note)
            if code_of == Fault.SEVERAL_FACES
        ]


def _prepare(
    line: Line,
    photos: Photos,
    examiner: Examiner | None,
    pick: Mapping[str, int] | None = None,
) -> Ready:
    values = line.values
    shots, notes = [], []
    for name in photo_names(values)[: 2 * MOST]:
        if examiner is None:
            break
        try:
            image = decode(photos.read(name), name)
            shot = (
                examiner.shot(image, pick[name]) if pick and name in pick else examiner.shot(image)
            )
        except CameraError as error:
            notes.append((name, error.what))
            continue
        if shot.fault:
            notes.append((name, shot.fault))
        else:
            shots.append(shot)
    if examiner and len(shots) > 1:
        shots = of_one_person(shots, examiner.encoders[0].name)
        notes += [("", shot.fault) for shot in shots if shot.fault]
        shots = [shot for shot in shots if not shot.fault]
    shots.sort(key=lambda shot: -shot.quality)
    return Ready(line, shots[:MOST], note(notes))
