"""Import at the desk: tables, mistakes, questions and what is left behind."""

from __future__ import annotations

import html
import io
import json
import os
import re
import tempfile
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook

from enroll import retention
from enroll.faces import Faces
from enroll.import_checks import Checks
from gate.commands.desk import _spool_below
from gate.importing.choices import save_lines
from gate.importing.notes import SAID_NO, note
from gate.importing.run import Progress
from gate.importing.wrong import Line
from gate.services.enrolment import Examiner
from gate.store.tables import ImportLineRow, ImportRow
from tests.enroll.importing import PHOTOGRAPHS, finish, upload
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow


def test_a_table_with_mistakes_writes_nothing(manager, desk):
    page = upload(manager, "name,kind\n,resident\nLi,king\n")
    assert "2 mistakes" in page.text
    manager.fill(page.url.path + "/run")
    assert desk.store.people.count() == 0


def test_a_right_table_is_imported_with_a_report_and_its_files_are_deleted(manager, desk):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(PHOTOGRAPHS / "eileen-collins.jpg", "e.jpg")
    table = "name,number,birth year,consent,photo\nEileen,1,1956,agreed,e.jpg\nLi,2,,,\n"
    page = upload(manager, table, archive.getvalue())
    assert list(desk.folder.glob("imports/*/photos.zip"))
    page = finish(manager, manager.fill(page.url.path + "/run"))
    assert "2 / 2" in page.text
    assert desk.store.people.count() == 2
    assert desk.store.consents.answer(desk.store.people.by_number("1").id).text_version == "paper"
    report = manager.get(page.url.path + "/report.csv").text
    assert "3,Li,registered" in report
    assert not list(desk.folder.glob("imports/*/*"))


def test_what_became_wrong_after_the_check_is_found_before_anything_is_written(manager, desk):
    page = upload(manager, "name,card\nLi,0000000007\n")
    assert "Begin" in page.text
    holder = desk.store.people.create("Wu").id
    desk.store.credentials.add(holder, "card", "0000000007")
    page = manager.fill(page.url.path + "/run")
    assert "belongs to somebody in the register" in page.text
    assert desk.store.people.count() == 1


def test_a_mistake_is_shown_in_the_readers_language_whatever_the_file_is_called(manager, desk):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("{x}.jpg", b"no picture")
    table = "name,birth year,consent,photo\nLi,1950,agreed,{0}.jpg\nWu,1950,agreed,{x}.jpg\n"
    page = upload(manager, table, archive.getvalue())
    assert "{0}.jpg is not there" in page.text
    assert "{x}.jpg: not a readable photograph" in page.text
    manager.get("/language/zh")
    text = manager.get(page.url.path).text
    assert "找不到 {0}.jpg" in text
    assert "照片" in re.findall("<td>([^<]*)</td>", text)
    assert "{x}.jpg: 无法读取此照片" in text


def test_a_run_cut_off_by_a_restart_can_be_gone_on_with(manager, desk):
    page = upload(manager, "name\nLi\n")
    job = int(page.url.path.split("/")[-1])
    save_lines(desk.folder / "imports" / str(job) / "lines.json", [Line(2, {"name": "Li"})])
    desk.imports._state(job, "running")
    desk.imports.__init__(desk.store, desk.folder / "imports", lambda: None)
    assert "Go on" in manager.get(page.url.path).text
    finish(manager, manager.fill(page.url.path + "/run"))
    assert desk.store.people.count() == 1


def test_the_time_left_is_shown_and_then_what_else_is_done(manager, desk, monkeypatch):
    done, begun, go_on = threading.Event(), threading.Event(), threading.Event()

    def slow(store, job, lines, *_, **__):
        for number, line in enumerate(lines, start=1):
            with store.database.write() as session:
                row = {"line": line.number, "result": "registered"}
                session.add(ImportLineRow(import_id=job, **row))
            yield Progress(number, len(lines), 0, 0, seconds_left=100.0 * (len(lines) - number))
            begun.set()
            assert go_on.wait(PATIENCE)

    def look(*_):
        go_on.clear()
        done.set()
        assert go_on.wait(PATIENCE)

    monkeypatch.setattr("enroll.imports.run", slow)
    monkeypatch.setattr("enroll.imports.note_lookalikes", look)
    desk.faces = Faces(Examiner(None, ()), SimpleNamespace(matcher=lambda: None))
    page = upload(manager, "name\nLi\nWu\n")
    manager.fill(page.url.path + "/run")
    assert begun.wait(PATIENCE)
    assert "about 2 min left" in manager.get(page.url.path + "/progress").text
    go_on.set()
    assert done.wait(PATIENCE)
    assert "Looking for people who resemble" in manager.get(page.url.path + "/progress").text
    go_on.set()
    assert "Report" in finish(manager, page).text


