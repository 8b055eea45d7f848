"""The services' log of the last day, for technicians: by level, service and text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from starlette.datastructures import URL

from enroll import box_log
from enroll.box_log import UNITS, Level
from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()

PAGE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("/log")
def log(
    visit: Annotated[Visit, Depends(allowed(Permission.LOG_VIEW))],
    level: Level = Level.INFO,
    text: Annotated[str, Query(max_length=100)] = "",
    unit: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**52)] = None,
) -> Response:
    """``before``: microseconds since 1970; the page holds what is older."""
    # journald writes by the system's clock, whatever the desk is given
    now = datetime.now(UTC)
    end = None if before is None else _EPOCH + timedelta(microseconds=before)
    visit.note("log.view")
    found = box_log.read(
        now,
        level=level,
        text=text,
        unit=unit,
        before=end,
        limit=PAGE,
        language=visit.language,
    )
    older = ""
    if found.more:
        last = (found.lines[-1].at - _EPOCH) // timedelta(microseconds=1)
        chosen = {"level": level, "text": text, "unit": unit, "before": last}
        older = str(URL("/log").include_query_params(**{k: v for k, v in chosen.items() if v}))
    return render(
        visit.request,
        "log.html",
        visit,
        lines=found.lines,
        trouble=found.trouble,
        older=older,
        level=level,
        levels=list(Level),
        text=text,
        unit=unit,
        units=list(UNITS),
    )
