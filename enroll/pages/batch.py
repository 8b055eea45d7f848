"""Many people of the list changed at once, and undone."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from enroll import batch
from enroll.batch import Action, Change, UndoError
from enroll.page import go
from enroll.pages.people import found_people
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.importing.check import LAST_DAY, groups_of
from gate.texts.catalogue import translator

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
MOST = 500  # people in one batch


@router.post("/people/batch")
def change(
    visit: Edit,
    action: Annotated[Action, Form()],
    person: Annotated[list[int] | None, Form(max_length=MOST)] = None,
    last_day: Annotated[str, Form(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = "",
    group: Annotated[str, Form(max_length=80)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
    text: Annotated[str, Form(max_length=100)] = "",
    state: Annotated[str, Form(max_length=20)] = "",
    building: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
    sort: Annotated[str, Form(max_length=20)] = "",
    page: Annotated[int, Form(ge=1, le=10_000)] = 1,
) -> Response:
    """Change the chosen people; back to the same list, with an undo."""
    chosen = [number for number in person or () if 0 < number < 2**62]
    wanted = _change(visit, action, last_day, group, reason)
    if not chosen or isinstance(wanted, str):
        nobody = translator(visit.language)("Nobody is chosen: tick the people in the list first.")
        wrong = wanted if isinstance(wanted, str) and chosen else nobody
        return found_people(visit, text, state, building, sort, page, wrong=wrong)
    done = visit.desk.batches.do(visit.account.login, action, chosen, wanted)
    same = {"text": text, "state": state, "building": building, "sort": sort, "page": page}
    return go(f"/people?{urlencode({**same, 'done': done.token})}")


@router.post("/people/batch/undo")
def undo(visit: Edit, done: Annotated[str, Form(max_length=40)]) -> Response:
    """Put everybody back as they were before the batch."""
    try:
        visit.desk.batches.undo(done, visit.account.login)
    except UndoError as error:
        return go("/people", "undo_changed" if error.changed else "undo_late")
    return go("/people", "undone")


def _change(visit: Visit, action: Action, last_day: str, group: str, reason: str) -> Change | str:
    """The change, or what is wrong with what was asked."""
    _ = translator(visit.language)
    match action:
        case Action.EXTEND:
            try:
                day = date.fromisoformat(last_day)
            except ValueError:
                return _("The last day is missing, or there is no such day.")
            if not visit.desk.clock.utc().astimezone().date() <= day <= LAST_DAY:
                return _("The last day lies in the past or too far ahead; choose another.")
            return batch.extend(day)
        case Action.GROUP:
            groups = groups_of(group)
            if not groups or not group.isprintable():
                return _("The name of the group is missing.")
            return batch.add_to(groups)
        case Action.BLOCK:
            return batch.block(reason.strip())
        case Action.UNBLOCK:
            return batch.unblock
