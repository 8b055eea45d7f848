"""Electronic permits: issued for printing, listed, withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll.page import go, inside
from enroll.pages import visitors
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.access.permit_print import permit_pdf

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]


@router.post("/people/{person}/permits", responses={200: {"content": {"application/pdf": {}}}})
def issue(
    visit: Edit,
    person: Number,
    hours: Annotated[int, Form(ge=1, le=visitors.LONGEST_HOURS)] = 24,
    per: visitors.Per = 1,
    uses: Annotated[int, Form(ge=0, le=1000)] = 0,
    visitor_of_household: Annotated[bool, Form()] = False,
    starts: visitors.Moment = "",
    gates: Annotated[list[str] | None, Form(max_length=60)] = None,
    for_telephone: Annotated[bool, Form()] = False,
) -> Response:
    """Sign a permit: a page to print, or the link for a telephone. The text is not kept.

    It is valid for as many times ``per`` hours as ``hours`` says, a year at most.
    """
    hours = min(hours * per, visitors.LONGEST_HOURS)
    row = person_of(visit, person)
    permits = visitors.permits_of(visit)
    now = visit.desk.clock.utc()
    begin = visitors.moment(starts, now)
    if visitor_of_household and row.household_id is None:
        raise HTTPException(400, "This person belongs to no household")
    issued = permits.book.issue(
        permits.key(),
        person,
        begin,
        begin + timedelta(hours=hours),
        now=now,
        uses=uses,
        gates=gates or (),
        issued_by=visit.account.login,
        household=row.household_id if visitor_of_household else None,
    )
    visit.note("permit.issue", row.ref, serial=issued.permit.serial, hours=hours, uses=uses)
    if for_telephone:
        return visitors.given(visit, issued, row.name, person)
    zone = now.astimezone().tzinfo
    assert zone is not None
    pdf = permit_pdf(
        issued.permit,
        issued.text,
        name=row.name,
        community=visit.desk.settings.community,
        zone=zone,
        gates=visit.desk.gate_names().labelled(issued.permit.gates),
    )
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="permit-{issued.permit.serial}.pdf"'},
    )


@router.post("/people/{person}/allowance")
def allow(
    visit: Edit,
    person: Number,
    permits: Annotated[int | None, Form(ge=0, le=1000)] = None,
) -> Response:
    """How many visitor permits the person's household may have valid; empty: as configured."""
    row = person_of(visit, person)
    if row.household_id is None:
        raise HTTPException(404)
    visit.desk.store.places.allow_permits(row.household_id, permits)
    visit.note("household.allowance", row.ref, permits=permits)
    return go(f"/people/{person}", "saved")


@router.post("/people/{person}/permits/{serial}/revoke")
def revoke(
    visit: Edit,
    person: Number,
    serial: str,
    back: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    row = person_of(visit, person)
    permit = visit.desk.store.credentials.permit(serial)
    if permit is None or permit.person_id != person:
        raise HTTPException(404)
    visitors.permits_of(visit).book.revoke(serial, f"by {visit.account.login}")
    visit.note("permit.revoke", row.ref, serial=serial)
    return go(inside(back) if back else f"/people/{person}", "saved")
