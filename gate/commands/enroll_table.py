"""``gate enroll FOLDER``: photographs with a table of people, where nobody can be asked twice."""

from __future__ import annotations

import hashlib
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from enroll.import_form import OPTIONS, REASONS, TITLES, beside, heading, outside, unseen
from gate.config.settings import Settings
from gate.errors import ConfigurationError
from gate.importing.alike import note_lookalikes
from gate.importing.choices import (
    NEW,
    SAME,
    Choices,
    from_json,
    load_lines,
    save_lines,
)
from gate.importing.line_numbers import shown as line_shown
from gate.importing.notes import in_words, parts_of, resembles
from gate.importing.photos import BookPhotos, FolderPhotos, Photos, ZipPhotos
from gate.importing.plan import Plan, plan
from gate.importing.read import SUFFIXES
from gate.importing.run import done_lines, stand_back
from gate.importing.run import run as run_import
from gate.importing.table import open_table, refuse_none
from gate.importing.understand import Understanding
from gate.importing.undo import UNDONE
from gate.importing.wrong import Line
from gate.services.enrolment import Examiner, Fault
from gate.services.gallery_sync import KnownFaces
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow
from gate.texts import terminal
from gate.texts.catalogue import Translate, translator

TABLES = tuple(f"people{suffix}" for suffix in SUFFIXES)
UNSAID = ("hidden", "hidden_columns")  # questions that have an answer without anybody's
PACKED = "photos.zip"  # in the folder: photographs are looked for in it alone
SHOWN = 20  # lines and sheets that are left out


def table_choices(columns: Sequence[str] | None, **options: str) -> Choices:
    """Choices from options. Raises ConfigurationError."""
    chosen: dict[str, str] = {}
    for text in columns or ():
        found = re.fullmatch(r"([A-Za-z]{1,3})=([a-z_]*)", text)
        if not found:
            raise ConfigurationError(
                "a column is chosen by its letter", where=text, hint="write --column C=phone"
            )
        index = 0
        for letter in found[1].upper():
            index = index * 26 + ord(letter) - 64
        chosen[str(index - 1)] = found[2]
    made = from_json({**options, "columns": chosen})
    refused = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in options.items()
        if value and getattr(made, name) != value
    ]
    if refused or len(made.columns) != len(chosen):
        raise ConfigurationError(
            "this is not on offer",
            where=", ".join(refused) or ", ".join(columns or ()),
            hint="gate enroll --help lists what can be chosen",
        )
    return made


def enroll_folder(
    console: Console,
    settings: Settings,
    store: Store,
    folder: Path,
    choices: Choices,
    doubles: str,
    language: str,
    examiner_of: Callable[[Settings, Store], Examiner],
) -> None:
    """Check the table of a folder, carry it out, and say what became of each line."""
    language = language or terminal.language()
    words = translator(language)
    choices = replace(choices, language=language)
    path = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    if path is None:
        raise ConfigurationError(
            "the folder holds no table of people",
            where=str(folder),
            hint="put a people.csv or people.xlsx beside the photographs, or name the photographs",
        )
    table = open_table(path, choices)
    photos = _photos(folder, path, table)
    title = _title(path, table, choices)
    job = _begun(store, title)
    if job is not None and job.finished is not None:
        done_on = f"{job.finished:%F}"
        console.print(
            words("{table}: imported already on {day}; nothing to do", table=path, day=done_on)
        )
        return
    if job is None:
        refuse_none(table, path.name)
        for text in _left_out(table, words):
            console.print(text, style="yellow", markup=False)
        decided = [one for one in table.questions if getattr(choices, one.about, "")]
        for text in unseen(decided, words):
            console.print(text, style="yellow", markup=False)
        lines = _ready(table, photos, store, settings, choices, doubles, words, path)
        job = _begin(store, title, len(lines))
        _kept(settings, job.id).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        save_lines(_kept(settings, job.id), lines)
    else:
        lines = load_lines(_kept(settings, job.id))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(words("enrolling"), total=len(lines))
        with (
            _interrupted() as stop,
            # what the models start threads for yields to a running gate too
            ThreadPoolExecutor(1, initializer=stand_back) as behind,
        ):
            examiner = behind.submit(examiner_of, settings, store).result()
            done = len(done_lines(store, job.id))
            bar.update(task, completed=done)
            for step in run_import(
                store, job.id, lines, photos, examiner, by="cli", stop=stop.is_set
            ):
                done = step.done
                bar.update(task, completed=done)
    photos.close()
    if done < len(lines):
        text = "stopped after {done} of {total}; the same command goes on"
        console.print(words(text, done=f"{done:,}", total=f"{len(lines):,}"))
        raise SystemExit(130)
    encoder = examiner.encoders[0]
    known = KnownFaces(store, encoder.name, encoder.dimension)
    note_lookalikes(store, job.id, known.matcher())
    _end(store, job.id)
    _kept(settings, job.id).unlink(missing_ok=True)
    store.audit.note("cli", "import.done", str(job.id), lines=len(lines))
    _report(console, store, job.id, words)


