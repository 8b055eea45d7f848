"""Look-alikes, and people who should be enrolled again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from enroll import drift
from enroll.page import go, render
from enroll.pages.capture import faces_of
from enroll.pages.people import person_of
from enroll.permissions import Permission
from enroll.register import people_of
from enroll.visit import Visit, allowed
from gate.recognition.matching.lookalikes import lookalikes

router = APIRouter()


@router.get("/lookalikes")
def hints(visit: Annotated[Visit, Depends(allowed(Permission.PEOPLE_VIEW))]) -> Response:
    store = visit.desk.store
    found = lookalikes(faces_of(visit).known.matcher())
    people = people_of(store.database, [one for pair in found for one in (pair.one, pair.other)])
    again = [store.people.by_ref(ref) for ref in drift.last(store)]
    visit.note("lookalikes.view", pairs=len(found))
    return render(
        visit.request,
        "lookalikes.html",
        visit,
        pairs=[
            (people[pair.one], people[pair.other], pair.score, pair.double)
            for pair in found
            if pair.one in people and pair.other in people
        ],
        again=[row for row in again if row],
    )


@router.post("/lookalikes")
def ask_both(
    visit: Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))],
    one: Annotated[int, Form(ge=1, le=2**62)],
    other: Annotated[int, Form(ge=1, le=2**62)],
) -> Response:
    """Both are asked for a second proof from now on."""
    for person in (one, other):
        row = person_of(visit, person)
        visit.desk.store.people.update(person, face_alone=False)
        visit.note("person.second_proof", row.ref)
    return go("/lookalikes", "saved")