def test_photographs_of_an_import_that_was_never_finished_are_deleted_in_time(manager, desk):
    days = timedelta(days=desk.settings.keep_uploads_days)
    page = upload(manager, "name\nLi\n", zipped(b"x"))
    (desk.folder / "imports" / "999").mkdir()  # left by a desk that was killed
    added = desk.imports.all()[0].at
    assert retention.run(desk, added + days - timedelta(hours=1))["imports"] == 1
    assert [path.name for path in desk.folder.glob("imports/*")] == [page.url.path.split("/")[-1]]
    assert retention.run(desk, added + days + timedelta(hours=1))["imports"] == 1
    assert list(desk.folder.glob("imports/*")) == []
    assert desk.imports.all() == []


def zipped(content):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.jpg", content)
    return archive.getvalue()


def test_a_file_that_is_no_table_leaves_nothing_behind(manager, desk):
    page = upload(manager, "\0\0\0")
    assert page.status_code == 400
    assert not list(desk.folder.glob("imports/*"))
    page = upload(manager, "name\nLi\n", b"not a zip")
    assert "ZIP file cannot be read" in page.text


def test_uploads_pass_through_the_data_folder_and_leave_nothing(manager, desk, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())  # put back at the end
    _spool_below(desk.folder)
    places = []
    add = desk.imports.add

    def seen(name, table, photos, by, *more, **fields):
        places.append(str(Path(f"/proc/self/fd/{photos.fileno()}").readlink()))
        return add(name, table, photos, by, *more, **fields)

    monkeypatch.setattr(desk.imports, "add", seen)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jpg", os.urandom(2 << 20))  # more than is kept in memory
    upload(manager, "name\nLi\n", packed.getvalue())
    (place,) = places
    assert Path(place).parent == desk.folder / "uploads"
    assert place.endswith("(deleted)"), "without a name: gone when the process is"
    assert not list((desk.folder / "uploads").iterdir())


def test_a_clerk_may_neither_import_nor_export(clerk):
    assert clerk.get("/imports").status_code == 403
    assert clerk.get("/people.csv").status_code == 403
    assert upload(clerk, "name\nLi\n").status_code == 403


def test_the_conversation_asks_once_and_remembers_columns(manager, desk):
    table = "name,Nr,card\nLi,7,4523608\nWu,8,2972728\n"
    page = upload(manager, table)
    assert "How are the card numbers written?" in page.text
    assert ">Begin<" not in page.text
    manager.fill(page.url.path + "/run")
    assert desk.store.people.count() == 0
    answers = {"card_form": "decimal", "column-1": "number", "was-1": ""}
    page = manager.fill(page.url.path + "/choose", **answers)
    assert ">Begin<" in page.text
    finish(manager, manager.fill(page.url.path + "/run"))
    person = desk.store.people.by_number("7")
    assert desk.store.credentials.find("card", "0004523608").person.id == person.id
    # the next table of this shape needs no hand for its columns, and changes nothing
    page = manager.fill(upload(manager, table).url.path + "/choose", card_form="decimal")
    assert "as last time" in page.text
    report = finish(manager, manager.fill(page.url.path + "/run")).url.path
    assert manager.get(report + "/report.csv").text.count("unchanged") == 2


def test_whoever_may_be_there_already_is_decided_by_staff(manager, desk):
    desk.store.people.create("王芳")
    page = upload(manager, "name,phone\n王　芳,138\n王芳,139\n")
    assert "Perhaps there already" in page.text
    assert ">Begin<" not in page.text
    page = manager.fill(page.url.path + "/choose", **{"double-2": "same", "double-3": "new"})
    finish(manager, manager.fill(page.url.path + "/run"))
    assert sorted(row.phone for row in desk.store.people.find()) == ["138", "139"]


