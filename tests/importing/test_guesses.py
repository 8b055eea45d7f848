"""Headings nobody listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from gate.importing.choices import Choices
from gate.importing.guesses import guess_of, is_heading, is_next
from gate.importing.headings import column_of, is_unneeded
from gate.importing.read import read_book
from gate.importing.understand import understand


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        *(("业主", "name"), ("户主", "name"), ("租户姓名（必填）", "name"), ("*姓名", "name")),
        *(("本人手机", "phone"), ("卡片ID", "card"), ("小区门禁卡号（10位）", "card")),
        *(("住户照片", "photo"), ("合同到期", "valid_until"), ("有效期结束", "valid_until")),
        *(("有效期开始时间", "valid_from"), ("是否已同意人脸采集", "consent")),
        *(("Face recognition consent", "consent"), ("所住楼号", "building"), ("房间号码", "unit")),
        *(("Member name", "name"), ("食堂电话", "phone")),
        *(("照片同意", "consent"), ("是否同意拍摄照片", "consent"), ("一寸照片", "photo")),
        *(("Resident type", "kind"), ("Card-No", "card"), ("Mobile No.", "phone")),
    ],
)
def test_a_heading_is_known_by_a_word_in_it(heading, field):
    assert (column_of(heading) or guess_of(heading)) == field


@pytest.mark.parametrize(
    "heading",
    [
        *("紧急联系人电话", "房东电话", "身份证号", "银行卡号", "车牌号", "姓名拼音", "物业费"),
        *(
            "公司地址",
            "Emergency phone",
            "2026年花园小区住户人脸照片信息采集登记明细表（第一批）总表",
        ),
        *("Lease agreement number", "ID"),
        *("配偶姓名", "配偶手机", "同住人1", "同住人2电话", "子女姓名", "家庭成员1姓名"),
        *("Spouse name", "Resident 2 phone"),
    ],
)
def test_what_is_about_something_else_is_not(heading):
    assert column_of(heading) == guess_of(heading) == ""


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "旧卡号",
            "原卡号",
            "挂失卡号",
            "已作废卡号",
            "注销卡号",
            "遗失的卡号",
            "前卡号",
            "Old card number",
        ),
        *("曾用姓名", "原手机号码", "原住址", "公交卡号", "食堂饭卡卡号", "Cancelled card no"),
    ],
)
def test_what_was_once_theirs_is_not_theirs_now(heading):
    assert column_of(heading) == guess_of(heading) == ""


@pytest.mark.parametrize(
    ("one", "other", "next_"),
    [
        *(("卡号1", "卡号2", True), ("卡号", "卡号2", True), ("Card No. 1", "Card No. 2", True)),
        *(("第一张卡号", "第二张卡号", True), ("卡号一", "卡号二", True)),
        *(("卡号", "卡号", False), ("新卡号", "卡号", False), ("IC卡号", "ID卡号", False)),
    ],
)
def test_headings_that_differ_in_their_number_only(one, other, next_):
    assert is_next(one, other) is next_


def test_what_is_not_needed_is_a_heading_too():
    assert is_unneeded("小区名称")
    assert is_heading("小区名称")
    assert not is_heading("王芳")


@pytest.mark.parametrize("lower", [("开始", "结束"), ("起", "止"), ("开始日期", "结束日期")])
def test_a_heading_over_two_others_is_read_with_them(tmp_path: Path, lower: tuple[str, str]):
    book = Workbook()
    sheet = book.active
    sheet.append(["姓名", "楼号", "有效期", None])
    sheet.append([None, None, *lower])
    sheet.append(["王芳", "1号楼", "2026-01-01", "2026-12-31"])
    for cells in ("A1:A2", "B1:B2", "C1:D1"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "people.xlsx")
    table = understand(read_book(tmp_path / "people.xlsx"), Choices())
    fields = [column.field for column in table.columns]
    assert fields == ["name", "building", "valid_from", "valid_until"]
    (line,) = table.lines
    assert (line.values["valid_from"], line.values["valid_until"]) == ("2026-01-01", "2026-12-31")
