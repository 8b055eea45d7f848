"""Import of many people, and export of the register."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from enroll import import_form, import_mistakes
from enroll.framed import framed
from enroll.import_checks import kinds, of_kind
from enroll.page import go, render
from enroll.pages.people import Number
from enroll.permissions import Permission
from enroll.visit import NOT_ALLOWED, Visit, allowed
from gate.errors import ConfigurationError, GateError, StoreError
from gate.importing import workbooks
from gate.importing.export import export, harmless, workbook
from gate.importing.line_numbers import shown
from gate.importing.notes import in_words, to_do
from gate.importing.same_face import merge, same_faces, tell_apart
from gate.importing.wrong import Wrong
from gate.store.tables import ImportRow
from gate.texts.catalogue import translator

router = APIRouter()

Import = Annotated[Visit, Depends(allowed(Permission.IMPORT))]
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXCEL: dict[int | str, dict[str, Any]] = {200: {"content": {EXCEL_TYPE: {}}}}
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
WORKING = ("running", "undoing")  # states that end by themselves
SAME = 50  # pairs with one face that are asked about at once
SHOWN = 100  # mistakes, or lines to look at, on one page
MOMENT = 0.05  # seconds a page waits for the check of a table
PATIENCE = 30.0  # seconds, for whoever has just sent a table or an answer


@router.get("/imports")
def imports(visit: Import) -> Response:
    return _list(visit)


@router.post("/imports/new")
def add(visit: Import, table: UploadFile, photos: UploadFile | None = None) -> Response:
    """Take the files and check them; nothing is written to the register."""
    pictures = photos.file if photos is not None and photos.filename else None
    try:
        job = visit.desk.imports.add(
            table.filename or "table.csv",
            table.file,
            pictures,
            visit.account.login,
            visit.language,
        )
    except ConfigurationError as error:
        return _list(visit, error)
    visit.note("import.add", str(job.id), lines=job.total)
    _await(visit, job.id)
    return go(f"/imports/{job.id}")


@router.get("/imports/template.xlsx", responses=EXCEL)
def blank(visit: Import) -> Response:
    """An empty table to fill in, in the language of the page."""
    return _download(
        workbooks.template(visit.language), f"people-{visit.language}.xlsx", EXCEL_TYPE
    )


@router.get("/imports/{job}")
def one(
    visit: Import,
    job: Number,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    kind: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """``kind``: of the mistakes, from 1; 0: all."""
    return _one(visit, job, page=page, kind=kind)


@router.post("/imports/{job}/choose")
async def choose(visit: Import, job: Number) -> Response:
    """Answers to what the table leaves open, and what its columns are read as."""
    row = _row(visit, job)
    if row.state != "checked":
        return go(f"/imports/{job}")
    form = await visit.request.form()
    known = visit.desk.imports.choices(job)
    try:
        choices = import_form.choices_of({k: str(v) for k, v in form.items()}, known)
        await run_in_threadpool(visit.desk.imports.choose, job, choices)
    except ConfigurationError as error:
        return await run_in_threadpool(_one, visit, job, error)
    await run_in_threadpool(_await, visit, job)
    return go(f"/imports/{job}")


@router.get("/imports/{job}/progress")
def progress(visit: Import, job: Number) -> Response:
    """How far it is. At the end htmx fetches the page's new content in place; a reload would
    cancel the request for another page if the clerk had just followed a link."""
    row = _row(visit, job)
    progress, fault = visit.desk.imports.progress(job)
    response = render(
        visit.request,
        "import_progress.html",
        visit,
        job=row,
        progress=progress,
        fault=fault,
        results=visit.desk.imports.results(job),
    )
    if visit.desk.imports.checked(job) if row.state == "checked" else row.state not in WORKING:
        there = {"path": f"/imports/{job}", "target": "#main", "select": "#main > *"}
        response.headers["HX-Location"] = json.dumps({**there, "push": "false"})
    return response


@router.post("/imports/{job}/run")
def run(visit: Import, job: Number) -> Response:
    """Begin or go on; only a table without a mistake."""
    row = _row(visit, job)
    below = visit.desk.settings.guardian_below_age
    begun = None
    if row.state == "checked":
        ready = visit.desk.imports.plan(job, below, again=True)
        if ready.ready:
            begun = visit.desk.imports.begin(job, ready, visit.account.login)
    elif row.state == "stopped":
        begun = visit.desk.imports.start(job, visit.account.login)
    if begun:
        visit.note("import.run", str(job))
    elif _row(visit, job).state not in ("checked", "stopped"):
        return go(f"/imports/{job}", "import_begun")
    return go(f"/imports/{job}", "import_busy" if begun is False else "")


@router.get("/imports/{job}/faces/{line}.jpg", responses=JPEG)
def faces(visit: Import, job: Number, line: Number) -> Response:
    """The photograph of a line with its faces framed and numbered."""
    _row(visit, job)
    name = dict(visit.desk.imports.unsettled(job)).get(line)
    if name is None:
        raise HTTPException(404)
    picture = framed(visit.desk.imports.faces_of(job, name))
    headers = {"Cache-Control": "no-store"}
    return Response(picture, media_type="image/jpeg", headers=headers)


@router.post("/imports/{job}/faces/{line}")
def pick(
    visit: Import, job: Number, line: Number, face: Annotated[int, Form(ge=0, le=20)] = 0
) -> Response:
    """The face of the person, from 1; 0: none of them."""
    _row(visit, job)
    name = dict(visit.desk.imports.unsettled(job)).get(line)
    if name is not None:
        login = visit.account.login
        visit.desk.imports.pick(job, line, name, face - 1 if face else None, login)
        visit.note("import.face", str(job), line=line)
    return go(f"/imports/{job}")


@router.post("/imports/{job}/same")
def same(
    visit: Import,
    job: Number,
    older: Annotated[int, Form(ge=1, le=2**62)],
    newer: Annotated[int, Form(ge=1, le=2**62)],
    one: Annotated[bool, Form()] = False,
) -> Response:
    """Two people with one face: ``one`` person, or two who are asked for a card as well.

    Only pairs the import found; to make them one deletes a record, which needs its permission.
    """
    _row(visit, job)
    store = visit.desk.store
    if not any((pair.older, pair.newer) == (older, newer) for pair in same_faces(store, job)):
        return go(f"/imports/{job}")
    refs = [row.ref for row in map(store.people.get, (older, newer)) if row]
    try:
        if not one:
            tell_apart(store, older, newer)
        elif visit.may(Permission.PEOPLE_DELETE):
            merge(store, older, newer)
        else:
            raise HTTPException(403, NOT_ALLOWED)
    except StoreError as error:
        return _one(visit, job, error)
    visit.note("import.same", " ".join(refs), one=one)
    return go(f"/imports/{job}", "saved")


@router.post("/imports/{job}/stop")
def stop(visit: Import, job: Number) -> Response:
    _row(visit, job)
    visit.desk.imports.stop(job)
    visit.note("import.stop", str(job))
    return go(f"/imports/{job}")


@router.post("/imports/{job}/discard")
def discard(visit: Import, job: Number) -> Response:
    _row(visit, job)
    visit.desk.imports.discard(job)
    visit.note("import.discard", str(job))
    return go("/imports", "saved")


@router.get("/imports/{job}/mistakes.xlsx", responses=EXCEL)
def mistakes(visit: Import, job: Number) -> Response:
    """The table with its mistakes marked in their cells."""
    if _row(visit, job).state != "checked":
        raise HTTPException(404)
    plan = visit.desk.imports.plan(job, visit.desk.settings.guardian_below_age)
    words = translator(visit.language)
    book = workbooks.marked(plan.table, plan.wrong, words, words("What is wrong"))
    return _download(book, f"mistakes-{job}.xlsx", EXCEL_TYPE)


def _report(visit: Visit, job: int) -> tuple[list[str], list[list[str]]]:
    translate = translator(visit.language)
    rows = visit.desk.imports.report(job)
    names = visit.desk.store.people.names(row.person_id for row in rows if row.person_id)
    head = [translate(text) for text in ("Line", "Name", "Result", "Person", "Note", "What to do")]
    return head, [
        [
            shown(row.line),
            names.get(row.person_id or 0, ""),
            translate(f"result {row.result}"),
            f"#{row.person_id}" if row.person_id else "",
            in_words(row.note, translate),
            to_do(row.note, translate),
        ]
        for row in rows
    ]


@router.get("/imports/{job}/report.xlsx", responses=EXCEL)
def report_book(visit: Import, job: Number) -> Response:
    """What became of each line, in the language of the page."""
    _row(visit, job)
    head, rows = _report(visit, job)
    book = workbooks.table(head, rows, translator(visit.language)("Report"))
    return _download(book, f"import-{job}.xlsx", EXCEL_TYPE)


@router.get("/imports/{job}/report.csv", responses=CSV)
def report(visit: Import, job: Number) -> Response:
    _row(visit, job)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    head, rows = _report(visit, job)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return _download("\ufeff" + buffer.getvalue(), f"import-{job}.csv")


@router.get("/people.xlsx", responses=EXCEL)
def people_xlsx(visit: Annotated[Visit, Depends(allowed(Permission.EXPORT))]) -> Response:
    """The register in the language of the page; imported again it changes nothing."""
    visit.note("people.export")
    return _download(workbook(visit.desk.store, visit.language), "people.xlsx", EXCEL_TYPE)


@router.get("/people.csv", responses=CSV)
def people_csv(visit: Annotated[Visit, Depends(allowed(Permission.EXPORT))]) -> Response:
    visit.note("people.export")
    return StreamingResponse(
        export(visit.desk.store),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )


def _await(visit: Visit, job: int) -> None:
    """Wait for the check of a table; its page says what is wrong with it."""
    with suppress(ConfigurationError):
        visit.desk.imports.look(job, visit.desk.settings.guardian_below_age, PATIENCE)


def _one(
    visit: Visit, job: int, refused: GateError | None = None, *, page: int = 1, kind: int = 0
) -> Response:
    row = _row(visit, job)
    plan = None
    if row.state == "checked":
        try:
            plan = visit.desk.imports.look(job, visit.desk.settings.guardian_below_age, MOMENT)
        except ConfigurationError as error:  # the upload was damaged on the disk meanwhile
            refused = refused or error
    found = kinds(plan.wrong) if plan else []
    wrong: Sequence[Wrong] = plan.wrong if plan else ()
    if 0 < kind <= len(found):
        wrong = of_kind(wrong, found[kind - 1][0])
    start = SHOWN * (page - 1)
    progress, fault = visit.desk.imports.progress(job)
    report = visit.desk.imports.to_look_at(job, SHOWN + 1, start)
    more = len(report) > SHOWN or len(wrong) > start + SHOWN
    report = report[:SHOWN]
    translate = translator(visit.language)
    heading = import_form.heading(visit.language)
    return render(
        visit.request,
        "import.html",
        visit,
        status=400 if refused else 200,
        job=row,
        plan=plan,
        refused=refused,
        ask=import_form.asked(plan, translator(visit.language)) if plan else None,
        kinds=found,
        kind=kind,
        wrong=import_mistakes.shown(plan, wrong[start : start + SHOWN], heading, translate)
        if plan
        else [],
        first=start + 1,
        found=len(wrong),
        page=page,
        more=more,
        heading=heading,
        progress=progress,
        fault=fault,
        results=visit.desk.imports.results(job),
        report=report,
        names=visit.desk.store.people.names(row.person_id for row in report if row.person_id),
        to_do=lambda noted: to_do(noted, translate),
        in_words=lambda noted: in_words(noted, translate),
        unsettled=visit.desk.imports.unsettled(job)[:1] if row.state == "done" else [],
        same=_same(visit, job) if row.state == "done" else [],
    )


def _same(visit: Visit, job: int) -> list[tuple[int, list[dict[str, Any]]]]:
    """Line, and what the register says of both, the older first."""
    store = visit.desk.store
    shown = []
    for pair in same_faces(store, job)[:SAME]:
        people = [row for row in map(store.people.get, (pair.older, pair.newer)) if row]
        homes = [
            store.places.address(row.household_id) if row.household_id else () for row in people
        ]
        both = [
            {"row": row, "home": " ".join(home)} for row, home in zip(people, homes, strict=True)
        ]
        shown += [(pair.line, both)] if len(both) == 2 else []
    return shown


def _row(visit: Visit, job: int) -> ImportRow:
    row = visit.desk.imports.get(job)
    if row is None:
        raise HTTPException(404)
    return row


def _list(visit: Visit, wrong: ConfigurationError | None = None) -> Response:
    return render(
        visit.request,
        "imports.html",
        visit,
        status=400 if wrong else 200,
        jobs=visit.desk.imports.all(),
        wrong=wrong,
    )


def _download(content: str | bytes, name: str, kind: str = "text/csv; charset=utf-8") -> Response:
    return Response(
        content,
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
