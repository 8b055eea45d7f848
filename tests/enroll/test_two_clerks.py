"""Two clerks at one record or one table: nothing is lost silently, and each is told."""

from __future__ import annotations

import html
import threading

import pytest

from enroll.permissions import Role
from enroll.person_form import EMPTY, PersonForm, differences
from gate.store.database_errors import ConflictError
from gate.store.people import ChangedError
from gate.texts.catalogue import translator
from tests.enroll.conftest import begin_session
from tests.enroll.importing import finish, upload

pytestmark = pytest.mark.slow


@pytest.fixture
def two(browser, desk):
    """Two managers, both with Chinese pages."""
    both = [browser("manager"), browser()]
    account = desk.accounts.create("wang", "a-long-enough-secret", Role("manager"), "Wang")
    begin_session(both[1], desk, account)
    for one in both:
        one.cookies.set("desk_language", "zh", domain="desk.test")
    return both


def version(desk, person):
    return desk.store.people.get(person).updated.isoformat()


def text(answer):
    return html.unescape(answer.text)


def test_who_saves_second_is_told_what_the_first_changed(two, desk):
    li = desk.store.people.create("李四", phone="138").id
    seen = version(desk, li)
    form = {"name": "李四", "face_alone": "1", "updated": seen}
    assert two[0].fill(f"/people/{li}/edit", **form, phone="139").is_success
    answer = two[1].fill(f"/people/{li}/edit", **form, phone="137", note="怕风")
    assert answer.status_code == 400
    assert "其间有人修改了此人的资料，请核对后再次保存。" in text(answer)
    assert "电话：现在是 139，您填的是 137" in text(answer)
    assert "备注：现在是 空，您填的是 怕风" in text(answer)
    assert "姓名：现在是" not in text(answer)
    assert desk.store.people.get(li).phone == "139"
    form["updated"] = version(desk, li)
    assert two[1].fill(f"/people/{li}/edit", **form, phone="137").is_success
    assert desk.store.people.get(li).phone == "137"


def test_what_differs_is_said_in_the_words_of_the_page():
    there = {**EMPTY, "kind": "resident", "locale": "zh"}
    typed = {**there, "kind": "tenant", "locale": "en"}
    assert differences(there, typed, translator("zh")) == [
        "类别：现在是 居民，您填的是 租户",
        "语言：现在是 中文，您填的是 English",
    ]


def test_a_change_between_the_look_and_the_write_is_no_one_s_loss(desk):
    li = desk.store.people.create("李四").id
    seen = version(desk, li)
    desk.store.people.update(li, seen=seen, phone="138")
    with pytest.raises(ChangedError):
        desk.store.people.update(li, seen=seen, phone="139")
    assert desk.store.people.get(li).phone == "138"


def test_what_was_typed_about_somebody_who_was_deleted_is_shown_again(two, desk):
    li = desk.store.people.create("李四").id
    seen = version(desk, li)
    two[0].fill(f"/people/{li}/delete")
    answer = two[1].fill(f"/people/{li}/edit", name="李四", note="怕风", updated=seen)
    assert answer.status_code == 400
    assert "人员库中没有此人，可能资料已被删除，或导入已被撤销\n没有保存。" in text(answer)
    assert "怕风" in answer.text
    assert 'action="/people/new"' in answer.text
    assert desk.store.people.count() == 0


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("cards", {"number": "0002972728"}),
        ("move-out", {}),
        ("consent", {"answer": "agreed", "language": "zh"}),
    ],
)
def test_anything_else_about_them_says_that_they_are_gone(two, desk, what, form):
    answer = two[1].fill(f"/people/7/{what}", **form)
    assert answer.status_code == 404
    assert "人员库中没有此人" in answer.text
    assert "没有改动任何内容" in answer.text


def test_an_undo_says_so_to_who_edits_one_of_them_and_leaves_whom_they_changed(two, desk):
    page = upload(two[0], "name,number\n李四,1\n王五,2\n")
    page = finish(two[0], two[0].fill(page.url.path + "/run"))
    li, wang = (desk.store.people.by_number(number).id for number in "12")
    seen = version(desk, li)
    form = {"name": "王五", "number": "2", "note": "怕风", "updated": version(desk, wang)}
    assert two[1].fill(f"/people/{wang}/edit", **form).is_success
    finish(two[0], two[0].fill(page.url.path + "/undo"))
    assert [row.id for row in desk.store.people.find()] == [wang]
    answer = two[1].fill(f"/people/{li}/edit", name="李四", note="怕光", updated=seen)
    assert "导入已被撤销" in answer.text
    assert "怕光" in answer.text


def test_the_same_table_imported_by_both_makes_nobody_twice(two, desk):
    table = "name,building,unit\n李四,3,501\n王五,3,502\n"
    pages = [upload(one, table) for one in two]
    for one, page in zip(two, pages, strict=True):
        page = finish(one, one.fill(page.url.path + "/run"))
    assert desk.store.people.count() == 2
    assert "无变化：2" in page.text


