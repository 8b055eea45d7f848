"""The audit: who did or looked at what, and whether the chain is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from enroll import audit_words
from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()

PAGE = 100


@router.get("/audit")
def audit(
    visit: Annotated[Visit, Depends(allowed(Permission.AUDIT_VIEW))],
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    verify: bool = False,
) -> Response:
    store = visit.desk.store
    if verify:
        visit.note("audit.verify")
    lines = store.audit.lines(PAGE + 1, before=before)
    return render(
        visit.request,
        "audit.html",
        visit,
        lines=lines[:PAGE],
        words=audit_words,
        more=lines[PAGE - 1].id if len(lines) > PAGE else None,
        verified=verify,
        faults=store.audit.verify() if verify else [],
        head=store.audit.head(),
    )
