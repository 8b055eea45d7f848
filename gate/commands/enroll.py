"""``gate enroll``: photographs of one person, or a folder with a table of many."""

from __future__ import annotations

import hashlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from gate.commands import Config
from gate.commands.people import find_person
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import AccessError, CameraError, ConfigurationError, RecognitionError
from gate.importing.alike import note_lookalikes
from gate.importing.check import check
from gate.importing.notes import WORDS, in_words, resembles
from gate.importing.photos import FolderPhotos, NoPhotos, Photos, ZipPhotos
from gate.importing.run import done_lines, stand_back
from gate.importing.run import run as run_import
from gate.importing.table import Line, read_table
from gate.importing.wrong import Wrong
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import Encoder
from gate.recognition.quality.assessment import judge
from gate.services.encoder_choice import site_encoder
from gate.services.enrolment import Examiner, Shot, keep, of_one_person, resembling
from gate.services.gallery_sync import KnownFaces
from gate.services.image_decode import decode
from gate.store.store import Store
from gate.store.tables import ImportLineRow, ImportRow, PersonRow

TABLES = ("people.csv", "people.xlsx")
PACKED = "photos.zip"  # in the folder: photographs are looked for in it alone
SHOWN = 20  # mistakes of a table, and photographs that failed, told at once


def enroll(
    photos: Annotated[
        list[Path],
        typer.Argument(help="Photographs of one person, or one folder with people.csv."),
    ],
    name: Annotated[str, typer.Option(help="Who it is, for somebody new.")] = "",
    number: Annotated[str, typer.Option(help="The community's own number of the person.")] = "",
    birth_year: Annotated[str, typer.Option(help="Consent needs it.")] = "",
    guardian: Annotated[str, typer.Option(help="Who answers for a child.")] = "",
    agreed: Annotated[
        str, typer.Option(help="The person agreed: which text, e.g. paper-2026.")
    ] = "",
    person: Annotated[
        str, typer.Option(help="Somebody of the register: new photographs replace the old.")
    ] = "",
    double: Annotated[
        bool, typer.Option("--double", help="It is really not the one they resemble.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Enrol a person from photographs, or many from a folder.

    `gate enroll wang-1.jpg wang-2.jpg --name 王芳 --birth-year 1958 --agreed paper-2026`

    A folder holds photographs and people.csv (or people.xlsx) with the columns name, photo,
    consent, birth year and others; several photographs of one person are separated by semicolons.
    The table is checked before anything is written. Run the command again after an interruption:
    it goes on where it stopped, after Ctrl-C too. Photographs are never kept; they may lie in one
    photos.zip beside the table.
    """
    settings = load(config)
    console = Console(highlight=False)
    with Store.open(settings.store, settings.data) as store:
        if len(photos) == 1 and photos[0].is_dir():
            _folder(console, settings, store, photos[0])
            return
        row = find_person(store, person) if person else None
        values = {
            "name": row.name if row else name,
            "number": "" if row else number,
            "birth_year": birth_year,
            "guardian": guardian,
            "consent": "agreed" if agreed else "",
        }
        line = Line(1, {key: value for key, value in values.items() if value})
        wrong = _check([line], NoPhotos(), store, settings)
        _refuse([f"--{w.column.replace('_', '-')} {w.what}" for w in wrong], "")
        if row is None and not agreed:
            raise AccessError(
                "a face is enrolled only with the person's consent",
                where="--agreed",
                hint="ask, then say which text they agreed to: --agreed paper-2026",
            )
        examiner = _examiner(settings, store)
        shots = _look(console, examiner, photos)
        others = _lookalikes(store, examiner.encoders[0], shots, row, double)
        if row is None:
            row = store.people.create(
                name,
                number=number or None,
                birth_year=int(birth_year) if birth_year else None,
            )
        if agreed:
            store.consents.record(row.id, "agreed", agreed, asked_by="cli", guardian=guardian)
        kept = keep(store, row.id, shots)
        for one in [row.id, *others] if others else ():
            store.people.update(one, face_alone=False)
        store.audit.note("cli", "enrol.save", row.ref, views=kept, double=double)
        console.print(f"#{row.id} {row.name}: enrolled from {kept} photographs", markup=False)


def _examiner(settings: Settings, store: Store) -> Examiner:
    encoder = site_encoder(settings, store)
    detector = build_detector(settings.recognition, settings.models)
    return Examiner(detector, [encoder], judge(settings.quality, enrolment=True))


def _look(console: Console, examiner: Examiner, photos: list[Path]) -> list[Shot]:
    """The usable photographs; says of each of the others why not. Raises RecognitionError."""
    shots: list[Shot] = []
    wrong: list[str] = []
    for path in photos:
        try:
            shot = examiner.shot(decode(path.read_bytes(), str(path)))
        except OSError as error:
            wrong.append(f"{path}: {error.strerror}")
        except CameraError as error:
            wrong.append(f"{path}: {error.what}")
        else:
            wrong += [f"{path}: {WORDS[shot.fault]}"] if shot.fault else []
            shots += [] if shot.fault else [shot]
    usable = of_one_person(shots, examiner.encoders[0].name)
    if any(shot.fault for shot in usable):
        raise RecognitionError(
            "the photographs do not show one and the same person",
            where=", ".join(str(path) for path in photos),
            hint="give photographs of one person",
        )
    if not usable:
        raise RecognitionError(
            "no photograph can be used:\n" + "\n".join(f"  - {line}" for line in wrong),
            where=f"{len(photos)} photographs" if len(photos) > 1 else "",
            hint="take others: near, from the front, in even light, one person",
        )
    for line in wrong:
        console.print(f"left out: {line}", style="yellow", markup=False)
    return usable


def _lookalikes(
    store: Store, encoder: Encoder, shots: list[Shot], row: PersonRow | None, double: bool
) -> list[int]:
    """Who the gate would take them for. Raises AccessError unless ``double``."""
    known = KnownFaces(store, encoder.name, encoder.dimension)
    alike = resembling(shots, known.matcher(), row.id if row else None)
    same = [likeness.person for likeness in alike if likeness.same]
    if same and not double:
        raise AccessError(
            "the gate takes this person for somebody enrolled: "
            + ", ".join(f"#{other}" for other in same),
            where="people",
            hint="if it is the same person use --person; if they are two people, --double: the "
            "gate then asks both for a card as well",
        )
    return same


# ---------------------------------------------------------------------- a folder


def _folder(console: Console, settings: Settings, store: Store, folder: Path) -> None:
    table = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    if table is None:
        raise ConfigurationError(
            "the folder holds no table of people",
            where=str(folder),
            hint=f"put a {' or '.join(TABLES)} beside the photographs, or name the photographs",
        )
    lines = read_table(table)
    packed = folder / PACKED
    photos: Photos = ZipPhotos(packed) if packed.is_file() else FolderPhotos(folder)
    title = f"{str(table.resolve())[-180:]} {hashlib.sha256(table.read_bytes()).hexdigest()[:16]}"
    job = _begun(store, title)
    if job is not None and job.finished is not None:
        console.print(f"{table}: imported already on {job.finished:%F}; nothing to do")
        return
    if job is None:
        wrong = _check(lines, photos, store, settings)
        _refuse([f"line {w.line}, {w.column}: {w.what}" for w in wrong], str(table))
        job = _begin(store, title, len(lines))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("enrolling", total=len(lines))
        with (
            _interrupted() as stop,
            # what the models start threads for stands back behind a running gate too
            ThreadPoolExecutor(1, initializer=stand_back) as behind,
        ):
            examiner = behind.submit(_examiner, settings, store).result()
            done = len(done_lines(store, job.id))
            bar.update(task, completed=done)
            for step in run_import(
                store, job.id, lines, photos, examiner, by="cli", stop=stop.is_set
            ):
                done = step.done
                bar.update(task, completed=done)
    photos.close()
    if done < len(lines):
        console.print(f"stopped after {done:,} of {len(lines):,}; the same command goes on")
        raise SystemExit(130)
    encoder = examiner.encoders[0]
    known = KnownFaces(store, encoder.name, encoder.dimension)
    note_lookalikes(store, job.id, known.matcher())
    _end(store, job.id)
    store.audit.note("cli", "import.done", str(job.id), lines=len(lines))
    _report(console, store, job.id)


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
    """The import of this very table, if there is one: ``title`` holds its hash."""
    with store.database.read() as session:
        return session.scalar(select(ImportRow).where(ImportRow.name == title))


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


def _report(console: Console, store: Store, job: int) -> None:
    """What became of the lines. Exit status 1 when a photograph could not be used."""
    with store.database.read() as session:
        query = select(ImportLineRow).where(ImportLineRow.import_id == job)
        rows = list(session.scalars(query.order_by(ImportLineRow.line)))
    counts = {row.result: 0 for row in rows}
    for row in rows:
        counts[row.result] += 1
    console.print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    failed = [row for row in rows if row.result == "failed"]
    alike = [row for row in rows if resembles(row.note)]
    _some(console, failed)
    if alike:
        console.print(f"{len(alike)} resemble somebody; look at them on the desk's page")
        _some(console, alike)
    if failed:
        console.print("they stand in the register without a face; give one with --person")
        raise SystemExit(1)


def _some(console: Console, rows: list[ImportLineRow]) -> None:
    for row in rows[:SHOWN]:
        console.print(f"  line {row.line}: {in_words(row.note)}", style="yellow", markup=False)
    if len(rows) > SHOWN:
        console.print(f"  and {len(rows) - SHOWN} more", style="yellow")


def _check(lines: list[Line], photos: Photos, store: Store, settings: Settings) -> list[Wrong]:
    today = datetime.now(UTC).astimezone().date()
    below = settings.desk.guardian_below_age
    return check(lines, photos, store, today=today, guardian_age=below)


def _refuse(mistakes: list[str], where: str) -> None:
    if not mistakes:
        return
    shown = [f"  - {mistake}" for mistake in mistakes[:SHOWN]]
    if len(mistakes) > SHOWN:
        shown.append(f"  - and {len(mistakes) - SHOWN} more")
    count = "A mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    raise ConfigurationError(
        f"{count}, nothing was written:\n" + "\n".join(shown),
        where=where,
        hint="correct each line above and run the command again",
    )
