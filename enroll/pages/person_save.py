"""The form of a person: shown, checked and saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi.responses import Response
from pydantic import ValidationError

from enroll import person_form
from enroll.page import go, render
from enroll.person_form import PersonForm
from enroll.register import namesakes
from enroll.visit import NOBODY, Visit
from gate.access.decision import Kind
from gate.errors import StoreError
from gate.store.database_errors import ConflictError
from gate.store.people import ChangedError
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
    as_sent = {**person_form.EMPTY, **_ticks(sent)}
    if person is not None and before is None:
        return _gone(visit, as_sent)
    try:
        form = PersonForm.model_validate({k: v for k, v in sent.items() if k not in _BESIDE})
        form = person_form.at_home(store, form)
        family = person_form.family_of(sent, names, years)
        family = [person_form.at_home(store, one) for one in family]
        if before is None and "somebody_else" not in sent:
            known = [
                row
                for one in (form, *family)
                for row in namesakes(store.database, one.name, one.home, one.birth_year)[:1]
            ]
            if known:
                return form_page(visit, as_sent, person, rows=rows, known=known)
        if before is None:
            made = store.people.create_many([one.columns() for one in (form, *family)])
            there = [found for found in map(store.people.get, made) if found]
            if not there:  # somebody deleted them in this moment
                return _gone(visit, as_sent)
            row, *others = there
        else:
            seen = str(sent.get("updated", ""))
            row = store.people.update(before.id, seen=seen, **form.columns())
    except ValidationError as error:
        wrong = "\n".join(person_form.mistakes(error, _))
        return form_page(visit, as_sent, person, wrong, rows)
    except ChangedError:
        return _changed(visit, as_sent, before)
    except ConflictError:
        wrong = _("Somebody else saved at the same moment. Nothing was saved: please save again.")
        if form.number and store.people.by_number(form.number):
            wrong = _("Somebody else has this number already")
        return form_page(visit, as_sent, person, wrong, rows)
    except StoreError:
        if before is None or store.people.get(before.id) is not None:
            raise
        return _gone(visit, as_sent)
    rights = _rights(before, row)
    visit.note("person.create" if person is None else "person.change", row.ref, **rights)
    for other in others:
        visit.note("person.create", other.ref, **_rights(None, other))
    next_page = f"/people/{row.id}/consent" if person is None else f"/people/{row.id}"
    if others:  # each of them answers in turn
        next_page += "?then=" + ",".join(str(other.id) for other in others)
    return go(next_page, "created" if person is None else "saved")


def _changed(visit: Visit, typed: dict[str, Any], before: PersonRow | None) -> Response:
    """Nothing was saved: the form as typed, and where it differs from what is there now."""
    _ = translator(visit.language)
    row = visit.desk.store.people.get(before.id) if before is not None else None
    if row is None:
        return _gone(visit, typed)
    there = person_form.of_person(visit.desk.store, row)
    wrong = [
        _("Somebody changed this person meanwhile. Look at it, and save again."),
        *person_form.differences(there, typed, _),
    ]
    return form_page(visit, {**typed, "updated": version(row)}, row.id, "\n".join(wrong))


def _gone(visit: Visit, typed: dict[str, Any]) -> Response:
    """Whoever the form is about was deleted: what was typed is not lost, nor saved unasked."""
    _ = translator(visit.language)
    wrong = _(NOBODY) + "\n" + _("Nothing was saved. Below is what you typed: saved, it is new.")
    return form_page(visit, typed, None, wrong)


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
