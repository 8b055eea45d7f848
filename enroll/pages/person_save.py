"""The form of a person: shown, checked and saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import HTTPException
from fastapi.responses import Response
from pydantic import ValidationError

from enroll import person_form
from enroll.page import go, render
from enroll.person_form import PersonForm
from enroll.register import namesakes
from enroll.visit import Visit
from gate.access.decision import Kind
from gate.store.database_errors import ConflictError
from gate.store.tables import PersonRow
from gate.texts.catalogue import translator

# what is sent beside the fields of the person: rows of the others of a home, and "somebody else"
_BESIDE = ("csrf", "updated", "more_name", "more_birth_year", "somebody_else")
# columns by which somebody passes at more gates, at other times or in other ways; as they are of
# somebody new
_RIGHTS: dict[str, Any] = {
    "kind": None,
    "groups": [],
    "valid_from": None,
    "valid_until": None,
    "face_alone": True,
    "extended_unlock": False,
}


async def save(
    visit: Visit,
    sent: dict[str, Any],
    person: int | None,
    names: Sequence[str] = (),
    years: Sequence[str] = (),
) -> Response:
    """Create or change a person; what is wrong, or doubtful, is said above the form as it was sent.

    Whoever has the name of somebody of the same home is created only with ``somebody_else``: a form
    that was sent twice, or again after "back", makes nobody twice.
    """
    _ = translator(visit.language)
    store = visit.desk.store
    rows = list(zip(names, years, strict=False))
    others: list[PersonRow] = []
    before = None if person is None else store.people.get(person)
    if person is not None and before is None:
        raise HTTPException(404)
    as_sent = {**person_form.EMPTY, **_ticks(sent)}
    try:
        form = PersonForm.model_validate({k: v for k, v in sent.items() if k not in _BESIDE})
        family = person_form.family_of(sent, names, years)
        if before is None and "somebody_else" not in sent:
            known = [
                row
                for one in (form, *family)
                for row in namesakes(store.database, one.name, one.home, one.birth_year)[:1]
            ]
            if known:
                return form_page(visit, as_sent, person, rows=rows, known=known)
        columns = form.columns(store)
        if before is None:
            row = store.people.create(**columns)
            others = [store.people.create(**one.columns(store)) for one in family]
        elif sent.get("updated") and sent["updated"] != version(before):
            wrong = _("Somebody changed this person meanwhile. Look at it, and save again.")
            return form_page(visit, {**as_sent, "updated": version(before)}, person, wrong)
        else:
            row = store.people.update(before.id, **columns)
    except ValidationError as error:
        wrong = "\n".join(person_form.mistakes(error, _))
        return form_page(visit, as_sent, person, wrong, rows)
    except ConflictError:
        wrong = _("Somebody else has this number already")
        return form_page(visit, as_sent, person, wrong, rows)
    rights = _rights(before, row)
    visit.note("person.create" if person is None else "person.change", row.ref, **rights)
    for other in others:
        visit.note("person.create", other.ref, **_rights(None, other))
    next_page = f"/people/{row.id}/consent" if person is None else f"/people/{row.id}"
    if others:  # each of them answers in turn
        next_page += "?then=" + ",".join(str(other.id) for other in others)
    return go(next_page, "created" if person is None else "saved")


def _rights(before: PersonRow | None, row: PersonRow) -> dict[str, Any]:
    """What was given or taken that opens a door, for the audit: rights for one night leave a
    trace. Nothing else of the person is written there."""
    changed = {
        name: getattr(row, name)
        for name, usual in _RIGHTS.items()
        if getattr(row, name) != (getattr(before, name) if before else usual)
    }
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in changed.items()}


def version(row: PersonRow) -> str:
    """By which a form knows whether somebody else was faster."""
    return row.updated.isoformat()


def form_page(
    visit: Visit,
    form: dict[str, Any],
    person: int | None,
    wrong: str = "",
    rows: Sequence[tuple[str, str]] = (),
    known: Sequence[PersonRow] = (),
) -> Response:
    """The form; ``known`` are who may be the person of the form already, who are asked about."""
    return render(
        visit.request,
        "person_form.html",
        visit,
        status=400 if wrong or known else 200,
        form=form,
        person=person,
        wrong=wrong,
        known=known,
        this_year=datetime.now().astimezone().year,
        rows=[*(row for row in rows if any(row)), ("", ""), ("", "")],
        kinds=list(Kind),
        buildings=visit.desk.store.places.buildings(),
    )


def _ticks(sent: dict[str, Any]) -> dict[str, Any]:
    return {**sent, **{name: name in sent for name in ("extended_unlock", "face_alone")}}
