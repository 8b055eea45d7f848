"""Uploads hold names, telephones, card numbers and photographs: nothing of somebody deleted stays
in them, and of the others only what is still needed."""

from __future__ import annotations

import io
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from enroll import retention
from enroll.faces import Faces
from gate.recognition.detection.detector import HogDetector
from gate.store.tables import ImportRow
from tests.enroll.importing import PHOTOGRAPHS, finish, upload
from tests.enroll.test_import_faces import Quick
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

TABLE = (
    "name,number,birth year,phone,card,consent,photo\n"
    "Unverwechselbar,1,1956,13900001111,0012345678,agreed,two.jpg\n"
    "Einzigartig,2,1957,13900002222,0012345679,agreed,also.jpg\n"
    "Gewöhnlich,3,1958,13900003333,0012345680,agreed,one.jpg\n"
)
FIRST = ("Unverwechselbar", "13900001111", "0012345678", "two.jpg")
SECOND = ("Einzigartig", "13900002222", "0012345679", "also.jpg")
THIRD = ("Gewöhnlich", "13900003333", "0012345680", "one.jpg")


def photographs() -> tuple[bytes, bytes]:
    """Two people side by side, twice in a different order."""
    names = ("eileen-collins", "barack-obama-2012")
    both = [cv2.resize(cv2.imread(str(PHOTOGRAPHS / f"{name}.jpg")), (400, 400)) for name in names]
    one, other = (cv2.imencode(".jpg", np.hstack(pair))[1].tobytes() for pair in (both, both[::-1]))
    return one, other


@pytest.fixture
def imported(manager, desk, monkeypatch):
    """An import of three people, two of whom have a photograph with two faces; its page."""
    monkeypatch.setattr("enroll.imports.note_lookalikes", lambda *_: None)
    known = SimpleNamespace(matcher=lambda: None)
    desk.faces = Faces(Quick(HogDetector(), (SimpleNamespace(name="play/1"),)), known)
    one, other = photographs()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("two.jpg", one)
        packed.writestr("also.jpg", other)
        packed.writestr("one.jpg", (PHOTOGRAPHS / "eileen-collins.jpg").read_bytes())
    page = upload(manager, TABLE, archive.getvalue())
    page = finish(manager, manager.fill(page.url.path + "/run"))
    wait_for(lambda: not desk.imports.busy(int(page.url.path.split("/")[-1])))
    return page


def kept_of(desk, needles):
    """Those of ``needles`` that are anywhere in the uploads, inside archives too."""
    found = set()
    for path in desk.folder.glob("imports/**/*"):
        if not path.is_file():
            continue
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                contents += [packed.read(name) for name in packed.namelist()]
                contents += [name.encode() for name in packed.namelist()]
        whole = b"\0".join(contents)
        for needle in needles:
            data = needle if isinstance(needle, bytes) else needle.encode()
            escaped = data if isinstance(needle, bytes) else needle.encode("unicode_escape")
            if data in whole or escaped in whole:
                found.add(needle)
    return found


def test_of_an_import_that_is_done_only_what_is_to_be_picked_is_kept(imported, desk):
    assert kept_of(desk, THIRD) == set()
    assert kept_of(desk, (FIRST[0], SECOND[0])) == {FIRST[0], SECOND[0]}


def test_nothing_of_somebody_deleted_stays_in_the_uploads_and_the_others_can_be_picked(
    imported, manager, desk
):
    one, other = photographs()
    assert kept_of(desk, (one, other)) == {one, other}
    person = desk.store.people.by_number("1").id
    manager.fill(f"/people/{person}/delete")
    assert kept_of(desk, (*FIRST, one)) == set()
    assert kept_of(desk, (SECOND[0], other)) == {SECOND[0], other}
    page = manager.get(imported.url.path)
    assert "Who of them is meant?" in page.text
    assert manager.get(imported.url.path + "/faces/3.jpg").status_code == 200
    manager.fill(imported.url.path + "/faces/3", face="1")
    assert kept_of(desk, (*SECOND, other)) == set()
    assert desk.store.people.count() == 2


def test_what_was_deleted_elsewhere_goes_with_the_next_housekeeping(imported, desk):
    one, _ = photographs()
    desk.store.people.delete(desk.store.people.by_number("1").id)  # as the command line does
    assert kept_of(desk, (FIRST[0], one))
    desk.imports.tidy()
    assert kept_of(desk, (*FIRST, one)) == set()


@pytest.mark.parametrize("left", [b"", b"PK\x03\x04 half of it"])
def test_a_deletion_is_whole_where_a_power_cut_has_spoilt_what_was_kept(
    imported, manager, desk, left
):
    """Nothing that cannot be read is kept for the sake of a face that could be picked from it."""
    (kept,) = desk.folder.glob("imports/*/kept.zip")
    kept.write_bytes(left)
    assert manager.get(imported.url.path + "/faces/3.jpg").status_code == 400
    person = desk.store.people.by_number("1").id
    assert manager.fill(f"/people/{person}/delete").status_code == 200
    assert kept_of(desk, FIRST) == set()
    assert "person.delete" in [line.action for line in desk.store.audit.lines()]


def test_lines_of_an_import_that_the_command_line_never_finished_go_with_the_uploads(desk):
    now = datetime.now(UTC)
    old = now - timedelta(days=desk.settings.keep_uploads_days + 1)
    folder = desk.folder / "imports"
    folder.mkdir(exist_ok=True)
    with desk.store.database.write() as session:
        session.add(ImportRow(id=7, name="people.csv", state="running", total=9, at=old))
        session.add(ImportRow(id=8, name="people.csv", state="running", total=9, at=now))
    for job in (7, 8, 9):  # 9: of no import at all
        (folder / f"command-{job}.json").write_text(f"Unverwechselbar {job}")
        os.utime(folder / f"command-{job}.json", (time.time(),) * 2)
    retention.run(desk, now)
    assert [path.name for path in folder.iterdir()] == ["command-8.json"]
    assert desk.imports.get(7) is None
    assert desk.imports.get(8) is not None
