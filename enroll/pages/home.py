"""Today: what needs somebody, and the shortest ways to the day's work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll.page import render
from enroll.rights import Right
from enroll.visit import Visit, allowed

router = APIRouter()


@router.get("/")
def today(visit: Annotated[Visit, Depends(allowed(Right.SIGNED_IN))]) -> Response:
    return render(visit.request, "home.html", visit)
