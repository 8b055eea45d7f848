"""Enrolment by the browser's camera or by photographs, and the try-out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from enroll.enrolment_sessions import STEPS, EnrolmentSession
from enroll.faces import Faces
from enroll.page import go, render
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.register import without_face
from enroll.visit import Visit, allowed
from gate.errors import CameraError, GateError
from gate.recognition.face import Image
from gate.services.enrolment import MOST, Shot, TryOut, keep, of_one_person, resembling, try_out
from gate.services.image_decode import PREVIEW_SIDE, decode, reduced
from gate.store.tables import PersonRow
from gate.texts.catalogue import translator

router = APIRouter()

Edit = Annotated[Visit, Depends(allowed(Permission.PEOPLE_EDIT))]
PICTURE = {
    "requestBody": {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
_CLEAR = 0.25  # of the way from the threshold to the highest score there is


@router.get("/people/{person}/enrol")
def camera(visit: Edit, person: Number) -> Response:
    row = person_of(visit, person)
    if not row.active:
        return go(f"/people/{person}")
    answer = visit.desk.store.consents.answer(person)
    if answer is None or answer.answer != "agreed":
        return go(f"/people/{person}/consent")
    faces_of(visit)
    visit.desk.enrolments.end(visit.account.id, person)
    return _page(visit, row)


@router.post("/people/{person}/enrol/frame", response_class=JSONResponse, openapi_extra=PICTURE)
async def frame(visit: Edit, person: Number, request: Request) -> JSONResponse:
    """One frame of the browser's camera, as JPEG: what to show the person, and the views so far."""
    return JSONResponse(await run_in_threadpool(_offer, visit, person, await _picture(request)))