def _title(path: Path, table: Understanding, choices: Choices) -> str:
    """The name of an import, the same for the same lines: what an import left out, another sheet,
    what is hidden, or other columns, can be imported by the same command afterwards."""
    taken = [
        f"{one.about} {one.answer}"
        for one in table.questions
        if one.answer and getattr(choices, one.about, "")
        if one.about not in UNSAID or one.answer == "with"
    ]
    taken += [f"column {index} {name}" for index, name in sorted(choices.columns.items())]
    taken += [f"encoding {choices.encoding}"] if choices.encoding else []
    found = hashlib.sha256(path.read_bytes() + "\n".join(taken).encode()).hexdigest()
    return f"{str(path.resolve())[-180:]} {found[:16]}"


def _kept(settings: Settings, job: int) -> Path:
    """Where the checked lines of an import are kept until it is done."""
    return settings.data / "imports" / f"command-{job}.json"


def _photos(folder: Path, path: Path, table: Understanding) -> Photos:
    packed = folder / PACKED
    photos: Photos = ZipPhotos(packed) if packed.is_file() else FolderPhotos(folder)
    return BookPhotos(path, table.book.pictures, photos) if table.book.pictures else photos


def _ready(
    table: Understanding,
    photos: Photos,
    store: Store,
    settings: Settings,
    choices: Choices,
    doubles: str,
    words: Translate,
    path: Path,
) -> list[Line]:
    """The lines of a table without mistakes and open questions. Raises ConfigurationError."""
    if doubles not in ("", SAME, NEW):
        raise ConfigurationError(
            "give same or new with --doubles", where=doubles, hint="choose one"
        )
    today = datetime.now(UTC).astimezone().date()
    below = settings.desk.guardian_below_age
    made = plan(table, photos, store, choices, today=today, guardian_age=below)
    if doubles and made.undecided:
        decided = {one.line: doubles for one in made.undecided}
        choices = replace(choices, doubles=decided)
        made = plan(table, photos, store, choices, today=today, guardian_age=below)
    reported = _mistakes(made, choices, words)
    if reported:
        count = words("{count} mistakes, nothing was written:", count=len(reported))
        if len(reported) == 1:
            count = words("A mistake, nothing was written:")
        raise ConfigurationError(
            count + "\n" + "\n".join(f"  - {text}" for text in reported),
            where=str(path),
            hint=words("correct each line above and run the command again"),
        )
    return list(made.lines)


def _left_out(table: Understanding, words: Translate) -> Iterator[str]:
    """What is read from outside the columns, and what is not taken over: a sentence each."""
    if given := outside(table, words):
        yield given
    left = [
        f"{column.letter} {column.heading}".strip()
        + f" ({words(REASONS[column.reason])})" * (column.reason != "unneeded")
        for column in table.columns
        if not column.field and column.filled
    ]
    if said := beside(table, words):
        yield said
    if left:
        yield f"{words('Columns left out')}: {', '.join(left)}"
    if table.skipped:
        shown = "; ".join(f"{line_shown(number)} {text}" for number, text in table.skipped[:SHOWN])
        more = "…" * (len(table.skipped) > SHOWN)
        yield f"{words('Lines left out')}: {shown}{more}"
    if table.hidden_sheets:
        yield f"{words('Hidden sheets are not read:')} {', '.join(table.hidden_sheets[:SHOWN])}"