def test_a_second_import_that_cannot_begin_says_so(two, desk, monkeypatch):
    pages = [upload(one, f"name,number\n李四{n},{n}\n").url.path for n, one in enumerate(two)]
    go_on, carry_out = threading.Event(), desk.imports._run

    def waiting(job, by):
        go_on.wait(60)
        carry_out(job, by)

    monkeypatch.setattr(desk.imports, "_run", waiting)
    two[0].fill(pages[0] + "/run")
    answer = two[1].fill(pages[1] + "/run")
    assert "没有开始：另一次导入或撤销正在进行" in answer.text
    assert "开始</button>" in answer.text  # it can be pressed again
    go_on.set()
    finish(two[0], two[0].get(pages[0]))
    assert desk.store.people.count() == 1
    actions = [line.action for line in desk.store.audit.lines()]
    assert actions.count("import.run") == 1


def test_who_is_given_a_home_as_an_undo_removes_it_has_it(two, desk, monkeypatch):
    page = upload(two[0], "name,number,building,unit\n李四,1,3,501\n")
    page = finish(two[0], two[0].fill(page.url.path + "/run"))
    of_form = PersonForm.columns

    def undone_meanwhile(form):
        columns = of_form(form)
        finish(two[0], two[0].fill(page.url.path + "/undo"))
        return columns

    monkeypatch.setattr(PersonForm, "columns", undone_meanwhile)
    assert two[1].fill("/people/new", name="王五", building="3", unit="501").is_success
    (row,) = desk.store.people.find()
    assert (row.name, desk.store.places.address(row.household_id)) == ("王五", ("3", "501", ""))


def test_a_conflict_that_is_not_about_the_number_is_not_said_to_be(two, desk, monkeypatch):
    def refused(*_, **__):
        raise ConflictError("the database rejects this entry")

    monkeypatch.setattr(desk.store.people, "create_many", refused)
    answer = two[0].fill("/people/new", name="王五", number="7", building="3", unit="501")
    assert "另一人刚好同时保存。没有保存您填的内容：请再次保存。" in answer.text
    assert 'value="王五"' in answer.text
    desk.store.people.create("李四", number="7")
    answer = two[0].fill("/people/new", name="王五", number="7")
    assert "另一人刚好同时保存" not in answer.text


def test_a_family_is_saved_as_a_whole_or_not_at_all(two, desk, monkeypatch):
    saved = PersonForm.columns
    monkeypatch.setattr(
        PersonForm,
        "columns",
        lambda form: {**saved(form), "number": "7"},  # all of them
    )
    rows = {"more_name": ["王六", "王七"], "more_birth_year": ["", ""]}
    answer = two[0].fill("/people/new", name="王五", number="7", **rows)
    assert "另一人刚好同时保存" in answer.text
    assert desk.store.people.count() == 0


def test_an_import_is_begun_once_however_many_press(two, desk):
    page = upload(two[0], "name,number\n李四,1\n")
    seen = desk.imports.plan(int(page.url.path.split("/")[-1]), 14)
    finish(two[0], two[0].fill(page.url.path + "/run"))
    job = desk.imports.all()[0].id
    assert not desk.imports.begin(job, seen, "wang")  # whose page was older
    assert desk.imports.get(job).state == "done"
    answer = two[1].fill(page.url.path + "/run")
    assert "这次导入已经开始：可能是别人点的，或在另一个窗口中点过。" in answer.text
    assert desk.imports.get(job).state == "done"
    assert [line.action for line in desk.store.audit.lines()].count("import.run") == 1


def test_an_undo_is_begun_once_however_many_press(two, desk):
    page = upload(two[0], "name,number\n李四,1\n")
    finish(two[0], two[0].fill(page.url.path + "/run"))
    job = desk.imports.all()[0].id
    desk.imports._state(job, "undoing")
    assert not desk.imports.undo(job, "wang")
    answer = two[1].fill(page.url.path + "/undo")
    assert "这次撤销已经开始：可能是别人点的，或在另一个窗口中点过。" in answer.text


def test_who_presses_undo_a_moment_later_is_not_told_of_another_one(two, desk, monkeypatch):
    page = upload(two[0], "name,number\n李四,1\n")
    finish(two[0], two[0].fill(page.url.path + "/run"))
    job = desk.imports.all()[0].id

    def begun_by_another(job, by):
        desk.imports._state(job, "undoing")
        return False

    monkeypatch.setattr(desk.imports, "undo", begun_by_another)
    answer = two[1].fill(page.url.path + "/undo")
    assert "这次撤销已经开始" in answer.text
    assert "另一次导入或撤销正在进行" not in answer.text
    desk.imports._state(job, "done")
    monkeypatch.setattr(desk.imports, "undo", lambda job, by: False)
    assert "另一次导入或撤销正在进行" in two[1].fill(page.url.path + "/undo").text
