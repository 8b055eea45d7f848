"""Imports at the desk: uploaded files on the box until they are done, one thread a run."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Select, select, update

from enroll.faces import Faces
from enroll.import_checks import Checks
from gate.errors import GateError, RecognitionError
from gate.importing import made_homes
from gate.importing.alike import note_lookalikes
from gate.importing.choices import Choices, load_choices, load_lines, save_choices, save_lines
from gate.importing.notes import note, parts_of
from gate.importing.photos import BookPhotos, Photos, open_photos
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
_TABLE, _PHOTOS = "table", "photos.zip"
_CHOICES, _LINES = "choices.json", "lines.json"


@dataclass(slots=True)
class _Run:
    thread: threading.Thread
    stop: threading.Event
    progress: Progress | None = None
    fault: str = ""


class Imports:
    """Uploads lie in ``folder`` (mode 0700) and are deleted when their import is done."""

    def __init__(self, store: Store, folder: Path, faces: Callable[[], Faces | None]) -> None:
        self._store = store
        self._folder = folder
        self._faces = faces
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._checks = Checks(self._plan)
        with store.database.write() as session:  # what ran when the desk ended can be resumed
            for ran, now in (("running", "stopped"), ("undoing", "done")):
                session.execute(update(ImportRow).where(ImportRow.state == ran).values(state=now))

    def add(
        self, name: str, table: BinaryIO, photos: BinaryIO | None, by: str, language: str = ""
    ) -> ImportRow:
        """Take in uploads, on a page of ``language``. Raises ConfigurationError."""
        with self._store.database.write() as session:
            row = ImportRow(name=name[:200], by=by)
            session.add(row)
            session.flush()
        folder = self._of(row.id)
        try:
            folder.mkdir(parents=True, mode=0o700)
            with (folder / _TABLE).open("wb") as file:
                shutil.copyfileobj(table, file)
            if photos is not None:
                with (folder / _PHOTOS).open("wb") as file:
                    shutil.copyfileobj(photos, file)
            save_choices(folder / _CHOICES, Choices(language=language))
            found = self.table(row.id)
            if not found.columns:
                refuse_none(found, name)
            open_photos(self._photos(row.id)).close()
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
        book = read_book(self._of(job) / _TABLE, choices.encoding)
        return understand(book, choices, remembered(self._store))

    def choices(self, job: int) -> Choices:
        """What was decided about an import."""
        return load_choices(self._of(job) / _CHOICES)

    def choose(self, job: int, choices: Choices) -> None:
        """Keep decisions; those about columns are remembered for tables of the same shape.

        Raises ConfigurationError when the table cannot be read so; then nothing is kept.
        """
        before = self.choices(job)
        save_choices(self._of(job) / _CHOICES, choices)
        self._checks.drop(job)
        try:
            found = self.table(job)
        except GateError:
            save_choices(self._of(job) / _CHOICES, before)
            raise
        if choices.columns:
            remember(self._store, found.layout.shape, choices.columns)
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
        photos = self._open_photos(job, table)
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
            save_lines(self._of(job) / _LINES, ready.lines)
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
        return unsettled(self._store, job) if self._of(job).exists() else []

    def faces_of(self, job: int, name: str) -> Found:
        """A photograph of an import and the faces in it. Raises CameraError, RecognitionError."""
        photos = self._open_photos(job, self.table(job))
        try:
            return self._examiner().find(decode(photos.read(name), name))
        finally:
            photos.close()

    def pick(self, job: int, line: int, name: str, face: int | None, by: str) -> None:
        """Enrol the picked face of a photograph; None: no face of it is the person's.

        When nothing is left to pick the uploads are deleted. Raises CameraError.
        """
        lines = {one.number: one for one in load_lines(self._of(job) / _LINES)}
        if (line, name) in self.unsettled(job) and line in lines:
            if face is None:
                self._note_none(job, line, name)
            else:
                photos = self._open_photos(job, self.table(job))
                try:
                    examiner = self._examiner()
                    settle(self._store, job, lines[line], photos, examiner, {name: face}, by)
                finally:
                    photos.close()
        if not self.unsettled(job):
            shutil.rmtree(self._of(job), ignore_errors=True)

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
        shutil.rmtree(self._of(job), ignore_errors=True)
        with self._store.database.write() as session:
            row = session.get(ImportRow, job)
            if row is not None:
                session.delete(row)
                session.flush()
                made_homes.forget(session)

    def forget_before(self, moment: datetime) -> int:
        """Discard what was uploaded before ``moment`` and never finished; how many imports.

        Folders of no import at all go too. Imports of the command line have no uploads.
        """
        kept = [
            path for path in self._folder.glob("*") if path.name.isascii() and path.name.isdigit()
        ]
        rows = {path: self.get(int(path.name)) for path in kept}
        old = [path for path, row in rows.items() if row is None or row.at < moment]
        old = [path for path in old if not self._running(int(path.name))]
        for path in old:
            row = rows[path]
            if row is not None and row.state == "done":  # its report stays, its photographs go
                shutil.rmtree(path, ignore_errors=True)
            else:
                self.discard(int(path.name))
        return len(old)

    def _running(self, job: int) -> bool:
        one = self._runs.get(job)
        return one is not None and one.thread.is_alive()

    def close(self) -> None:
        for job in list(self._runs):
            self.stop(job)

    def _of(self, job: int) -> Path:
        return self._folder / str(job)

    def _photos(self, job: int) -> Path | None:
        path = self._of(job) / _PHOTOS
        return path if path.exists() else None

    def _open_photos(self, job: int, table: Understanding) -> Photos:
        photos = open_photos(self._photos(job))
        if table.book.pictures:
            return BookPhotos(self._of(job) / _TABLE, table.book.pictures, photos)
        return photos

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
            lines = load_lines(self._of(job) / _LINES)
            photos = self._open_photos(job, self.table(job))
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
            if not unsettled(self._store, job):  # else they are shown, and one face is picked
                shutil.rmtree(self._of(job), ignore_errors=True)  # no photograph is kept
            self._store.audit.note(by, "import.done", str(job), lines=len(lines))

    def _undo(self, job: int, by: str) -> None:
        one, removed = self._runs[job], 0
        shutil.rmtree(self._of(job), ignore_errors=True)
        (self._folder / f"command-{job}.json").unlink(missing_ok=True)  # of the command line
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
