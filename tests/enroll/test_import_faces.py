"""Faces of an import at the desk: who has none, who is in it twice, which of several it is."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from enroll.faces import Faces
from gate.importing.notes import DOUBLE, LOOKALIKE, note
from gate.recognition.detection.detector import HogDetector
from gate.services.enrolment import Examiner, Shot
from gate.store.tables import ImportLineRow, ImportRow
from tests.enroll.importing import PHOTOGRAPHS, finish, upload

pytestmark = pytest.mark.slow


def test_who_has_no_face_and_who_looks_alike_is_in_the_report_in_words(manager, desk):
    person = desk.store.people.create("Li").id
    with desk.store.database.write() as session:
        session.add(ImportRow(id=7, name="a.csv", state="done", total=2))
        session.flush()
        parts = [("=1+1.jpg", "no_face"), ("#5", LOOKALIKE)]
        for line, part in enumerate(parts, start=2):
            row = {"line": line, "person_id": person, "result": "enrolled", "note": note([part])}
            session.add(ImportLineRow(import_id=7, **row))
    page = manager.get("/imports/7").text
    assert "=1+1.jpg: no face in it" in page
    assert "#5: looks like them" in page
    report = manager.get("/imports/7/report.csv").text
    assert "'=1+1.jpg: no face in it" in report
    assert "#5: looks like them" in report
    manager.get("/language/zh")
    assert "#5: 与其相像" in manager.get("/imports/7").text


class Quick(Examiner):
    """Finds faces, and encodes them as where they are in the picture."""

    def encode(self, image, seen):
        vector = np.zeros(4, np.float32)
        vector[int(image.mean()) % 4] = 1.0
        return seen if seen.fault else Shot(seen.face, "", {"play/1": vector})


def test_a_photograph_with_several_faces_is_shown_and_one_is_picked(manager, desk, monkeypatch):
    monkeypatch.setattr("enroll.imports.note_lookalikes", lambda *_: None)
    encoder = SimpleNamespace(name="play/1")
    known = SimpleNamespace(matcher=lambda: None)
    desk.faces = Faces(Quick(HogDetector(), (encoder,)), known)
    names = ("eileen-collins", "barack-obama-2012")
    both = [cv2.resize(cv2.imread(str(PHOTOGRAPHS / f"{name}.jpg")), (400, 400)) for name in names]
    picture = cv2.imencode(".jpg", np.hstack(both))[1].tobytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("two.jpg", picture)
    table = "name,number,birth year,consent,photo\nEileen,1,1956,agreed,two.jpg\n"
    page = upload(manager, table, archive.getvalue())
    page = finish(manager, manager.fill(page.url.path + "/run"))
    assert "Who of them is meant?" in page.text
    shown = manager.get(page.url.path + "/faces/2.jpg")
    assert shown.headers["content-type"] == "image/jpeg"
    assert cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR).shape[1] == 800
    page = manager.fill(page.url.path + "/faces/2", face="2")
    assert "Who of them is meant?" not in page.text
    assert desk.store.templates.count() == {"play/1": 1}
    assert desk.store.people.count() == 1
    assert not list(desk.folder.glob("imports/*"))
    assert manager.get(page.url.path + "/faces/2.jpg").status_code == 404


def twice(desk):
    """An import that is done, of two lines with one face."""
    people = [
        desk.store.people.create(name, number=number)
        for name, number in (("王芳", "1"), ("王芳", "2"))
    ]
    one, other = (person.id for person in people)
    with desk.store.database.write() as session:
        job = ImportRow(name="people.csv", total=2, state="done")
        session.add(job)
        session.flush()
        for line, (me, also) in enumerate(((one, other), (other, one)), start=2):
            row = ImportLineRow(import_id=job.id, line=line, person_id=me, result="enrolled")
            row.note = note([(f"#{also}", DOUBLE)])
            session.add(row)
        return f"/imports/{job.id}", one, other


def test_two_lines_with_one_face_are_made_one_by_staff(manager, desk):
    path, one, other = twice(desk)
    assert "One person or two?" in manager.get(path).text
    page = manager.fill(f"{path}/same", older=str(one), newer=str(other), one="true")
    assert "One person or two?" not in page.text
    assert desk.store.people.get(other) is None
    assert desk.store.people.get(one).face_alone


def test_two_lines_with_one_face_may_be_two_people(manager, desk):
    path, one, other = twice(desk)
    page = manager.fill(f"{path}/same", older=str(one), newer=str(other))
    assert "One person or two?" not in page.text
    assert not desk.store.people.get(one).face_alone
    assert not desk.store.people.get(other).face_alone


def test_only_pairs_of_the_import_are_made_one(manager, desk):
    path, one, _ = twice(desk)
    stranger = desk.store.people.create("Wu").id
    manager.fill(f"{path}/same", older=str(one), newer=str(stranger), one="true")
    assert desk.store.people.get(stranger) is not None


def test_a_no_to_the_face_keeps_two_records(manager, desk):
    path, one, other = twice(desk)
    desk.store.consents.record(one, "refused", "paper")
    page = manager.fill(f"{path}/same", older=str(one), newer=str(other), one="true")
    assert "said no to the face" in page.text
    assert desk.store.people.get(other) is not None
