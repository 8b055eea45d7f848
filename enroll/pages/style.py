"""The style page: every building block of the pages, once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()


@router.get("/style")
def style(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    return render(visit.request, "style.html", visit)
