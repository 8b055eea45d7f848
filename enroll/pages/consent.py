"""Consent: read, answered, recorded; the way on is the face or the card."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from enroll import consent
from enroll.page import go, render
from enroll.pages.people import Number, person_of
from enroll.rights import Right
from enroll.texts import LANGUAGES
from enroll.visit import Visit, allowed
from gate.errors import AccessError

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Right.PEOPLE_EDIT))]


@router.get("/people/{person}/consent")
def ask(visit: Edit, person: Number, language: str = "") -> Response:
    return _page(visit, person, language)


@router.post("/people/{person}/consent")
def answer(
    visit: Edit,
    person: Number,
    answer: Annotated[str, Form(max_length=20)],
    language: Annotated[str, Form(max_length=10)],
    guardian: Annotated[str, Form(max_length=120)] = "",
    birth_year: Annotated[str, Form(pattern=r"^(19\d\d|20\d\d|)$")] = "",
) -> Response:
    store = visit.desk.store
    row = person_of(visit, person)
    if birth_year and row.birth_year is None:
        row = store.people.update(person, birth_year=int(birth_year))
    try:
        consent.record(
            store,
            row,
            answer,
            language=language if language in LANGUAGES else visit.language,
            asked_by=visit.account.login,
            guardian=guardian,
            age=visit.desk.settings.guardian_below_age,
            today=visit.desk.clock.utc().astimezone().date(),
        )
    except AccessError as error:
        return _page(visit, person, language, error)
    visit.note("consent." + answer, row.ref, version=consent.VERSION, language=language)
    if answer == "agreed":
        return go(f"/people/{person}/enrol", "consent")
    return go(f"/people/{person}", "consent")


def _page(visit: Visit, person: int, language: str, wrong: AccessError | None = None) -> Response:
    row = person_of(visit, person)
    settings = visit.desk.settings
    language = language if language in LANGUAGES else row.locale
    return render(
        visit.request,
        "consent.html",
        visit,
        status=400 if wrong else 200,
        person=row,
        wording=consent.text(language, settings.community, settings.guardian_below_age),
        wording_language=language,
        version=consent.VERSION,
        guardian=consent.needs_guardian(
            row, settings.guardian_below_age, visit.desk.clock.utc().astimezone().date()
        ),
        age=settings.guardian_below_age,
        wrong=wrong,
    )
