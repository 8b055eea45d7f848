"""Enrolment from frames and photographs: fixtures' faces, the real detector and encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from enroll.faces import Faces
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(__file__).parent.parent.parent / "fixtures" / "photographs"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return DlibEncoder(tmp_path_factory.mktemp("models"), threads=1)


@pytest.fixture
def desk(desk, encoder):
    known = KnownFaces(desk.store, encoder.name, encoder.dimension)
    desk.faces = Faces(Examiner(HogDetector(), [encoder]), known)
    return desk


@pytest.fixture
def person(clerk, desk):
    return consenting(desk, "Eileen")


def consenting(desk, name):
    person = desk.store.people.create(name, birth_year=1956).id
    desk.store.consents.record(person, "agreed", "1")
    return person


def photograph(name):
    return (PHOTOGRAPHS / f"{name}.jpg").read_bytes()


def send(client, path, data):
    headers = {"X-CSRF-Token": client.csrf, "Content-Type": "image/jpeg"}
    return client.post(path, content=data, headers={**headers, "Accept": "application/json"})


def upload(client, person, *names):
    files = [("photos", (name, photograph(name), "image/jpeg")) for name in names]
    path = f"/people/{person}/enrol/photos"
    return client.post(path, data={"csrf": client.csrf}, files=files)


def test_frames_are_guided_and_five_views_taken(clerk, desk, person, clock):
    path = f"/people/{person}/enrol/frame"
    frame = photograph("eileen-collins")
    codes = []
    for _ in range(60):
        answer = send(clerk, path, frame).json()
        codes.append(answer["code"])
        clock.advance(0.4)
        if answer["complete"]:
            break
    assert codes[0] == "left"  # the first view is taken at once, the second is asked for
    assert codes[-1] == "done"
    assert len(answer["views"]) == 5
    assert all(0 < corner < 1 for corner in answer["box"])
    saved = clerk.fill(f"/people/{person}/enrol/save")
    assert saved.url.path == f"/people/{person}/try"
    assert desk.store.templates.count() == {"dlib/1": 5}
    tried = send(clerk, f"/people/{person}/try/frame", frame).json()
    assert tried["known"]
    assert "the gate knows this person" in tried["text"]


def test_a_view_can_be_retaken(clerk, desk, person):
    send(clerk, f"/people/{person}/enrol/frame", photograph("eileen-collins"))
    answer = clerk.fill(f"/people/{person}/enrol/retake", view=0).json()
    assert answer["views"] == []


def test_no_face_in_the_frame_is_said(clerk, person):
    import cv2
    import numpy as np

    empty = cv2.imencode(".jpg", np.full((240, 320, 3), 80, np.uint8))[1].tobytes()
    answer = send(clerk, f"/people/{person}/enrol/frame", empty).json()
    assert (answer["code"], answer["views"]) == ("no_face", [])


def test_garbage_instead_of_a_frame_is_refused(clerk, person):
    answer = send(clerk, f"/people/{person}/enrol/frame", b"not a picture")
    assert answer.status_code == 400
    assert "not a readable photograph" in answer.json()["what"]


def test_photographs_can_be_uploaded_and_their_faults_are_named(clerk, desk, person):
    page = upload(clerk, person, "eileen-collins")
    assert 'class="done"' in page.text
    path = f"/people/{person}/enrol/photos"
    files = [("photos", ("report.jpg", b"%PDF", "image/jpeg"))]
    page = clerk.post(path, data={"csrf": clerk.csrf}, files=files)
    assert "report.jpg" in page.text
    clerk.fill(f"/people/{person}/enrol/save")
    assert desk.store.templates.count() == {"dlib/1": 1}


def test_photographs_of_two_people_are_not_saved_as_one(clerk, desk, person):
    upload(clerk, person, "eileen-collins", "joe-biden-2010")
    clerk.fill(f"/people/{person}/enrol/save")
    assert desk.store.templates.count() == {}


def test_the_same_face_twice_is_refused_until_staff_say_they_are_two(clerk, desk):
    first, second = consenting(desk, "One"), consenting(desk, "Two")
    upload(clerk, first, "barack-obama-2012")
    clerk.fill(f"/people/{first}/enrol/save")
    upload(clerk, second, "barack-obama-2010")
    page = clerk.fill(f"/people/{second}/enrol/save")
    assert "Enrolled already?" in page.text
    assert f"/people/{first}" in page.text
    assert desk.store.templates.count() == {"dlib/1": 1}
    clerk.fill(f"/people/{second}/enrol/save", double="true")
    assert desk.store.templates.count() == {"dlib/1": 2}
    assert not desk.store.people.get(first).face_alone
    assert not desk.store.people.get(second).face_alone


def test_nothing_can_be_enrolled_without_consent(clerk, desk, person):
    upload(clerk, person, "eileen-collins")
    desk.store.consents.record(person, "withdrawn", "1")
    page = clerk.fill(f"/people/{person}/enrol/save")
    assert page.status_code == 400
    assert "has not consented" in page.text
    assert desk.store.templates.count() == {}


def test_no_picture_is_written_anywhere(clerk, desk, person, tmp_path):
    upload(clerk, person, "eileen-collins")
    clerk.fill(f"/people/{person}/enrol/save")
    assert sum(desk.store.templates.count().values())  # it did go through the desk
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"\xff\xd8\xff" not in file.read_bytes(), file
