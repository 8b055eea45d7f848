"""The register: search as you type, create, change, block, move out, delete, own data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from enroll import history, may_pass, person_form, retention, rule_preview
from enroll.batch import Action
from enroll.gate_names import for_permits
from enroll.own_data import own_data
from enroll.page import go, render
from enroll.pages.person_save import form_page, save, version
from enroll.pages.visitors import lengths
from enroll.permissions import Permission
from enroll.permits import permits_of
from enroll.person_form import PersonForm
from enroll.register import SORTS, STATES, household_of, qualities, search, state_of
from enroll.visit import NOBODY, Visit, allowed
from gate.access.decision import Kind
from gate.errors import GateError
from gate.readers.card_number import Form as CardForm
from gate.readers.card_number import canonical
from gate.store.tables import PersonRow
from gate.texts.catalogue import translator

router = APIRouter()

View = Annotated[Visit, Depends(allowed(Permission.PEOPLE_VIEW))]
Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
Delete = Annotated[Visit, Depends(allowed(Permission.PEOPLE_DELETE))]
Number = Annotated[int, Path(ge=1, le=2**62)]
PAGE = 50
MOST_ROWS = 20
EARLIEST = datetime.min.replace(tzinfo=UTC)
# the form is read by hand so that what was typed is shown again beside what is wrong
_FIELDS = {name: {"type": "string"} for name in (*PersonForm.model_fields, "more_name")}
FORM = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": _FIELDS, "required": ["name"]}
            }
        }
    }
}


def person_of(visit: Visit, person: int) -> PersonRow:
    row = visit.desk.store.people.get(person)
    if row is None:
        raise HTTPException(404, NOBODY)
    return row


@router.get("/people")
def people(
    visit: View,
    text: Annotated[str, Query(max_length=100)] = "",
    state: str = "",
    building: Annotated[str, Query(pattern=r"^\d{0,9}$")] = "",
    sort: str = SORTS[0],
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    return found_people(visit, text, state, building, sort, page, done=done)


def found_people(
    visit: Visit,
    text: str,
    state: str,
    building: str,
    sort: str,
    page: int,
    done: str = "",
    wrong: str = "",
) -> Response:
    """The list; ``done`` is a batch that can be undone, ``wrong`` what was wrong with one."""
    store = visit.desk.store
    state = state if state in STATES else ""
    sort = sort if sort in SORTS else SORTS[0]
    rows = search(
        store.database,
        text,
        now=visit.desk.clock.utc(),
        state=state,
        building=int(building or 0),
        sort=sort,
        known=_by_card(visit, text),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )
    visit.note("people.search", results=min(len(rows), PAGE))
    part = visit.request.headers.get("hx-target") == "found"
    return render(
        visit.request,
        "people_found.html" if part else "people.html",
        visit,
        status=400 if wrong else 200,
        wrong=wrong,
        done=visit.desk.batches.find(done, visit.account.login),
        actions=list(Action),
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        page=page,
        text=text,
        state=state,
        states=STATES,
        sort=sort,
        sorts=SORTS,
        building=building,
        buildings=store.places.buildings(),
    )


def _by_card(visit: Visit, text: str) -> set[int]:
    """Whose card ``text`` is, as printed or as a reader types it, in any of the forms."""
    found = set()
    for form in CardForm if any(character in "0123456789" for character in text) else ():
        try:
            card = visit.desk.store.credentials.find("card", canonical(text.strip(), form))
        except GateError:
            continue  # no card number of this form
        if card is not None:
            found.add(card.person.id)
    return found


@router.get("/people/new")
def new(
    visit: Edit,
    visits: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    family: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """An empty form; with the home of whom they visit, or whose household they belong to."""
    form = person_form.EMPTY
    known = visits or family
    if known is not None:
        host = person_form.of_person(visit.desk.store, person_of(visit, known))
        home = {key: host[key] for key in ("building", "unit", "household")}
        form = {**form, **home, "kind": "visitor" if visits else host["kind"]}
    return form_page(visit, form, None)


@router.post("/people/new", openapi_extra=FORM)
async def create(visit: Edit, request: Request) -> Response:
    """One person, and with ``more_name`` and ``more_birth_year`` the others of their home."""
    sent = await request.form()
    rows = [
        [str(value) for value in sent.getlist(key)][:MOST_ROWS]
        for key in ("more_name", "more_birth_year")
    ]
    return await save(visit, dict(sent), None, *rows)


@router.get("/people/{person}")
def person(
    visit: View,
    person: Number,
    gate: Annotated[str, Query(max_length=40)] = "",
    at: Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})?$")] = "",
) -> Response:
    store = visit.desk.store
    row = person_of(visit, person)
    now = visit.desk.clock.utc()
    visit.note("person.view", row.ref)
    consents = store.consents.of(person)
    permits = permits_of(store, person, now)
    newest = {answer.purpose: answer.answer for answer in consents}
    gates = history.gates(store.database) or [visit.desk.gate]
    gate = gate if gate in gates else gates[0]
    when = _moment(at, now)
    nameable, unnameable = for_permits(rule_preview.gates_of(visit.desk))
    return render(
        visit.request,
        "person.html",
        visit,
        person=row,
        passes=_passes(visit, row, when, gate, now),
        gates=gates,
        gate=gate,
        when=when,
        asked=bool(at),
        state=state_of(row, now),
        goes_on=retention.goes_on(visit.desk, row),
        address=store.places.address(row.household_id) if row.household_id else ("", "", ""),
        household=household_of(store.database, row.household_id),
        consents=consents,
        answer=newest.get("face", ""),
        missed=newest.get("not_seen") == "agreed",
        marked=[mark for mark in ("help", "alone") if newest.get(mark) == "agreed"],
        ways=visit.desk.ways,
        notified_of_visitors=newest.get("arrival") == "agreed",
        arrival_way=store.arrivals.of_person(person),
        notices=store.arrivals.notices([one.id for one in permits], EARLIEST),
        learns=visit.desk.learns,
        learning=newest.get("learning") == "agreed",
        exports=bool(visit.desk.exports),
        exported=[row.target.partition(":")[2] for row in store.exports.of_person(person)],
        exportable=newest.get("export") == "agreed",
        qualities=qualities(store.database, person),
        credentials=store.credentials.of(person),
        permits=permits,
        permit_gates=nameable,
        unnameable=unnameable,
        allowance=_allowance(visit, row.household_id),
        lengths=lengths(translator(visit.language)),
        now=now,
    )


def _moment(at: str, now: datetime) -> datetime:
    """The local moment asked about; now without one. Raises 422 for a day that is none."""
    try:
        return (datetime.fromisoformat(at) if at else now).astimezone()
    except (ValueError, OverflowError):
        raise HTTPException(422, "There is no such day") from None


def _passes(
    visit: Visit, row: PersonRow, when: datetime, gate: str, now: datetime
) -> list[may_pass.Answer]:
    """What the policy answers to each way this person has."""
    store = visit.desk.store
    kinds = {one.kind for one in store.credentials.of(row.id) if one.revoked is None}
    ways = may_pass.ways_of(
        face=bool(qualities(store.database, row.id)),
        cards="card" in kinds,
        pins="pin" in kinds,
        permits=any(
            one.revoked is None and one.valid_until > when for one in permits_of(store, row.id, now)
        ),
    )
    person = store.people.register([row.id])[row.id]
    return may_pass.answers(person, visit.desk.rules(), ways, when, gate, visit.language)


def _allowance(visit: Visit, household: int | None) -> tuple[int, int] | None:
    """Visitor permits of a household: valid now, and allowed."""
    permits = visit.desk.permits
    if permits is None or household is None:
        return None
    return permits.book.allowance(household, visit.desk.clock.utc())


@router.get("/people/{person}/edit")
def edit(visit: Edit, person: Number) -> Response:
    row = person_of(visit, person)
    visit.note("person.view", row.ref)
    form = {**person_form.of_person(visit.desk.store, row), "updated": version(row)}
    return form_page(visit, form, person)


@router.post("/people/{person}/edit", openapi_extra=FORM)
async def change(visit: Edit, person: Number, request: Request) -> Response:
    return await save(visit, dict(await request.form()), person)


@router.post("/people/{person}/block")
def block(
    visit: Edit,
    person: Number,
    blocked: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """As asked, not the other way round: two may ask for the same at once."""
    row = person_of(visit, person)
    visit.desk.store.people.update(
        person, blocked=blocked, blocked_reason=reason.strip() if blocked else ""
    )
    visit.note("person.block" if blocked else "person.unblock", row.ref)
    return go(f"/people/{person}", "saved")


@router.post("/people/{person}/move-out")
def move_out(visit: Edit, person: Number) -> Response:
    """No longer let in; the face goes at once, the rest with the retention period."""
    row = person_of(visit, person)
    store = visit.desk.store
    store.people.update(person, active=False, valid_until=visit.desk.clock.utc())
    store.templates.remove(person)
    for credential in store.credentials.of(person):
        store.credentials.revoke(credential.id, "moved out")
    store.arrivals.forget(person)
    visit.note("person.move_out", row.ref)
    return go(f"/people/{person}", "saved")


@router.post("/people/{person}/move-in")
def move_in(visit: Edit, person: Number) -> Response:
    """Back again, or never gone. Face and cards are issued again, and a last day if needed."""
    row = person_of(visit, person)
    needs_end = row.kind in (Kind.TENANT, Kind.VISITOR)
    until = row.valid_until if needs_end else None
    visit.desk.store.people.update(person, active=True, valid_until=until)
    visit.note("person.move_in", row.ref)
    return go(f"/people/{person}/edit" if needs_end else f"/people/{person}", "saved")


@router.post("/people/{person}/delete")
def delete(visit: Delete, person: Number, paper: Annotated[bool, Form()] = False) -> Response:
    """With ``paper`` the answer is a confirmation to print, of which nothing is kept."""
    row = person_of(visit, person)
    store = visit.desk.store
    home = store.places.address(row.household_id) if row.household_id else ()
    gone = store.people.delete(person)
    visit.note("person.delete", row.ref, traces_left=not gone)
    visit.desk.imports.tidy()
    if paper:
        return render(
            visit.request,
            "deleted.html",
            visit,
            person=row,
            home=home,
            at=visit.desk.clock.utc(),
            gone=gone,
            days=visit.desk.settings.keep_events_days,
        )
    return go("/people", "deleted" if gone else "deleted_later")


@router.get("/people/{person}/data", response_class=JSONResponse)
def data(visit: View, person: Number) -> Response:
    """A person's own data as a file."""
    row = person_of(visit, person)
    visit.note("person.data_file", row.ref)
    return JSONResponse(
        own_data(visit.desk.store, row),
        headers={"Content-Disposition": f'attachment; filename="person-{person}.json"'},
    )
