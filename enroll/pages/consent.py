"""Consent: read, answered, recorded; the way on is the face or the card."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from pydantic import StringConstraints

from enroll import consent
from enroll.page import go, render
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.errors import AccessError
from gate.texts.catalogue import LANGUAGES

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
Then = Annotated[str, StringConstraints(pattern=r"^(\d{1,18}(,\d{1,18}){0,19})?$")]
Purpose = Literal["face", "not_seen", "export", "learning", "help", "alone", "arrival"]


@router.get("/people/{person}/consent")
def ask(
    visit: Edit, person: Number, language: str = "", purpose: Purpose = "face", then: Then = ""
) -> Response:
    """The text and its answer; ``then`` are the others of the home who are asked next."""
    return _page(visit, person, language, purpose, then)


@router.post("/people/{person}/consent")
def answer(
    visit: Edit,
    person: Number,
    answer: Annotated[str, Form(max_length=20)],
    language: Annotated[str, Form(max_length=10)],
    guardian: Annotated[str, Form(max_length=120)] = "",
    birth_year: Annotated[str, Form(pattern=r"^(19\d\d|20\d\d|)$")] = "",
    purpose: Annotated[Purpose, Form()] = "face",
    then: Annotated[Then, Form()] = "",
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
            language=consent.worded(language if language in LANGUAGES else visit.language),
            asked_by=visit.account.login,
            guardian=guardian,
            age=visit.desk.settings.guardian_below_age,
            now=visit.desk.clock.utc(),
            purpose=purpose,
        )
    except AccessError as error:
        return _page(visit, person, language, purpose, then, error)
    visit.note(
        "consent." + answer, row.ref, purpose=purpose, version=consent.VERSION, language=language
    )
    if then:
        first, _, rest = then.partition(",")
        return go(f"/people/{first}/consent" + (f"?then={rest}" if rest else ""), "consent")
    if answer == "agreed" and purpose == "face":
        return go(f"/people/{person}/enrol", "consent")
    return go(f"/people/{person}", "consent")


def _page(
    visit: Visit,
    person: int,
    language: str,
    purpose: Purpose,
    then: str = "",
    wrong: AccessError | None = None,
) -> Response:
    row = person_of(visit, person)
    settings = visit.desk.settings
    language = consent.worded(language if language in LANGUAGES else row.locale)
    return render(
        visit.request,
        "consent.html",
        visit,
        status=400 if wrong else 200,
        person=row,
        purpose=purpose,
        then=then,
        wording=consent.text(
            language,
            settings.community,
            settings.guardian_below_age,
            purpose=purpose,
            hours=visit.desk.not_seen_hours,
        ),
        wording_language=language,
        worded=[code for code in LANGUAGES if consent.worded(code) == code],
        version=consent.VERSION,
        guardian=consent.needs_guardian(
            row, settings.guardian_below_age, visit.desk.clock.utc().astimezone().date()
        ),
        age=settings.guardian_below_age,
        wrong=wrong,
    )
