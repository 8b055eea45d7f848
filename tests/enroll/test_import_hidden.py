"""What is hidden in a workbook: the desk says it before anything is done, and asks what to do."""

from __future__ import annotations

import html
import io

import pytest
from openpyxl import Workbook, load_workbook

from tests.enroll.importing import finish

pytestmark = pytest.mark.slow


@pytest.fixture
def workbook():
    book = Workbook()
    book.active.append(("姓名", "编号", "卡号"))
    for number in range(1, 7):
        book.active.append((f"人{number}", str(number), f"{2972700 + number:010d}"))
    for line in (3, 4, 6):
        book.active.row_dimensions[line].hidden = True
    book.active.column_dimensions["C"].hidden = True
    return book


def upload(client, book):
    file = io.BytesIO()
    book.save(file)
    files = {"table": ("people.xlsx", file.getvalue())}
    page = client.post("/imports/new", data={"csrf": client.csrf}, files=files)
    return page.url.path, html.unescape(page.text)


def test_only_what_is_seen_is_imported_and_the_page_says_so(manager, desk, workbook):
    path, page = upload(manager, workbook)
    assert "Lines hidden by a filter or by hand are left out: 3" in page
    assert "Hidden columns are left out: C 卡号" in page
    assert "hidden in the file" in page
    assert "3 人2" in page  # whom it is about
    finish(manager, manager.fill(path + "/run"))
    assert sorted(row.number for row in desk.store.people.find()) == ["1", "4", "6"]
    assert not any(desk.store.credentials.of(row.id) for row in desk.store.people.find())


def test_what_is_hidden_is_imported_where_somebody_says_so(manager, desk, workbook):
    path, _ = upload(manager, workbook)
    page = manager.fill(path + "/choose", hidden="with", hidden_columns="with")
    text = html.unescape(page.text)
    assert "Lines hidden by a filter or by hand are imported too: 3" in text
    assert "Hidden columns are imported too: C 卡号" in text
    finish(manager, manager.fill(path + "/run"))
    found = [desk.store.credentials.of(row.id) for row in desk.store.people.find()]
    assert [len(cards) for cards in found] == [1] * 6


def test_it_is_said_in_chinese(manager, workbook):
    manager.cookies.set("desk_language", "zh", domain="desk.test")
    _, page = upload(manager, workbook)
    assert "被隐藏（筛选或手动隐藏）的行将略去不导入：3 行" in page
    assert "隐藏的列将略去不导入：C 卡号" in page
    assert "隐藏的也导入" in page


def test_where_everybody_is_hidden_nothing_begins_before_an_answer(manager, desk, workbook):
    for line in range(2, 8):
        workbook.active.row_dimensions[line].hidden = True
    path, page = upload(manager, workbook)
    assert "Some lines are hidden in the table. Import them too?" in page
    manager.fill(path + "/run")
    assert desk.store.people.count() == 0
    manager.fill(path + "/choose", hidden="with")
    finish(manager, manager.fill(path + "/run"))
    assert desk.store.people.count() == 6


def test_where_everybody_is_hidden_and_left_out_nobody_is_asked_for_an_answer(manager, workbook):
    for line in range(2, 8):
        workbook.active.row_dimensions[line].hidden = True
    path, page = upload(manager, workbook)
    assert "Please answer the questions below" in page
    page = manager.fill(path + "/choose", hidden="without").text
    assert "There is nobody in the table to import." in page
    assert "Please answer the questions below" not in page


def test_a_table_on_a_hidden_sheet_is_refused_with_what_to_do(manager, workbook):
    workbook.create_sheet("说明")
    workbook.active.title, workbook.active.sheet_state = "住户", "hidden"
    _, page = upload(manager, workbook)
    assert "every sheet with something in it is hidden" in page
    assert "show the sheet with the people" in page


def test_a_hidden_sheet_beside_the_table_is_named(manager, workbook):
    workbook.create_sheet("去年").append(("姓名", "编号"))
    workbook["去年"].sheet_state = "hidden"
    _, page = upload(manager, workbook)
    assert "Hidden sheets are not read: 去年" in page


def test_the_corrected_table_hides_the_same(manager, workbook):
    workbook.active["B2"] = "=1/0"
    path, _ = upload(manager, workbook)
    page = load_workbook(io.BytesIO(manager.get(path + "/mistakes.xlsx").content)).active
    assert [line for line, row in page.row_dimensions.items() if row.hidden] == [3, 4, 6]
