"""Cards and PINs of a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll.page import go
from enroll.pages.learning import unlearnt
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.errors import AccessError
from gate.readers.card_number import Form as CardForm
from gate.readers.card_number import canonical
from gate.store.database_errors import ConflictError
from gate.store.learnt_lines import ENROLLED

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]


@router.post("/people/{person}/cards")
def add_card(
    visit: Edit,
    person: Number,
    number: Annotated[str, Form(max_length=40)],
    form: Annotated[CardForm, Form()] = CardForm.AUTO,
    label: Annotated[str, Form(max_length=80)] = "",
    duress: Annotated[bool, Form()] = False,
) -> Response:
    """A card from the desk's reader (which types like a keyboard) or as printed."""
    try:
        card = canonical(number, form)
    except AccessError as error:  # where: what was typed, not why it cannot be read
        raise AccessError(error.what, where=number.strip(), hint=error.hint) from None
    return _add(visit, person, "card", card, label, duress)


@router.post("/people/{person}/pins")
def add_pin(
    visit: Edit,
    person: Number,
    pin: Annotated[str, Form(max_length=12)],
    duress: Annotated[bool, Form()] = False,
) -> Response:
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12) or len(set(pin)) < 3:
        raise AccessError(
            "A PIN has 6 to 12 digits, at least three of them different", hint="choose another"
        )
    return _add(visit, person, "pin", pin, "", duress)


@router.post("/people/{person}/credentials/{credential}/revoke")
def revoke(
    visit: Edit,
    person: Number,
    credential: Number,
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    row = person_of(visit, person)
    if all(one.id != credential for one in visit.desk.store.credentials.of(person)):
        raise HTTPException(404)
    store = visit.desk.store
    lost = store.credentials.revoke(credential, reason)
    visit.note("credential.revoke", row.ref, credential=credential)
    if lost:
        store.events.append([unlearnt(visit, ENROLLED, row.ref, "card_revoked")])
    return go(f"/people/{person}", "face_waits" if lost else "saved")


def _add(visit: Visit, person: int, kind: str, value: str, label: str, duress: bool) -> Response:
    row = person_of(visit, person)
    try:
        added = visit.desk.store.credentials.add(person, kind, value, label=label, duress=duress)
    except ConflictError:
        held = visit.desk.store.credentials.find("card", value) if kind == "card" else None
        if held is not None and held.person.id == person:
            return go(f"/people/{person}", "card_here")
        raise AccessError(
            "somebody has this card already" if kind == "card" else "this PIN cannot be used",
            where=held.person.name if held else "",
            hint="take another, or revoke it there first",
        ) from None
    visit.note(f"{kind}.add", row.ref, credential=added.id)
    return go(f"/people/{person}", "saved")