def _mistakes(made: Plan, choices: Choices, words: Translate) -> list[str]:
    """Everything that prevents a plan, with the option that answers a question.

    Nobody sees a page here: leaving out what is hidden, which the desk proposes, is asked about.
    """
    title = heading("zh" if words("Line") != "Line" else "en")
    reported = []
    for question in made.table.questions:
        proposed = question.about in UNSAID and not getattr(choices, question.about)
        if question.answer and not proposed:
            continue
        option = f"--{question.about.replace('_', '-')}"
        offers = ", ".join(
            f"{option} {name} ({words(OPTIONS[name])})"
            if name in OPTIONS and question.about != "sheet"
            else f"{option} {name}"
            for name in question.options
        )
        seen = "; ".join(text for text, _ in question.examples)
        if question.about == "columns":
            offers = words("leave one out: --column C=")
        reported.append(f"{words(TITLES[question.about])} {seen} → {offers}")
    for wrong in made.wrong:
        where = f"{words('line')} {line_shown(wrong.line)}"
        column = title(wrong.column)
        reported.append(
            f"{where}, {column}: {wrong.words(words)}"
            if column
            else f"{where}: {wrong.words(words)}"
        )
    for one in made.undecided:
        whom = f"#{one.person}" if one.person else f"{words('line')} {line_shown(one.other)}"
        reason = words(f"same {one.reason}")
        reported.append(
            f"{words('line')} {line_shown(one.line)}, {one.name}: {words('Perhaps there already')} "
            f"({whom} {one.other_name}, {reason}) → --doubles same, --doubles new"
        )
    return reported


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which then ends nothing by itself; a second one does as ever."""
    stop = threading.Event()

    def once(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()

    before = signal.signal(signal.SIGINT, once)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _begun(store: Store, title: str) -> ImportRow | None:
    """The import of this very table that was not undone: ``title`` holds its hash."""
    undone = select(ImportLineRow.line).where(
        ImportLineRow.import_id == ImportRow.id, ImportLineRow.result == UNDONE
    )
    query = select(ImportRow).where(ImportRow.name == title, ~undone.exists())
    with store.database.read() as session:
        return session.scalar(query)


def _begin(store: Store, title: str, total: int) -> ImportRow:
    """Stopped from its first moment: whatever ends it, it can be gone on with."""
    with store.database.write() as session:
        row = ImportRow(name=title, total=total, by="cli", state="stopped")
        session.add(row)
        session.flush()
        return row


def _end(store: Store, job: int) -> None:
    with store.database.write() as session:
        row = session.get_one(ImportRow, job)
        row.state, row.finished = "done", datetime.now(UTC)


def _report(console: Console, store: Store, job: int, words: Translate) -> None:
    """What became of the lines, all of them. Exit status 1 when a photograph was of no use."""
    with store.database.read() as session:
        query = select(ImportLineRow).where(ImportLineRow.import_id == job)
        rows = list(session.scalars(query.order_by(ImportLineRow.line)))
    names = store.people.names(row.person_id for row in rows if row.person_id)
    counts = {row.result: 0 for row in rows}
    for row in rows:
        counts[row.result] += 1
    reported = (f"{count} {words(f'result {result}')}" for result, count in sorted(counts.items()))
    console.print(", ".join(reported))
    failed = [row for row in rows if row.result == "failed"]
    alike = [row for row in rows if resembles(row.note)]
    noted = [row for row in rows if row.note and row not in failed and row not in alike]
    for kind in (failed, noted):
        _each(console, kind, names, words)
    if alike:
        text = "{count} resemble somebody; look at them on the desk's page"
        console.print(words(text, count=len(alike)))
        _each(console, alike, names, words)
    if failed:
        console.print(words("they are in the register without a face; give one with --person"))
        raise SystemExit(1)


def _each(
    console: Console, rows: list[ImportLineRow], names: dict[int, str], words: Translate
) -> None:
    for row in rows:
        name = names.get(row.person_id or 0, "")
        text = f"  {words('line')} {line_shown(row.line)}, {name}: {in_words(row.note, words)}"
        if any(code == Fault.SEVERAL_FACES for _, code in parts_of(row.note)):
            # nobody can pick a face here, as on the page of an import
            text = f"{text}; {words('cut it to one person and enrol again with --person')}"
        console.print(text, style="yellow", markup=False)
