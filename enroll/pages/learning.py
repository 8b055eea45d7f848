"""What the gate learnt of faces from cards, and what it could not; staff undo and refuse."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query
from fastapi.responses import Response

from enroll.page import go, render
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.register import people_of
from enroll.visit import Visit, allowed
from gate.events.event import Event
from gate.store.learnt_lines import ADDED, ENROLLED

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.PEOPLE_VIEW))]
Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
PAGE = 50
LIST = "/learnt"


@router.get(LIST)
def learnt(visit: View, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    store = visit.desk.store
    rows = store.looks.lines(PAGE + 1, (page - 1) * PAGE)
    shown = rows[:PAGE]
    proposals = store.looks.proposals()
    proposed = {row.person_id for row in proposals}
    waiting = {p: count for p, count in store.looks.waiting().items() if p not in proposed}
    named = {row.person_id for row in shown} | {row.other_id for row in shown if row.other_id}
    people = people_of(store.database, sorted(named | proposed | set(waiting)))
    visit.note("learnt.view", people=len(people))
    return render(
        visit.request,
        "learnt.html",
        visit,
        rows=[row for row in shown if row.person_id in people],
        proposals=[row for row in proposals if row.person_id in people],
        waiting=[(people[person], count) for person, count in waiting.items() if person in people],
        people=people,
        learns=visit.desk.learns,
        more=len(rows) > PAGE,
        page=page,
    )


@router.post(LIST + "/confirm")
def confirm(visit: Edit, line: Annotated[list[int] | None, Form()] = None) -> Response:
    """The faces of these lines are those of the cards' holders; the gate takes them over."""
    confirmed = 0
    for number in line or ():
        row = visit.desk.store.looks.confirm(number, visit.account.login)
        if row is not None:  # one that is over meanwhile is left out
            confirmed += 1
            visit.note("learnt.confirm", person_of(visit, row.person_id).ref)
    return go(LIST, "face_confirmed" if confirmed else "face_none_confirmed")


@router.post(LIST + "/{line}/undo")
def undo(visit: Edit, line: Number) -> Response:
    """Delete what it brought; the gate may learn again."""
    return _undo(visit, line, refuse=False)


@router.post(LIST + "/{line}/refuse")
def refuse(visit: Edit, line: Number) -> Response:
    """Delete what was learnt of this person, and learn nothing more of them."""
    return _undo(visit, line, refuse=True)


@router.post("/people/{person}/learning/allow")
def allow(visit: Edit, person: Number) -> Response:
    row = person_of(visit, person)
    visit.desk.store.looks.allow(person, visit.account.login)
    visit.note("learnt.allow", row.ref)
    return go(LIST, "saved")


def _undo(visit: Visit, line: int, *, refuse: bool) -> Response:
    store, by = visit.desk.store, visit.account.login
    before = next((one for one in store.looks.proposals() if one.id == line), None)
    row = store.looks.undo(line, by, refuse=refuse)
    if row is None:
        raise HTTPException(404)
    person = person_of(visit, row.person_id)
    visit.note("learnt.refuse" if refuse else "learnt.undo", person.ref, what=row.kind)
    if row.kind in (ENROLLED, ADDED) and before is None:  # what only waited was in no use
        store.events.append([unlearnt(visit, row.kind, person.ref, "staff")])
    return go(LIST, "face_forgotten")


def unlearnt(visit: Visit, how: str, ref: str, cause: str) -> Event:
    """The event that what was learnt of somebody is gone."""
    details = {"how": how, "by": visit.account.login, "cause": cause}
    now = visit.desk.clock.utc()
    return Event.make(visit.desk.gate, "face.unlearnt", now, person=ref, details=details)
