"""Tables of property offices on the desk's page: what it says about them, and what it asks."""

from __future__ import annotations

import html
import io

import pytest

from tests.enroll.importing import finish
from tests.importing.office import workbook

pytestmark = pytest.mark.slow


@pytest.fixture
def upload(manager, tmp_path):
    def send(sheets):
        file = io.BytesIO(workbook(tmp_path, sheets).read_bytes())
        files = {"table": ("people.xlsx", file.getvalue())}
        page = manager.post("/imports/new", data={"csrf": manager.csrf}, files=files)
        return page.url.path, html.unescape(page.text)

    return send


def test_a_sheet_for_each_building_says_whose_building_it_is(manager, desk, upload):
    head = ("单元", "房号", "姓名")
    path, page = upload({"1号楼": [head, (1, 101, "张三")], "2号楼": [head, (2, 201, "李四")]})
    assert "the sheet, the title or a line above does: 1号楼 (1)" in page
    page = html.unescape(manager.fill(path + "/choose", sheet="2号楼").text)
    assert "a line above does: 2号楼 (1)" in page
    finish(manager, manager.fill(path + "/run"))
    (person,) = desk.store.people.find()
    assert desk.store.places.address(person.household_id)[:2] == ("2号楼", "2-201")


def test_homes_left_empty_are_asked_about(manager, desk, upload):
    rows = [("楼栋", "房号", "姓名"), ("3", "501", "张三"), ("", "", "李四")]
    path, page = upload(rows)
    assert "Where do these people live?" in page
    assert "Everything is clear" not in page
    page = html.unescape(manager.fill(path + "/choose", homes="above").text)
    assert "Everything is clear" in page
    finish(manager, manager.fill(path + "/run"))
    assert len({row.household_id for row in desk.store.people.find()}) == 1


def test_each_mistake_has_its_line_its_column_and_what_to_do(manager, upload):
    rows = [
        ("楼栋", "房号", "姓名", "电话", "状态"),
        *(("3", "501", "张三、李四", "", ""), ("3", "502", "户主", "", "")),
        *(("3", "503", "王五", "138****8000", ""), ("3", "504", "赵六", "", "出租")),
    ]
    _, page = upload(rows)
    for said in (
        *("C 姓名", "give each a line of their own", "write the name, or delete this line"),
        *("D 电话", "write the whole number", "E 状态", "write active or moved out"),
    ):
        assert said in page


def test_a_hidden_column_assigned_by_hand_is_taken_over_the_next_time(manager, desk, tmp_path):
    from openpyxl import load_workbook

    path = workbook(tmp_path, [("姓名", "编号", "甲"), ("王芳", "1", "0002972728")])
    book = load_workbook(path)
    book.active.column_dimensions["C"].hidden = True
    file = io.BytesIO()
    book.save(file)
    files = {"table": ("people.xlsx", file.getvalue())}
    for first in (True, False):
        sent = manager.post("/imports/new", data={"csrf": manager.csrf}, files=files)
        if first:
            manager.fill(sent.url.path + "/choose", **{"column-2": "card"})
        else:
            assert "as last time" in sent.text
        page = manager.get(sent.url.path).text
        assert "0002972728" in page
        assert "Hidden columns are left out" not in page


def test_other_people_in_a_line_are_named_before_anything_begins(manager, upload):
    _, page = upload([("楼栋", "房号", "姓名1", "姓名2"), ("3", "501", "张三", "李四")])
    assert "Other people in a line are not imported: D 姓名2." in page


def test_all_sheets_are_imported_at_once_where_the_clerk_says_so(manager, desk, upload):
    head = ("单元", "房号", "姓名", "卡号")
    people = [(1, 101, "张三", "0002222222"), (2, 201, "李四", "12a")]
    path, page = upload({"1号楼": [head, people[0]], "2号楼": [head, people[1]]})
    assert "Together: 1号楼, 2号楼" in page
    page = html.unescape(manager.fill(path + "/choose", sheet="*").text)
    assert "2/15 is line 15 of 2号楼" in page
    assert '<td class="number">2/2</td><td>李四</td>' in page
    marked = manager.get(path + "/mistakes.xlsx")
    assert marked.status_code == 200
    path, _ = upload({"1号楼": [head, people[0]], "2号楼": [head, (2, 201, "李四", "")]})
    finish(manager, manager.fill(path + "/choose", sheet="*"))
    finish(manager, manager.fill(path + "/run"))
    homes = {
        row.name: desk.store.places.address(row.household_id)[:2]
        for row in desk.store.people.find()
    }
    assert homes == {"张三": ("1号楼", "1-101"), "李四": ("2号楼", "2-201")}


def test_heads_who_are_left_out_are_said(upload):
    rows = [
        ("楼栋", "房号", "户主", "家庭成员", "与户主关系"),
        ("3", "501", "张三", "李红", "妻子"),
    ]
    _, page = upload(rows)
    assert "Heads of households without a line of their own are not imported: 张三 (1)" in page


def test_owner_and_tenant_of_a_line_are_two_people(manager, desk, upload):
    rows = [
        ("楼栋", "房号", "业主", "电话", "租户", "电话", "到期日期"),
        ("3", "501", "张三", "13800000001", "李四", "13900000002", "2099-12-31"),
    ]
    path, page = upload(rows)
    assert "Some lines name an owner and a tenant. Who of them is imported?" in page
    page = html.unescape(manager.fill(path + "/choose", owners="both").text)
    assert "Everything is clear" in page
    finish(manager, manager.fill(path + "/run"))
    found = {row.name: (row.kind, row.phone) for row in desk.store.people.find()}
    assert found == {
        "张三": ("resident", "13800000001"),
        "李四": ("tenant", "13900000002"),
    }


def test_a_plan_of_floors_and_rooms_is_told_what_is_needed_instead(upload):
    told = "No column of names was found. A line for each person is needed"
    _, page = upload({"3号楼": [("楼层", "01", "02"), ("5", "张三", "李四")]})
    assert told in page
    assert "/imports/template.xlsx" in page
    _, page = upload({"3号楼": [("房号", "姓名"), ("501", "空置")]})
    assert "There is nobody in the table to import." in page
    assert told not in page
