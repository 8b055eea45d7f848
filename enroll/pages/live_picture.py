"""A look through the camera of a gate: on request, a minute at a time, each time in the audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response

from enroll import history
from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.services import live_picture

router = APIRouter()

Look = Annotated[Visit, Depends(allowed(Permission.LIVE_PICTURE))]


@router.get("/live/{gate}/picture")
def page(visit: Look, gate: str) -> Response:
    """The picture while a look lasts, else what it means to ask for one."""
    _check(visit, gate)
    seconds = visit.desk.live_picture_access.left(visit.account.id, gate)
    return render(visit.request, "live_picture.html", visit, gate=gate, seconds=round(seconds))


@router.post("/live/{gate}/picture")
def begin(visit: Look, gate: str) -> Response:
    _check(visit, gate)
    visit.note("picture.look", gate)  # first: a look that cannot be written down does not happen
    visit.desk.live_picture_access.begin(visit.account.id, gate)
    return go(f"/live/{gate}/picture")


@router.get("/live/{gate}/picture.jpg")
def picture(visit: Look, gate: str) -> Response:
    """One JPEG, straight from the gate's memory; nothing keeps it."""
    _check(visit, gate)
    if not visit.desk.live_picture_access.left(visit.account.id, gate):
        raise HTTPException(403, "Ask for the picture first")
    jpeg = live_picture.fetch(visit.desk.folder, gate)
    if jpeg is None:
        raise HTTPException(503, "There is no picture: the gate is off or on another machine")
    return Response(jpeg, media_type="image/jpeg")


def _check(visit: Visit, gate: str) -> None:
    if not visit.desk.settings.live_picture:
        raise HTTPException(404)
    if gate not in {visit.desk.gate, *history.gates(visit.desk.store.database)}:
        raise HTTPException(404)
