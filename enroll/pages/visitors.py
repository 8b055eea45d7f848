"""Visitors: today's list, a permit in one form, and the page a visitor opens on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, ValidationError

from enroll import person_form, rule_preview, visitor_link, visitors
from enroll.gate_names import for_permits
from enroll.page import render
from enroll.permissions import Permission
from enroll.permits import Permits
from enroll.person_form import PersonForm
from enroll.register import namesakes
from enroll.visit import Visit, allowed, desk_of
from gate.access.decision import Kind
from gate.access.permit import PermitRefused
from gate.access.permit_print import permit_pdf
from gate.errors import GateError
from gate.services.permits import Issued
from gate.store.tables import PersonRow
from gate.texts.catalogue import Translate, translator

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.PEOPLE_VIEW))]
Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+$", max_length=500)]
Moment = Annotated[str, Form(pattern=r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})?$")]
LONGEST_HOURS = 24 * 366
LENGTHS = {1: "hours", 24: "days", 168: "weeks"}  # hours, and their name
Per = Annotated[Literal[1, 24, 168], BeforeValidator(int), Form()]
EMPTY = {
    "name": "",
    "building": "",
    "unit": "",
    "phone": "",
    "starts": "",
    "hours": 12,
    "per": 1,
    "uses": 2,
    "gates": [],
}


@router.get("/visitors")
def today(visit: View) -> Response:
    """Who is expected today, who came, and the form for a new visitor."""
    return _page(visit)


@router.post("/visitors", response_model=None)
def invite(
    visit: Edit,
    name: Annotated[str, Form(max_length=120)] = "",
    building: Annotated[str, Form(max_length=80)] = "",
    unit: Annotated[str, Form(max_length=80)] = "",
    phone: Annotated[str, Form(max_length=40)] = "",
    starts: Moment = "",
    hours: Annotated[int, Form(ge=1, le=LONGEST_HOURS)] = 12,
    per: Per = 1,
    uses: Annotated[int, Form(ge=0, le=1000)] = 2,
    gates: Annotated[list[str] | None, Form(max_length=60)] = None,
    another: Annotated[bool, Form()] = False,
) -> Response:
    """A visitor into the register and a permit, in one step.

    ``hours`` are as many times ``per`` hours. Who has a permit that is valid gets a second one only
    with ``another``: a form that was sent twice makes nobody twice.
    """
    sent = {"name": name, "building": building, "unit": unit, "phone": phone}
    rest = {"starts": starts, "hours": hours, "per": per, "uses": uses, "gates": gates or []}
    now = visit.desk.clock.utc()
    begin = moment(starts, now)
    hours = min(hours * per, LONGEST_HOURS)
    end = begin + timedelta(hours=hours)
    permits = permits_of(visit)
    _ = translator(visit.language)
    try:
        last_day = end.astimezone().date()
        form = PersonForm.model_validate({**sent, "kind": Kind.VISITOR, "valid_until": last_day})
        form = person_form.at_home(visit.desk.store, form)
    except ValidationError as error:
        return _page(visit, "\n".join(person_form.mistakes(error, _)), {**sent, **rest})
    database = visit.desk.store.database
    here = namesakes(database, form.name, form.home, kind=Kind.VISITOR)
    here = [row for row in here if row.valid_until is None or row.valid_until > now]
    if here and not another:
        return _page(visit, "", {**sent, **rest}, here[:1])
    row = visit.desk.store.people.create(**form.columns())
    try:
        issued = permits.book.issue(
            permits.key(),
            row.id,
            begin,
            end,
            now=now,
            uses=uses,
            gates=gates or (),
            issued_by=visit.account.login,
        )
    except GateError as error:
        visit.desk.store.people.delete(row.id)
        where = f" ({error.where})" if error.where else ""
        return _page(visit, f"{_(error.what)}{where}\n{_(error.hint)}", {**sent, **rest})
    visit.note("person.create", row.ref)
    visit.note("permit.issue", row.ref, serial=issued.permit.serial, hours=hours, uses=uses)
    return given(visit, issued, row.name, row.id)


@router.get("/v/{token}")
def permit(request: Request, token: Token) -> Response:
    """The permit on its visitor's telephone; whoever has the link has the permit."""
    desk = desk_of(request)
    found = _shown(request, token)
    row = desk.store.people.get(found.holder) if found.holder and found.holder > 0 else None
    return render(
        request,
        "visitor_permit.html",
        shown=found,
        name=row.name if row else "",
        code=visitor_link.picture(found.text),
        token_of_permit=token,
        problem=found.problem,
    )