async def _picture(request: Request) -> bytes:
    """What was sent, unless as a form: that was read already, for its token."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise HTTPException(415, "A frame is sent as image/jpeg")
    return await request.body()


@router.post("/people/{person}/enrol/photos")
def photos(visit: Edit, person: Number, photos: list[UploadFile]) -> Response:
    """Photographs instead of the camera; each fault is named with its file."""
    row = person_of(visit, person)
    session = visit.desk.enrolments.of(visit.account.id, person)
    _ = translator(visit.language)
    faults = []
    for photo in photos[:20]:
        name = (photo.filename or "?")[:80]
        try:
            shot = faces_of(visit).examiner.shot(decode(photo.file.read(), name))
        except CameraError as error:
            faults.append(f"{name}: {_(error.what)}")
            continue
        if shot.fault:
            faults.append(f"{name}: {_('guide ' + shot.fault)}")
        elif session.step:
            session.take(shot, visit.desk.clock.monotonic())
    return _page(visit, row, wrong=faults, camera=False)


@router.post("/people/{person}/enrol/retake", response_class=JSONResponse)
def retake(visit: Edit, person: Number, view: Annotated[int, Form(ge=0, lt=MOST)]) -> JSONResponse:
    session = visit.desk.enrolments.of(visit.account.id, person)
    session.drop(view)
    return JSONResponse(_progress(session, "", visit))


@router.post("/people/{person}/enrol/save")
def save(visit: Edit, person: Number, double: Annotated[bool, Form()] = False) -> Response:
    """Check against everybody enrolled, then keep the templates.

    ``double``: staff looked at both people; they are two, so a second proof is asked of this one.
    """
    row = person_of(visit, person)
    store, faces = visit.desk.store, faces_of(visit)
    session = visit.desk.enrolments.of(visit.account.id, person)
    shots = of_one_person(session.shots, faces.encoder)
    odd = [index for index, shot in enumerate(shots) if shot.fault]
    if odd:
        for index in reversed(odd):
            session.drop(index)
        return _page(visit, row, wrong=[translator(visit.language)("guide other_person")])
    alike = resembling(shots, faces.known.matcher(), person)
    same = [likeness for likeness in alike if likeness.same]
    if same and not double:
        visit.note("enrol.duplicate", row.ref, others=len(same))
        others = [(store.people.get(likeness.person), likeness) for likeness in same]
        return render(visit.request, "duplicate.html", visit, person=row, others=others)
    kept = keep(store, person, shots)
    for likeness in same:
        for one in (person, likeness.person):
            store.people.update(one, face_alone=False)
    visit.desk.enrolments.end(visit.account.id, person)
    visit.note("enrol.save", row.ref, views=kept, lookalikes=len(alike), double=double)
    return go(f"/people/{person}/try", "enrolled")


@router.get("/people/{person}/try")
def try_page(visit: Edit, person: Number) -> Response:
    row = person_of(visit, person)
    waiting = without_face(visit.desk.store, row)
    return render(visit.request, "try.html", visit, person=row, waiting=waiting)


@router.post("/people/{person}/try/frame", response_class=JSONResponse, openapi_extra=PICTURE)
async def try_frame(visit: Edit, person: Number, request: Request) -> JSONResponse:
    """Would the gate know the person now?"""
    return JSONResponse(await run_in_threadpool(_try, visit, person, await _picture(request)))


def faces_of(visit: Visit) -> Faces:
    if visit.desk.faces is None:
        raise HTTPException(503, "The desk runs without face recognition")
    return visit.desk.faces


def _offer(visit: Visit, person: int, data: bytes) -> dict[str, Any]:
    examiner = faces_of(visit).examiner
    session = visit.desk.enrolments.of(visit.account.id, person)
    now = visit.desk.clock.monotonic()
    image = reduced(decode(data, "camera"), PREVIEW_SIDE)
    seen = examiner.look(image)
    if not seen.fault and seen.face is not None and session.wants(seen.face, now):
        shot = examiner.encode(image, seen)
        others = of_one_person([*session.shots, shot], faces_of(visit).encoder)
        if others[-1].fault and len(session.shots) > 1:
            return _progress(session, others[-1].fault, visit, seen, image)
        session.take(shot, now)
    return _progress(session, seen.fault, visit, seen, image)


def _progress(
    session: EnrolmentSession,
    fault: str,
    visit: Visit,
    seen: Shot | None = None,
    image: Image | None = None,
) -> dict[str, Any]:
    _ = translator(visit.language)
    complete = not session.step
    code = "done" if complete else fault or session.step
    answer: dict[str, Any] = {
        "code": code,
        "text": _("guide " + code),
        "tone": "good" if complete else "warn" if fault else "",
        "views": [round(shot.quality, 2) for shot in session.shots],
        "complete": complete,
    }
    if seen is not None and image is not None and seen.face is not None:
        height, width = image.shape[:2]
        left, top, right, bottom = seen.face.box
        answer["box"] = [left / width, top / height, right / width, bottom / height]
    return answer


def _try(visit: Visit, person: int, data: bytes) -> dict[str, Any]:
    _ = translator(visit.language)
    faces = faces_of(visit)
    image = decode(data, "camera")
    shot = faces.examiner.shot(image)
    answer = _progress(EnrolmentSession(), shot.fault, visit, shot, image)
    if shot.fault:
        return answer
    try:
        result = try_out(shot, faces.known.matcher(), person)
    except GateError as error:
        return {**answer, "text": _(error.what), "tone": "bad"}
    return {**answer, "known": result.known, **_in_words(visit, result)}


def _in_words(visit: Visit, result: TryOut) -> dict[str, str]:
    """The score as a sentence; the figure itself comes after it."""
    _ = translator(visit.language)
    figures = _("(score {score}, needed {threshold})").format(
        score=f"{result.score:.2f}", threshold=f"{result.threshold:.2f}"
    )
    if result.other is not None:
        text, tone = _("Careful: the gate takes this person for somebody else."), "bad"
    elif not result.known:
        text, tone = _("Not yet: the gate would ask for a card. Take the views again."), "warn"
    elif result.score - result.threshold >= _CLEAR * (1 - result.threshold):
        text, tone = _("Yes, the gate knows this person clearly."), "good"
    else:
        text, tone = _("Yes, the gate knows this person, but only just."), "good"
    return {"text": f"{text} {figures}", "tone": tone}


def _page(
    visit: Visit, person: PersonRow, *, wrong: list[str] | None = None, camera: bool = True
) -> Response:
    session = visit.desk.enrolments.of(visit.account.id, person.id)
    return render(
        visit.request,
        "enrol.html",
        visit,
        status=400 if wrong and not session.shots else 200,
        person=person,
        steps=STEPS,
        qualities=[round(shot.quality, 2) for shot in session.shots],
        wrong=wrong or [],
        camera=camera,
    )
