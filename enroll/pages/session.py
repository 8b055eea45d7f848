"""Set-up, sign-in, sign-out, own account, language."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from enroll.kept_form import LONGEST, KeptForm, kept_form
from enroll.page import LOOKS, go, inside, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed, desk_of, language_of
from gate.errors import AccessError
from gate.store.database_errors import DiskFullError
from gate.texts.catalogue import LANGUAGES

router = APIRouter()

Text = Annotated[str, Form(max_length=200)]


@router.get("/setup")
def setup_form(request: Request) -> Response:
    if not desk_of(request).first_run.open:
        return go("/login")
    return render(request, "setup.html", wrong="")


@router.post("/setup")
def setup(
    request: Request, code: Text, login: Text, password: Text, again: Text, name: Text = ""
) -> Response:
    desk = desk_of(request)
    if not desk.first_run.open:
        return go("/login")
    if not desk.sign_ins.allowed(_address(request)):
        return render(request, "setup.html", status=429, wrong="Too many attempts; wait a minute")
    if password != again:
        return render(request, "setup.html", status=400, wrong="The passwords differ")
    try:
        account = desk.first_run.create(code, login, password, name)
    except AccessError as error:
        return render(request, "setup.html", status=400, wrong=error.what)
    desk.store.audit.note(account.login, "account.first", account.login)
    return go("/login", "created")


@router.get("/login")
def login_form(request: Request, back: str = "/") -> Response:
    if desk_of(request).first_run.open:
        return go("/setup")
    return render(request, "login.html", wrong="", back=inside(back), kept=None)


@router.post("/login")
def sign_in(
    request: Request,
    login: Text,
    password: Text,
    back: Text = "/",
    code: Text = "",
    kept_path: Text = "",
    kept: Annotated[str, Form(max_length=3 * LONGEST)] = "",
) -> Response:
    """Begin a session; a form that was sent after the end of the one before is shown again."""
    desk = desk_of(request)
    form = _kept(kept_path, kept)
    if not desk.sign_ins.allowed(_address(request)):
        wrong = "Too many attempts; wait a minute"
        return render(request, "login.html", status=429, wrong=wrong, back=inside(back), kept=form)
    account = desk.accounts.sign_in(login, password, _address(request), code)
    if account is None:
        # a login that is none of ours may be a password typed into the wrong field
        known = desk.accounts.known(login)
        # strangers' tries take nothing of the room kept for those who may sign in
        with suppress(DiskFullError):
            desk.refused_sign_ins.note(known or "unknown")
        wrong = (
            "Login or password is wrong, or there were too many wrong attempts: wait and try again"
        )
        return render(request, "login.html", status=401, wrong=wrong, back=inside(back), kept=form)
    old = request.cookies.get(desk.cookie)
    if old:
        desk.sessions.end(old)
    token = desk.sessions.begin(
        account.id, _address(request), request.headers.get("user-agent", "")
    )
    desk.store.audit.note_urgently(account.login, "sign_in")
    answer: Response = RedirectResponse(inside(back), 303)
    found = desk.sessions.find(token) if form is not None else None
    if found is not None:
        visit = Visit(request, desk, account, found[1].csrf, language_of(request, account))
        answer = render(request, "kept_form.html", visit, kept=form, back=inside(back))
    answer.set_cookie(
        desk.cookie, token, httponly=True, samesite="strict", secure=desk.settings.tls, path="/"
    )
    return answer


@router.post("/logout")
def sign_out(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    visit.desk.sessions.end(visit.request.cookies.get(visit.desk.cookie, ""))
    visit.note("sign_out", urgent=True)
    answer = go("/login", "signed_out")
    answer.delete_cookie(
        visit.desk.cookie,
        path="/",
        httponly=True,
        samesite="strict",
        secure=visit.desk.settings.tls,
    )
    return answer


@router.get("/language/{code}")
def language(request: Request, code: str, back: str = "/") -> Response:
    answer = go(inside(back))
    if code in LANGUAGES:
        answer.set_cookie("desk_language", code, max_age=31_536_000, samesite="lax", path="/")
    return answer


@router.get("/look/{part}/{value}")
def look(
    visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))],
    part: str,
    value: str,
    back: str = "/account",
) -> Response:
    """Light or dark, ordinary or large type; any other value is as the system has it."""
    answer = go(inside(back))
    if part in LOOKS:
        cookie, _, values = LOOKS[part]
        if value in values:
            answer.set_cookie(cookie, value, max_age=31_536_000, samesite="lax", path="/")
        else:
            answer.delete_cookie(cookie, path="/")
    return answer


@router.get("/account")
def own_account(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    return render(visit.request, "account.html", visit, wrong="")


@router.post("/account")
def own_password(
    visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))],
    present: Text,
    password: Text,
    again: Text,
) -> Response:
    wrong = ""
    address, login = _address(visit.request), visit.account.login
    if not visit.desk.accounts.is_right(visit.account, login, present, address):
        wrong = "The present password is wrong"
    elif password != again:
        wrong = "The passwords differ"
    if not wrong:
        try:
            visit.desk.accounts.set_password(visit.account.id, password)
        except AccessError as error:
            wrong = error.what
    if wrong:
        return render(visit.request, "account.html", visit, status=400, wrong=wrong)
    visit.note("account.password", visit.account.login)
    return go("/login", "password")


@router.get("/healthz", response_class=JSONResponse)
def health() -> dict[str, str]:
    return {"status": "ok"}


def _kept(path: str, fields: str) -> KeptForm | None:
    try:
        return kept_form(path, fields)
    except ValueError:  # too many fields
        return None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
