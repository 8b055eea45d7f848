"""Where a resident wants to be notified of a visitor, by consent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll.page import go
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.store.arrivals import PURPOSE

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
# what an address, a number or a key is made of: nothing that could lead a message elsewhere
Address = Annotated[str, Form(pattern=r"^[A-Za-z0-9@._+-]{1,120}$")]


@router.post("/people/{person}/arrivals")
def choose(
    visit: Edit,
    person: Number,
    way: Annotated[str, Form(max_length=20)],
    to: Address,
) -> Response:
    """Keep way and address of somebody who agreed."""
    row = person_of(visit, person)
    if way not in {one.name for one in visit.desk.ways}:
        raise HTTPException(400, "There is no such way")
    agreed = visit.desk.store.consents.answer(person, PURPOSE)
    if agreed is None or agreed.answer != "agreed":
        raise HTTPException(400, "This person has not agreed to it")
    now = visit.desk.clock.utc()
    visit.desk.store.arrivals.choose(person, way, to, visit.account.login, now)
    visit.note("arrival.way", row.ref, way=way)
    return go(f"/people/{person}", "saved")