@router.get("/v/{token}/permit.png", responses={200: {"content": {"image/png": {}}}})
def code(request: Request, token: Token) -> Response:
    """The code as a picture to keep: it opens without any network."""
    found = _shown(request, token)
    if found.problem not in ("", "permit_not_yet_valid"):
        raise HTTPException(410, "This permit opens no longer")
    out = BytesIO()
    segno.make(found.text, error="m", micro=False).save(out, kind="png", scale=16, border=4)
    headers = {"Content-Disposition": f'attachment; filename="permit-{found.permit.serial}.png"'}
    return Response(out.getvalue(), media_type="image/png", headers=headers)


@router.get("/v/{token}/permit.pdf", responses={200: {"content": {"application/pdf": {}}}})
def paper(request: Request, token: Token) -> Response:
    """The same permit as a page to print or keep."""
    desk = desk_of(request)
    found = _shown(request, token)
    row = desk.store.people.get(found.holder) if found.holder and found.holder > 0 else None
    if row is None or found.problem not in ("", "permit_not_yet_valid"):
        raise HTTPException(410, "This permit opens no longer")
    zone = desk.clock.utc().astimezone().tzinfo
    assert zone is not None
    community = desk.settings.community
    pdf = permit_pdf(
        found.permit,
        found.text,
        name=row.name,
        community=community,
        zone=zone,
        gates=desk.gate_names().labelled(found.permit.gates),
    )
    headers = {"Content-Disposition": f'inline; filename="permit-{found.permit.serial}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def given(visit: Visit, issued: Issued, name: str, person: int) -> Response:
    """A new permit for its holder: the link as a code to scan, to copy, or to print."""
    token = visitor_link.token_of(issued.text)
    link = f"{str(visit.request.base_url).rstrip('/')}/v/{token}"
    return render(
        visit.request,
        "permit_given.html",
        visit,
        name=name,
        person=person,
        permit=issued.permit,
        token_of_permit=token,
        link=link,
        scan=visitor_link.picture(link, scale=5),
    )


def lengths(translate: Translate) -> list[tuple[int, str]]:
    """What a length can be given in: hours of one, and its name."""
    return [(hours, translate(name)) for hours, name in LENGTHS.items()]


def moment(text: str, now: datetime) -> datetime:
    """A local moment of a form; now without one. Raises 422 for a day that is none."""
    try:
        return datetime.fromisoformat(text).astimezone() if text else now
    except (ValueError, OverflowError):
        raise HTTPException(422, "There is no such day") from None


def permits_of(visit: Visit) -> Permits:
    """What permits are issued with. Raises 503 where the desk issues none."""
    if visit.desk.permits is None:
        raise HTTPException(503, "The desk issues no permits")
    return visit.desk.permits


def _shown(request: Request, token: str) -> visitor_link.Shown:
    desk = desk_of(request)
    if desk.permits is None:
        raise HTTPException(404)
    try:
        return visitor_link.shown(desk.permits.book, token, desk.clock.utc())
    except PermitRefused:
        raise HTTPException(404) from None


def _page(
    visit: Visit,
    wrong: str = "",
    form: dict[str, Any] | None = None,
    known: Sequence[PersonRow] = (),
) -> Response:
    now = visit.desk.clock.utc()
    day: date = now.astimezone().date()
    expected = visitors.of_day(visit.desk.store, datetime.combine(day, time()).astimezone(), now)
    gates, unnameable = for_permits(rule_preview.gates_of(visit.desk))
    visit.note("visitors.view", results=len(expected))
    return render(
        visit.request,
        "visitors.html",
        visit,
        status=400 if wrong or known else 200,
        wrong=wrong,
        known=known,
        form={**EMPTY, **(form or {})},
        lengths=lengths(translator(visit.language)),
        expected=expected,
        buildings=visit.desk.store.places.buildings(),
        gates=gates,
        unnameable=unnameable,
        issues=visit.desk.permits is not None,
    )