def test_mistakes_come_back_marked_in_their_cells(manager):
    page = upload(manager, "姓名,出生年份,性别\n王芳,200²,女\n李红,1980,女\n")
    book = load_workbook(io.BytesIO(manager.get(page.url.path + "/mistakes.xlsx").content))
    sheet = book.active
    assert [cell.value for cell in sheet[2]][:3] == ["王芳", "200²", "女"]
    assert "year" in sheet["B2"].comment.text
    assert sheet["B2"].fill.fgColor.rgb.endswith("FFC7CE")
    assert sheet["B3"].comment is None
    assert "year" in sheet["D2"].value


def test_a_flat_is_kept_as_the_language_of_the_page_writes_it(manager, desk):
    page = upload(manager, "name,address,colour\nLi,3-2-502,red\n")
    assert "2-502" in page.text
    job = int(page.url.path.rpartition("/")[2])
    manager.fill(page.url.path + "/choose", **{"column-2": "note", "was-2": ""})
    (line,) = desk.imports.plan(job, 14, again=True).lines  # still so after a choice
    assert (line.values["building"], line.values["unit"]) == ("3", "2-502")
    assert line.values["note"] == "red"


def test_thousands_of_mistakes_are_shown_page_by_page_and_by_kind(manager, desk):
    lines = [f"李{i},x{i}," if i % 2 else f"李{i},,king" for i in range(250)]
    page = upload(manager, "\n".join(["name,birth year,kind", *lines])).url.path

    def shown(query=""):
        text = html.unescape(manager.get(page + query).text)
        mistakes = text[text.rindex("<caption>Mistakes") :].partition("</table>")[0]
        return [int(n) for n in re.findall(r'<tr><td class="number">(\d+)</td>', mistakes)], text

    first, text = shown()
    assert first == list(range(2, 102))
    assert "250 mistakes" in text
    assert "1 to 100 of 250" in text
    assert f'href="{page}?kind=0&page=2#mistakes"' in text
    last, text = shown("?page=3")
    assert last == list(range(202, 252))
    assert "page=4" not in text
    of_one, text = shown("?kind=2&page=2")  # the mistakes of the odd lines came second
    assert of_one == list(range(203, 252, 2))
    assert "101 to 125 of 125" in text
    beyond = manager.get(page + "?kind=999&page=9")
    assert beyond.status_code == 200
    assert "<caption>Mistakes" not in beyond.text
    manager.get("/language/zh")
    assert "第 1 至 100 条，共 250 条" in manager.get(page).text


def test_lines_to_look_at_are_shown_page_by_page(manager, desk):
    with desk.store.database.write() as session:
        session.add(ImportRow(id=7, name="a.csv", state="done", total=150))
        session.flush()
        for line in range(2, 152):
            noted = note([("", SAID_NO)])
            session.add(ImportLineRow(import_id=7, line=line, result="registered", note=noted))
    first = manager.get("/imports/7").text
    assert first.count('<tr><td class="number">') == 100
    assert 'href="/imports/7?page=2"' in first
    second = manager.get("/imports/7?page=2").text
    assert second.count('<tr><td class="number">') == 50
    assert "page=3" not in second


def test_a_check_that_takes_long_is_not_waited_for_by_its_page(manager, desk, monkeypatch):
    """After a restart of the desk nothing is known of the upload any more."""
    page = upload(manager, "name\nLi\n").url.path
    job = int(page.rsplit("/", 1)[1])
    go = threading.Event()
    made = desk.imports._plan
    desk.imports._checks = Checks(lambda *asked: made(*asked) if go.wait(60) else None)
    assert "The table is being checked: 1 lines." in manager.get(page).text
    assert "hx-location" not in manager.get(page + "/progress").headers
    go.set()
    desk.imports.plan(job, 14)
    assert json.loads(manager.get(page + "/progress").headers["hx-location"])["path"] == page
    assert "Begin" in manager.get(page).text
