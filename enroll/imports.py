"""Imports at the desk: uploaded files on the box until they are done, one thread a run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Select, select, update

from enroll.faces import Faces
from enroll.import_checks import Checks
from enroll.uploads import Uploads
from gate.errors import GateError, RecognitionError
from gate.importing import made_homes
from gate.importing.alike import note_lookalikes
from gate.importing.choices import Choices, load_choices, save_choices
from gate.importing.notes import note, parts_of
from gate.importing.photos import Photos
from gate.importing.plan import Plan, plan, remember, remembered
from gate.importing.read import read_book
from gate.importing.run import Progress, counts, run, settle, unsettled
from gate.importing.table import refuse_none
from gate.importing.understand import Understanding, understand
from gate.importing.undo import undo
from gate.services.enrolment import Examiner, Fault
from gate.services.image_decode import decode
from gate.services.portrait import Found
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow

log = logging.getLogger(__name__)

RUN_FAILED = "The import stopped because of a program error; continue, or report it"
UNDO_FAILED = "It stopped because of a program error; undo again, or report it"


@dataclass(slots=True)
class _Run:
    thread: threading.Thread
    stop: threading.Event
    progress: Progress | None = None
    fault: str = ""


class Imports:
    """Uploads lie in ``folder`` and are deleted when their import is done: see ``Uploads``."""

    def __init__(self, store: Store, folder: Path, faces: Callable[[], Faces | None]) -> None:
        self._store = store
        self._uploads = Uploads(folder)
        self._faces = faces
        self._lock = threading.Lock()
        self._keeping = threading.RLock()  # who reads or reduces what is kept of uploads
        self._runs: dict[int, _Run] = {}
        self._checks = Checks(self._plan)
        with store.database.write() as session:  # what ran when the desk ended can be resumed
            for ran, now in (("running", "stopped"), ("undoing", "done")):
                session.execute(update(ImportRow).where(ImportRow.state == ran).values(state=now))
        for job in self._uploads.broken_off():
            self.discard(job)

    def add(
        self, name: str, table: BinaryIO, photos: BinaryIO | None, by: str, language: str = ""
    ) -> ImportRow:
        """Take in uploads, on a page of ``language``. Raises ConfigurationError."""
        with self._store.database.write() as session:
            row = ImportRow(name=name[:200], by=by)
            session.add(row)
            session.flush()
        try:
            self._uploads.take(row.id, table, photos)
            save_choices(self._uploads.choices(row.id), Choices(language=language))
            found = self.table(row.id)
            if not found.columns:
                refuse_none(found, name)
            self._uploads.photos(row.id, lambda: None).close()
        except GateError:
            self.discard(row.id)
            raise
        return self._count(row.id, len(found.lines))

    def get(self, job: int) -> ImportRow | None:
        with self._store.database.read() as session:
            return session.get(ImportRow, job)

    def all(self) -> list[ImportRow]:
        with self._store.database.read() as session:
            return list(session.scalars(select(ImportRow).order_by(ImportRow.id.desc()).limit(50)))

    def table(self, job: int) -> Understanding:
        """The table of an import under the choices made so far. Raises ConfigurationError."""
        choices = self.choices(job)
        book = read_book(self._uploads.table(job), choices.encoding)
        return understand(book, choices, remembered(self._store))

    def choices(self, job: int) -> Choices:
        """What was decided about an import."""
        return load_choices(self._uploads.choices(job))

    def choose(self, job: int, choices: Choices) -> None:
        """Keep decisions; those about columns are remembered for tables of the same shape.

        Raises ConfigurationError when the table cannot be read so; then nothing is kept.
        """
        before = self.choices(job)
        save_choices(self._uploads.choices(job), choices)
        self._checks.drop(job)
        try:
            found = self.table(job)
        except GateError:
            save_choices(self._uploads.choices(job), before)
            raise
        if choices.columns:
            layout = found.layout
            remember(self._store, layout.shape, choices.columns, layout.hidden_columns)
        self._count(job, len(found.lines))

    def plan(self, job: int, guardian_age: int, *, again: bool = False) -> Plan:
        """All an import would do, and what prevents it; writes nothing.

        It takes seconds where there are thousands of photographs, so it is kept, and made
        ``again`` before the import begins: the register may have changed meanwhile.
        Raises ConfigurationError.
        """
        made = self._checks.look(job, guardian_age, again=again)
        assert made is not None  # it was waited for
        return made

    def look(self, job: int, guardian_age: int, seconds: float) -> Plan | None:
        """The plan, or None while it is being made after ``seconds``.

        Raises ConfigurationError.
        """
        return self._checks.look(job, guardian_age, seconds=seconds)

    def checked(self, job: int) -> bool:
        """Whether the plan is there, or cannot be made."""
        return self._checks.ready(job)

    def _plan(self, job: int, guardian_age: int) -> Plan:
        table = self.table(job)
        photos = self._uploads.photos(job, lambda: table.book)
        try:
            return plan(
                table,
                photos,
                self._store,
                self.choices(job),
                today=datetime.now(UTC).astimezone().date(),
                guardian_age=guardian_age,
            )
        finally:
            photos.close()

    def begin(self, job: int, ready: Plan, by: str) -> bool:
        """Carry out a plan. Its lines are kept, so that going on later does the same.

        False, and nothing happens, while an import is running, or when somebody else began it.
        """

        def keep() -> None:
            self._uploads.keep_lines(job, list(ready.lines))
            self._count(job, len(ready.lines))

        return self._begin(job, ("checked",), "running", self._run, by, keep)

    def start(self, job: int, by: str) -> bool:
        """Go on where it stopped. False as with ``begin``."""
        return self._begin(job, ("checked", "stopped"), "running", self._run, by)

    def undo(self, job: int, by: str) -> bool:
        """Remove whom it added, or go on with that; it cannot be gone on with any more.

        Its uploads go. False as with ``begin``.
        """
        return self._begin(job, ("done", "stopped"), "undoing", self._undo, by)

    def _begin(
        self,
        job: int,
        before: tuple[str, ...],
        state: str,
        work: Callable[[int, str], None],
        by: str,
        prepare: Callable[[], None] = lambda: None,
    ) -> bool:
        with self._lock:
            if any(one.thread.is_alive() for one in self._runs.values()):
                return False
            row = self.get(job)  # somebody may have begun it since the page was made
            if row is None or row.state not in before:
                return False
            prepare()
            stop = threading.Event()
            thread = threading.Thread(target=work, args=(job, by), name=f"import-{job}")
            thread.daemon = True
            self._runs[job] = _Run(thread, stop)
            self._state(job, state)
            thread.start()
            return True

    def stop(self, job: int) -> None:
        """After the batch in hand; it can be gone on with."""
        one = self._runs.get(job)
        if one is not None:
            one.stop.set()
            one.thread.join(30)

    def progress(self, job: int) -> tuple[Progress, str]:
        """How far it is, and why it stopped if it did by itself."""
        row, one = self.get(job), self._runs.get(job)
        if row is not None and row.state == "undoing":
            return one.progress if one and one.progress else Progress(0, 0, 0, 0), ""
        results = counts(self._store, job)
        enrolled, failed = results.get("enrolled", 0), results.get("failed", 0)
        seconds = one.progress.seconds_left if one and one.progress else None
        progress = Progress(
            sum(results.values()), row.total if row else 0, enrolled, failed, seconds
        )
        return progress, one.fault if one else ""

    def results(self, job: int) -> dict[str, int]:
        """How many lines became what: see ``ImportLineRow.result``."""
        return counts(self._store, job)

    def report(self, job: int) -> list[ImportLineRow]:
        """What became of each line."""
        return self._report(select(ImportLineRow).where(ImportLineRow.import_id == job))

    def to_look_at(self, job: int, limit: int, start: int = 0) -> list[ImportLineRow]:
        """Lines of which something is noted, from the ``start``-th on."""
        query = select(ImportLineRow).where(ImportLineRow.import_id == job)
        return self._report(query.where(ImportLineRow.note != "").offset(start).limit(limit))

    def unsettled(self, job: int) -> list[tuple[int, str]]:
        """Line and photograph of those with several faces whose photographs are still here."""
        return unsettled(self._store, job) if self._uploads.there(job) else []

    def faces_of(self, job: int, name: str) -> Found:
        """A photograph of an import and the faces in it. Raises CameraError, RecognitionError."""
        with self._keeping:
            photos = self._photos(job)
        try:
            return self._examiner().find(decode(photos.read(name), name))
        finally:
            photos.close()

    def pick(self, job: int, line: int, name: str, face: int | None, by: str) -> None:
        """Enrol the picked face of a photograph; None: no face of it is the person's.

        What need not be picked from any more is deleted. Raises CameraError.
        """
        with self._keeping:
            lines = {one.number: one for one in self._uploads.lines(job)}
            if (line, name) in self.unsettled(job) and line in lines:
                if face is None:
                    self._note_none(job, line, name)
                else:
                    photos = self._photos(job)
                    try:
                        examiner = self._examiner()
                        settle(self._store, job, lines[line], photos, examiner, {name: face}, by)
                    finally:
                        photos.close()
            self._reduce(job)

    def tidy(self) -> None:
        """Of imports that are done, keep only what is still to be picked from; of somebody who was
        deleted nothing."""
        for job in self._uploads.jobs():
            row = None if self.busy(job) else self.get(job)
            if row is not None and row.state == "done":
                self._reduce(job)

    def _reduce(self, job: int) -> None:
        with self._keeping:
            try:
                left = {line for line, _ in self.unsettled(job)}
                self._uploads.keep_only(job, left, lambda: self._photos(job))
            except (GateError, OSError) as error:  # a full disk, a damaged file: nothing is kept
                log.warning("uploads.not_reduced", extra={"cause": type(error).__name__})
                self._uploads.drop(job)

    def _note_none(self, job: int, line: int, name: str) -> None:
        with self._store.database.write() as session:
            row = session.get_one(ImportLineRow, (job, line))
            row.note = note(
                (which, Fault.NO_FACE if which == name else code)
                for which, code in parts_of(row.note)
            )

    def _examiner(self) -> Examiner:
        faces = self._faces()
        if faces is None:
            raise RecognitionError("there is no model for faces", hint="look at gate doctor")
        return faces.examiner

    def _report(self, query: Select[ImportLineRow]) -> list[ImportLineRow]:
        with self._store.database.read() as session:
            return list(session.scalars(query.order_by(ImportLineRow.line)))

    def discard(self, job: int) -> None:
        """Forget an import and its uploads; people it made stay."""
        self.stop(job)
        self._checks.drop(job)
        self._uploads.drop(job)
        with self._store.database.write() as session:
            row = session.get(ImportRow, job)
            if row is not None:
                session.delete(row)
                session.flush()
                made_homes.forget(session)

    def forget_before(self, moment: datetime) -> int:
        """Discard what was uploaded before ``moment`` and never finished; how many imports.

        Folders of no import at all go too, and lines of imports that the command line began.
        """
        rows = {job: self.get(job) for job in self._uploads.jobs()}
        old = [job for job, row in rows.items() if row is None or row.at < moment]
        old = [job for job in old if not self.busy(job)]
        for job in old:
            row = rows[job]
            if row is not None and row.state == "done":  # its report stays, its photographs go
                self._uploads.drop(job)
            else:
                self.discard(job)
        return len(old)

    def busy(self, job: int) -> bool:
        """Whether an import or its undo is running here."""
        one = self._runs.get(job)
        return one is not None and one.thread.is_alive()

    def close(self) -> None:
        for job in list(self._runs):
            self.stop(job)

    def _photos(self, job: int) -> Photos:
        return self._uploads.photos(job, lambda: self.table(job).book)

    def _count(self, job: int, total: int) -> ImportRow:
        with self._store.database.write() as session:
            kept = session.get_one(ImportRow, job)
            kept.total = total
            return kept

    def _state(self, job: int, state: str) -> None:
        finished = datetime.now(UTC) if state == "done" else None
        with self._store.database.write() as session:
            session.execute(
                update(ImportRow).where(ImportRow.id == job).values(state=state, finished=finished)
            )

    def _run(self, job: int, by: str) -> None:
        one = self._runs[job]
        complete = False
        try:
            lines = self._uploads.lines(job)
            photos = self._photos(job)
            try:
                faces = self._faces()
                examiner = faces.examiner if faces else None
                for progress in run(
                    self._store, job, lines, photos, examiner, by=by, stop=one.stop.is_set
                ):
                    one.progress = progress
            finally:
                photos.close()
            complete = sum(counts(self._store, job).values()) == len(lines)
            if complete and faces:
                note_lookalikes(self._store, job, faces.known.matcher())
        except GateError as error:
            one.fault = error.what
            log.warning("import %d stopped: %s", job, error.what)
        except Exception as error:  # whatever it is, the page must not say "running" indefinitely
            one.fault = RUN_FAILED
            log.error("import %d stopped by %s", job, type(error).__name__)
        self._state(job, "done" if complete else "stopped")
        if complete:
            self._reduce(job)  # no photograph is kept, unless one face of several is to be picked
            self._store.audit.note(by, "import.done", str(job), lines=len(lines))

    def _undo(self, job: int, by: str) -> None:
        one, removed = self._runs[job], 0
        self._uploads.drop(job)
        try:
            for removed, people in undo(self._store, job, by, stop=one.stop.is_set):
                one.progress = Progress(removed, people, 0, 0)
        except GateError as error:
            one.fault = error.what
            log.warning("undo of import %d stopped: %s", job, error.what)
        except Exception as error:  # as above
            one.fault = UNDO_FAILED
            log.error("undo of import %d stopped by %s", job, type(error).__name__)
        self._state(job, "done")
        self._store.audit.note(by, "import.undone", str(job), people=removed)
