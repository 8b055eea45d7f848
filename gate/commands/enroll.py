"""``gate enroll``: photographs of one person, or a folder with a table of many."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate.clock import use_zone
from gate.commands import Config
from gate.commands.enroll_table import enroll_folder, table_choices
from gate.commands.own_register import refuse_on_a_box
from gate.commands.people import find_person
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import AccessError, CameraError, ConfigurationError, RecognitionError
from gate.importing.check import check
from gate.importing.notes import WORDS
from gate.importing.photos import NoPhotos, Photos
from gate.importing.table import Line
from gate.importing.wrong import Wrong
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import Encoder
from gate.recognition.quality.assessment import judge
from gate.services.encoder_choice import site_encoder
from gate.services.enrolment import Examiner, Shot, keep, of_one_person, resembling
from gate.services.gallery_sync import KnownFaces
from gate.services.image_decode import decode
from gate.store.store import Store
from gate.store.tables import PersonRow
from gate.texts.terminal import Console

TABLES = ("people.csv", "people.xlsx")
PACKED = "photos.zip"  # in the folder: photographs are looked for in it alone
SHOWN = 20  # mistakes of a table, and photographs that failed, reported at once


def enroll(
    photos: Annotated[
        list[Path],
        typer.Argument(help="Photographs of one person, or one folder with a table of people."),
    ],
    name: Annotated[str, typer.Option(help="The person's name, for somebody new.")] = "",
    number: Annotated[
        str, typer.Option(help="The number by which the community knows the person.")
    ] = "",
    birth_year: Annotated[str, typer.Option(help="Year of birth; consent depends on it.")] = "",
    guardian: Annotated[str, typer.Option(help="The guardian who agreed for a child.")] = "",
    agreed: Annotated[
        str, typer.Option(help="Which text the person agreed to, e.g. paper-2026.")
    ] = "",
    person: Annotated[
        str,
        typer.Option(help="Somebody already in the register: the new face replaces the old one."),
    ] = "",
    double: Annotated[
        bool, typer.Option("--double", help="They really are two people who look alike.")
    ] = False,
    sheet: Annotated[
        str, typer.Option(help="In a workbook: the sheet with the people; * for all.")
    ] = "",
    encoding: Annotated[str, typer.Option(help="Encoding of a CSV file, e.g. gb18030.")] = "",
    card_form: Annotated[
        str, typer.Option(help="How card numbers are written: decimal, facility, hex or reversed.")
    ] = "",
    date_order: Annotated[str, typer.Option(help="Dates like 3/4/26: ymd, dmy or mdy.")] = "",
    date_system: Annotated[
        str, typer.Option(help="Dates like 19876: 1900, 1904, or month (June 1987).")
    ] = "",
    hidden: Annotated[str, typer.Option(help="Hidden rows of a sheet: with or without.")] = "",
    hidden_columns: Annotated[str, typer.Option(help="Hidden columns: with or without.")] = "",
    homes: Annotated[
        str, typer.Option(help="Lines without a home below one that has: above or none.")
    ] = "",
    owners: Annotated[
        str,
        typer.Option(help="Lines with owner and tenant: both, there (tenant), owners or tenants."),
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(help="What a column is: --column C=phone; nothing after = leaves it out."),
    ] = None,
    doubles: Annotated[
        str, typer.Option(help="People who may be in the register already: same (person) or new.")
    ] = "",
    language: Annotated[str, typer.Option(help="Language of the report: en or zh.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Enrol a person from photographs, or many from a folder.

    `gate enroll wang-1.jpg wang-2.jpg --name 王芳 --birth-year 1958 --agreed paper-2026`

    A folder holds photographs and a table called people (.xlsx, .xls, .ods, .csv) with the
    columns name, photo, consent, birth year and others, in English or Chinese. The column photo
    says which photographs are whose; without it, a photograph is named after the number or name
    of the person. The table is checked before anything is written. After an interruption,
    Ctrl-C included, run the command again: it goes on where it stopped. Photographs are never
    kept; they may also be in a photos.zip beside the table.
    """
    settings = load(config)
    use_zone(settings.timezone)
    console = Console(highlight=False)
    with Store.open(settings.store, settings.data) as store:
        refuse_on_a_box(store, settings.data)
        if len(photos) == 1 and not photos[0].exists():  # else it would count as a photograph
            raise ConfigurationError(
                "there is no such file or folder", where=str(photos[0]), hint="check the name"
            )
        if len(photos) == 1 and photos[0].is_dir():
            choices = table_choices(
                sheet=sheet,
                encoding=encoding,
                card_form=card_form,
                date_order=date_order,
                date_system=date_system,
                hidden=hidden,
                hidden_columns=hidden_columns,
                homes=homes,
                owners=owners,
                columns=column,
            )
            enroll_folder(
                console, settings, store, photos[0], choices, doubles, language, _examiner
            )
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
        _refuse([f"--{w.column.replace('_', '-')}: {w.what}" for w in wrong], "")
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


def _check(lines: list[Line], photos: Photos, store: Store, settings: Settings) -> list[Wrong]:
    today = datetime.now(UTC).astimezone().date()
    below = settings.desk.guardian_below_age
    return check(lines, photos, store, today=today, guardian_age=below)


def _refuse(mistakes: list[str], where: str) -> None:
    if not mistakes:
        return
    shown = [f"  - {mistake}" for mistake in mistakes]
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    raise ConfigurationError(
        f"{count}, nothing was written:\n" + "\n".join(shown),
        where=where,
        hint="correct each line above and run the command again",
    )
