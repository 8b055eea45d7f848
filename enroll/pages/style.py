"""The style page: the tokens of the design and every building block of the pages, once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll.icon import FOLDER
from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()

_CSS = Path(__file__).parent.parent / "static" / "desk.css"


@cache
def tokens() -> tuple[str, ...]:
    """The names of the colours as the style sheet has them."""
    text = _CSS.read_text("utf-8")
    return tuple(
        dict.fromkeys(re.findall(r"--([\w-]+): var\(--when-light, #", text[: text.index("@media")]))
    )


@router.get("/style")
def style(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    return render(
        visit.request,
        "style.html",
        visit,
        tokens=tokens(),
        icons=sorted(file.stem for file in FOLDER.glob("*.svg")),
    )
