"""Weekly schedules and holidays, as the gates go by them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.access.schedule import DAYS, HOLIDAY
from gate.errors import AccessError

router = APIRouter()

Rules = Annotated[Visit, Depends(allowed(Permission.RULES))]
Name = Annotated[str, Form(min_length=1, max_length=40)]
MOST_DAYS = 60  # entered at a time


@router.get("/rules")
def rules(visit: Rules) -> Response:
    return _page(visit)


@router.post("/rules/schedules")
def set_schedule(
    visit: Rules, name: Name, text: Annotated[str, Form(min_length=1, max_length=400)]
) -> Response:
    """A new schedule, or another text for an old one."""
    try:
        visit.desk.store.rulebook.set_schedule(name, text)
    except AccessError as error:
        return _page(visit, wrong=error, name=name, text=text)
    visit.note("rules.schedule", name, text=text)
    return go("/rules", "saved")


@router.post("/rules/schedules/remove")
def remove_schedule(visit: Rules, name: Name) -> Response:
    visit.desk.store.rulebook.remove_schedule(name)
    visit.note("rules.schedule", name, text="")
    return go("/rules", "saved")


@router.post("/rules/days")
def set_days(
    visit: Rules,
    first: Annotated[date, Form()],
    last: Annotated[date | None, Form()] = None,
    counts_as: Annotated[str, Form(max_length=10)] = HOLIDAY,
    name: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Holidays, or working days in place of others."""
    count = ((last or first) - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise HTTPException(400, "The last day comes after the first, within sixty days")
    for ahead in range(count):
        visit.desk.store.rulebook.set_day(first + timedelta(days=ahead), counts_as, name)
    visit.note("rules.day", f"{first}", days=count, counts_as=counts_as)
    return go("/rules", "saved")


@router.post("/rules/days/remove")
def remove_day(visit: Rules, day: Annotated[date, Form()]) -> Response:
    visit.desk.store.rulebook.remove_day(day)
    visit.note("rules.day", f"{day}", counts_as="")
    return go("/rules", "saved")


def _page(visit: Visit, wrong: AccessError | None = None, **form: str) -> Response:
    book = visit.desk.store.rulebook
    return render(
        visit.request,
        "rules.html",
        visit,
        status=200 if wrong is None else 400,
        wrong=wrong,
        schedules=book.schedules(),
        days=book.holidays(),
        allows=book.allows(),
        kinds=(HOLIDAY, *DAYS),
        form={"name": "", "text": "", **form},
    )
