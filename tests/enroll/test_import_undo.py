"""Undo of an import at the desk."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from enroll.imports import Imports
from gate.store.tables import AuditRow, ImportLineRow, ImportRow
from tests.enroll.importing import finish, upload

pytestmark = pytest.mark.slow
TABLE = "name,number\nLi,1\nWu,2\nZhao,3\n"


@pytest.fixture
def imported(manager):
    page = upload(manager, TABLE)
    return finish(manager, manager.fill(page.url.path + "/run"))


def test_a_page_says_what_would_go_and_a_press_does_it(manager, desk, imported):
    where = imported.url.path
    assert f"{where}/undo" in imported.text
    wu = desk.store.people.by_number("2")
    desk.store.credentials.add(wu.id, "card", "0000000007")
    page = manager.get(f"{where}/undo")
    assert "2 people whom this import added would be removed" in page.text
    assert f'<a href="/people/{wu.id}">Wu</a>' in page.text
    assert desk.store.people.count() == 3  # looking removes nobody
    page = finish(manager, manager.fill(f"{where}/undo"))
    assert "removed again: 2" in page.text
    assert [row.id for row in desk.store.people.find()] == [wu.id]
    manager.get("/language/zh")
    assert "没有可以删除的人" in manager.get(f"{where}/undo").text
    manager.fill(f"{where}/undo")  # a second press
    with desk.store.database.read() as session:
        actions = list(session.scalars(select(AuditRow.action)))
    assert actions.count("import.undo") == actions.count("import.undone") == 1
    assert actions.count("person.delete") == 2


def test_an_import_of_an_earlier_version_says_that_it_cannot_be_undone(manager, desk, imported):
    with desk.store.database.write() as session:
        session.execute(update(ImportLineRow).values(added=None))
    page = manager.get(f"{imported.url.path}/undo")
    assert "imported by an earlier version" in page.text
    assert "Remove them" not in page.text


def test_who_may_not_delete_may_not_undo(manager, clerk, desk, imported):
    where = f"{imported.url.path}/undo"
    assert clerk.get(where).status_code == 403
    assert clerk.fill(where).status_code == 403
    assert desk.store.people.count() == 3


def test_an_undo_the_end_of_the_desk_interrupted_can_be_pressed_again(manager, desk, imported):
    with desk.store.database.write() as session:
        session.execute(update(ImportRow).values(state="undoing"))
    Imports(desk.store, desk.folder / "imports", lambda: None).close()
    lines = desk.folder / "imports" / f"command-{imported.url.path.rpartition('/')[2]}.json"
    lines.write_text("[]")
    finish(manager, manager.fill(f"{imported.url.path}/undo"))
    assert desk.store.people.count() == 0
    assert not lines.exists()
