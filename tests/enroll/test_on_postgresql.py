"""The desk over PostgreSQL, as at a hub: an import and its undo, and two clerks at one record."""

from __future__ import annotations

import threading

import pytest

from enroll.permissions import Role
from gate.importing import undo as undoing
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.conftest import begin_session
from tests.enroll.importing import finish, upload
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow
TABLE = "name,number,building,unit\nLi,1,3,501\nWu,2,3,502\nZhao,3,4,101\n"


@pytest.fixture
def store(postgresql, tmp_path):
    settings = StoreSettings(url=postgresql, ballast=0, busy_timeout=30)
    with Store.open(settings, tmp_path) as store:
        yield store


@pytest.fixture
def other(browser, desk):
    """Another manager."""
    client = browser()
    account = desk.accounts.create("wang", "a-long-enough-secret", Role("manager"), "Wang")
    begin_session(client, desk, account)
    return client


def test_a_table_is_imported_changes_nothing_again_and_is_undone(manager, desk):
    page = upload(manager, TABLE)
    page = finish(manager, manager.fill(page.url.path + "/run"))
    where = page.url.path
    found = {
        row.name: desk.store.places.address(row.household_id) for row in desk.store.people.find()
    }
    assert found == {"Li": ("3", "501", ""), "Wu": ("3", "502", ""), "Zhao": ("4", "101", "")}
    again = upload(manager, TABLE)
    finish(manager, manager.fill(again.url.path + "/run"))
    assert desk.imports.results(int(again.url.path.rpartition("/")[2])) == {"unchanged": 3}
    manager.fill(f"{again.url.path}/discard")
    finish(manager, manager.fill(f"{where}/undo"))
    assert desk.store.people.count() == 0
    assert desk.store.places.buildings() == []


def test_an_import_that_two_clerks_begin_at_once_is_carried_out_once(manager, other, desk):
    page = upload(manager, TABLE)
    together = threading.Barrier(2, timeout=PATIENCE)
    answers = []

    def press(client):
        together.wait()
        answers.append(client.fill(page.url.path + "/run").status_code)

    threads = [threading.Thread(target=press, args=(client,)) for client in (manager, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    finish(manager, page)
    assert answers == [200, 200]
    assert sorted(row.name for row in desk.store.people.find()) == ["Li", "Wu", "Zhao"]
    assert [line.action for line in desk.store.audit.lines()].count("import.done") == 1


def test_who_saves_second_is_told_and_nothing_is_lost(manager, other, desk):
    li = desk.store.people.create("Li", phone="138").id
    seen = desk.store.people.get(li).updated.isoformat()
    form = {"name": "Li", "face_alone": "1", "updated": seen}
    assert manager.fill(f"/people/{li}/edit", **form, phone="139").is_success
    assert other.fill(f"/people/{li}/edit", **form, phone="137").status_code == 400
    assert desk.store.people.get(li).phone == "139"


def test_who_is_given_a_card_while_an_undo_begins_stays(manager, other, desk, monkeypatch):
    page = upload(manager, TABLE)
    page = finish(manager, manager.fill(page.url.path + "/run"))
    li = desk.store.people.by_number("1").id
    looked = undoing.look

    def given_meanwhile(store, job):
        found = looked(store, job)
        store.credentials.add(li, "card", "0000000007")
        return found

    monkeypatch.setattr(undoing, "look", given_meanwhile)
    finish(manager, manager.fill(page.url.path + "/undo"))
    assert [row.name for row in desk.store.people.find()] == ["Li"]
