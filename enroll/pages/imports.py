"""Import of many people, and export of the register."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from fastapi.responses import Response, StreamingResponse

from enroll.page import go, render
from enroll.pages.people import Number
from enroll.permissions import Right
from enroll.texts import translator
from enroll.visit import Visit, allowed
from gate.errors import ConfigurationError
from gate.importing.export import export, harmless
from gate.importing.headings import HEADINGS
from gate.importing.notes import in_words
from gate.store.tables import ImportRow

router = APIRouter()

Import = Annotated[Visit, Depends(allowed(Right.IMPORT))]
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
SHOWN = 500  # mistakes, or lines to look at, on one page


@router.get("/imports")
def imports(visit: Import) -> Response:
    return _list(visit)


@router.post("/imports/new")
def add(visit: Import, table: UploadFile, photos: UploadFile | None = None) -> Response:
    """Take the files and check them; nothing is written to the register."""
    pictures = photos.file if photos is not None and photos.filename else None
    try:
        job = visit.desk.imports.add(
            table.filename or "table.csv", table.file, pictures, visit.account.login
        )
    except ConfigurationError as error:
        return _list(visit, error)
    visit.note("import.add", str(job.id), lines=job.total)
    return go(f"/imports/{job.id}")


@router.get("/imports/{job}")
def one(visit: Import, job: Number) -> Response:
    row = _row(visit, job)
    wrong = []
    if row.state == "checked":
        wrong = visit.desk.imports.wrong(job, visit.desk.settings.guardian_below_age)
    progress, fault = visit.desk.imports.progress(job)
    return render(
        visit.request,
        "import.html",
        visit,
        job=row,
        wrong=wrong[:SHOWN],
        wrong_total=len(wrong),
        heading=lambda column: HEADINGS[column][-1 if visit.language == "zh" else 0],
        progress=progress,
        fault=fault,
        report=visit.desk.imports.to_look_at(job, SHOWN),
        in_words=lambda noted: in_words(noted, translator(visit.language)),
    )


@router.get("/imports/{job}/progress")
def progress(visit: Import, job: Number) -> Response:
    row = _row(visit, job)
    progress, fault = visit.desk.imports.progress(job)
    response = render(
        visit.request, "import_progress.html", visit, job=row, progress=progress, fault=fault
    )
    if row.state != "running":
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/imports/{job}/run")
def run(visit: Import, job: Number) -> Response:
    """Begin or go on; only a table without a mistake."""
    row = _row(visit, job)
    below = visit.desk.settings.guardian_below_age
    if row.state == "checked" and visit.desk.imports.wrong(job, below, anew=True):
        return go(f"/imports/{job}")
    if row.state != "done":
        visit.note("import.run", str(job))
        visit.desk.imports.start(job, visit.account.login)
    return go(f"/imports/{job}")


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


@router.get("/imports/{job}/report.csv", responses=CSV)
def report(visit: Import, job: Number) -> Response:
    _row(visit, job)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("line", "result", "person", "note"))
    translate = translator(visit.language)
    for line in visit.desk.imports.report(job):
        noted = harmless(in_words(line.note, translate))
        writer.writerow((line.line, line.result, line.person_id, noted))
    return _download("\ufeff" + buffer.getvalue(), f"import-{job}.csv")


@router.get("/people.csv", responses=CSV)
def people_csv(visit: Annotated[Visit, Depends(allowed(Right.EXPORT))]) -> Response:
    visit.note("people.export")
    return StreamingResponse(
        export(visit.desk.store),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )


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


def _download(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
