"""Staff accounts, for managers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from enroll.page import go, render
from enroll.pages.people import Number
from enroll.permissions import Permission, Role
from enroll.visit import Visit, allowed
from gate.errors import AccessError

router = APIRouter()

Manager = Annotated[Visit, Depends(allowed(Permission.ACCOUNTS))]
Text = Annotated[str, Form(max_length=200)]


@router.get("/accounts")
def accounts(visit: Manager) -> Response:
    return _page(visit)


@router.post("/accounts")
def create(
    visit: Manager, login: Text, password: Text, role: Annotated[Role, Form()], name: Text = ""
) -> Response:
    try:
        account = visit.desk.accounts.create(login, password, role, name)
    except AccessError as error:
        return _page(visit, error.what)
    visit.note("account.create", account.login, role=role.value)
    return go("/accounts", "created")


@router.post("/accounts/{account}")
def change(
    visit: Manager,
    account: Number,
    role: Annotated[Role, Form()],
    disabled: Annotated[bool, Form()] = False,
) -> Response:
    try:
        visit.desk.accounts.change(account, role, disabled=disabled)
    except AccessError as error:
        return _page(visit, error.what)
    visit.note("account.change", str(account), role=role.value, disabled=disabled)
    return go("/accounts", "saved")


@router.post("/accounts/{account}/password")
def password(visit: Manager, account: Number, password: Text) -> Response:
    try:
        visit.desk.accounts.set_password(account, password)
    except AccessError as error:
        return _page(visit, error.what)
    visit.note("account.password", str(account))
    return go("/accounts", "saved")


def _page(visit: Visit, wrong: str = "") -> Response:
    return render(
        visit.request,
        "accounts.html",
        visit,
        status=400 if wrong else 200,
        wrong=wrong,
        accounts=visit.desk.accounts.all(),
        roles=list(Role),
    )
