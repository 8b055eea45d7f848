"""The web application: middleware, pages, static files, errors as pages."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from enroll.desk import Desk
from enroll.middleware import SecurityMiddleware
from enroll.page import came_from, render
from enroll.pages import ROUTERS
from enroll.visit import NOBODY, Visit, language_of
from gate.errors import GateError
from gate.store.database_errors import DiskFullError, LockedError

log = logging.getLogger(__name__)

# what every page may answer besides itself; ``app.openapi()`` is what tests make their input from
_KINDS: dict[str, Any] = {"text/html": {}, "application/json": {}, "text/plain": {}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    303: {"description": "on to another page"},
    "4XX": {"description": "what is wrong and what to do", "content": _KINDS},
    503: {"description": "not set up on this desk", "content": _KINDS},
}


def create_app(desk: Desk) -> FastAPI:
    """The application that serves ``desk``. No page of documentation: it would load from afar."""
    app = FastAPI(
        title="Enrolment desk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        default_response_class=HTMLResponse,
        responses=ANSWERS,
        redirect_slashes=False,
    )
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_exception_handler(GateError, _gate_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _form_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)
    app.add_middleware(SecurityMiddleware, desk=desk)
    return app


# beginnings of what Starlette says of a form it cannot read: starlette/formparsers.py
TOO_MUCH = ("Too many fields", "Too many files", "Field exceeded", "Part exceeded")
BROKEN = ("Missing boundary", "Invalid multipart", "The Content-Disposition header field")


async def _gate_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GateError)
    passing = isinstance(error, DiskFullError | LockedError)  # nothing was wrong with the request
    return _answer(request, 503 if passing else 400, error.what, error.where, error.hint)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: "There is no such page or person", 405: "This address takes no such request"}
    if error.status_code == 403 and hasattr(request.state, "signed_in"):
        account, _ = request.state.signed_in
        desk: Desk = request.app.state.desk
        desk.store.audit.note(account.login, "refused", request.url.path[:80])
    what = known.get(error.status_code, str(error.detail))
    if error.detail == NOBODY:
        return _answer(request, 404, NOBODY, hint="Nothing was changed; search under People")
    if what.startswith(TOO_MUCH):  # Starlette's own words, of a form no page sends
        what, hint = "The form has too many or too large fields", "Send fewer lines at once"
        return _answer(request, 413, what, hint=hint)
    if what.startswith(BROKEN):
        return _answer(request, 400, "The form arrived damaged", hint="Load the page again")
    return _answer(request, error.status_code, what)


async def _form_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(
        sorted({str(mistake["loc"][-1]) for mistake in error.errors() if mistake["loc"]})
    )
    return _answer(request, 422, "The form is not filled in right", fields)


async def _gone(request: Request, error: Exception) -> Response:
    """The browser went to another page while it was sending: nobody reads the answer."""
    return Response(status_code=400)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("desk.unforeseen", exc_info=error)
    return _answer(request, 500, "Something went wrong in the desk itself")


def _answer(request: Request, status: int, what: str, where: str = "", hint: str = "") -> Response:
    if "text/html" not in request.headers.get("accept", "text/html"):
        return JSONResponse({"what": what, "where": where, "hint": hint}, status)
    visit = None
    if hasattr(request.state, "signed_in"):
        account, session = request.state.signed_in
        visit = Visit(
            request, request.app.state.desk, account, session.csrf, language_of(request, account)
        )
    return render(
        request,
        "error.html",
        visit,
        status=status,
        what=what,
        where=where,
        hint=hint,
        code=status,
        back=came_from(request),
    )
