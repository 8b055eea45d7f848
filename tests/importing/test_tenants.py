"""Tables whose lines name an owner and a tenant: nobody gets the other's telephone or card."""

from __future__ import annotations

import pytest

from gate.importing.choices import Choices
from tests.importing.office import mistakes, planned, values, workbook

HOME = ("楼栋", "房号")
ROWS = (
    ("3", "501", "张三", "13800000001", "李四", "13900000002"),
    ("3", "502", "王五", "13800000003", "", ""),
    ("3", "503", "", "", "钱七", "13900000006"),
)
BOTH = [
    ("501", "张三", "13800000001", ""),
    ("501", "李四", "13900000002", "tenant"),
    ("502", "王五", "13800000003", ""),
    ("503", "钱七", "13900000006", "tenant"),
]
HEADS = (
    ("业主姓名", "业主电话", "租户姓名", "租户电话"),
    ("业主", "电话", "租客", "电话"),
    ("姓名", "联系电话", "承租人", "承租人联系电话"),
    ("产权人", "手机", "租户信息", "手机"),
    ("Owner", "Owner phone", "Tenant", "Tenant phone"),
)


def made(tmp_path, store, rows, owners="both", *merged):
    chosen = Choices(language="zh", owners=owners)
    return planned(workbook(tmp_path, rows, *merged), store, chosen)


@pytest.mark.parametrize("head", HEADS)
def test_each_has_their_own_telephone(tmp_path, store, head):
    found = made(tmp_path, store, [(*HOME, *head), *ROWS])
    assert values(found, "unit", "name", "phone", "kind") == BOTH
    assert not found.questions


@pytest.mark.parametrize("merged", [(), ("A1:A2", "B1:B2", "C1:D1", "E1:F1")])
@pytest.mark.parametrize("upper", [("业主", "租户"), ("业主信息", "租户信息")])
def test_headings_over_two_lines(tmp_path, store, upper, merged):
    two = [("楼栋", "房号", upper[0], "", upper[1], ""), ("", "", "姓名", "电话", "姓名", "电话")]
    found = made(tmp_path, store, [*two, *ROWS], "both", *merged)
    assert values(found, "unit", "name", "phone", "kind") == BOTH


@pytest.mark.parametrize(
    ("owners", "names"),
    [
        *(("both", "张三 李四 王五 钱七"), ("there", "李四 王五 钱七")),
        *(("owners", "张三 王五"), ("tenants", "李四 钱七")),
    ],
)
def test_who_of_them_is_imported_is_asked(tmp_path, store, owners, names):
    rows = [(*HOME, *HEADS[0]), *ROWS]
    asked = made(tmp_path, store, rows, "")
    assert [one.about for one in asked.questions] == ["owners"]
    assert not asked.wrong  # that a tenant needs an end is nothing before they are imported
    found = made(tmp_path, store, rows, owners)
    assert [name for (name,) in values(found, "name")] == names.split()
    assert not found.questions


def test_the_end_of_a_lease_is_the_tenants(tmp_path, store):
    rows = [(*HOME, *HEADS[0], "到期日期")]
    rows += [(*ROWS[0], "2027-12-31"), (*ROWS[1], ""), (*ROWS[2], "2027-06-30")]
    found = made(tmp_path, store, rows)
    days = [("张三", ""), ("李四", "2027-12-31"), ("王五", ""), ("钱七", "2027-06-30")]
    assert values(found, "name", "valid_until") == days
    assert found.ready


def test_a_tenant_without_an_end_is_a_mistake_as_in_any_table(tmp_path, store):
    found = made(tmp_path, store, [(*HOME, *HEADS[0]), *ROWS])
    text = "a tenant or visitor needs an end date"
    assert [one.text for one in found.wrong] == [text, text]


def test_a_card_beside_both_is_nobodys(tmp_path, store):
    rows = [(*HOME, *HEADS[0], "卡号", "到期日期")]
    rows += [(*ROWS[0], "0002222222", "2027-12-31"), (*ROWS[1], "0003333333", "")]
    found = made(tmp_path, store, rows)
    unsaid = "holds something of the owner or the tenant; its heading does not say whose"
    assert {text for _, column, text in mistakes(found) if column == "card"} == {unsaid}
    assert values(found, "name", "card") == [("张三", ""), ("李四", ""), ("王五", "0003333333")]
    rows[0] = (*HOME, *HEADS[0], "租户卡号", "到期日期")
    found = made(tmp_path, store, rows)
    assert values(found, "name", "card")[:2] == [("张三", ""), ("李四", "0002222222")]


def test_somebody_elses_telephone_is_neither_ones(tmp_path, store):
    rows = [(*HOME, "业主", "电话", "租户", "电话", "紧急联系人", "电话")]
    rows += [(*ROWS[0], "赵六", "13700000009")]
    found = made(tmp_path, store, rows)
    assert values(found, "name", "phone") == [("张三", "13800000001"), ("李四", "13900000002")]


def test_a_home_and_what_is_over_all_columns_is_both_theirs(tmp_path, store):
    rows = [("住户基本情况",), (*HOME, *HEADS[1]), *ROWS]
    found = made(tmp_path, store, rows, "both", "A1:F1")
    assert values(found, "building", "unit", "name")[:2] == [
        ("3", "501", "张三"),
        ("3", "501", "李四"),
    ]


@pytest.mark.parametrize(
    "head",
    [
        *(
            ("姓名", "电话", "业主/租户"),
            ("姓名", "电话", "租户类型"),
            ("租户姓名", "租户电话", "备注"),
        ),
        *(("租户姓名", "租户电话", "房东姓名"), ("业主姓名", "业主电话", "是否出租")),
    ],
)
def test_a_table_of_one_person_a_line_is_read_as_ever(tmp_path, store, head):
    found = made(tmp_path, store, [(*HOME, *head), ("3", "501", "张三", "13800000001", "")], "")
    assert not found.questions
    assert values(found, "unit", "name", "phone") == [("501", "张三", "13800000001")]


def test_where_no_line_has_both_nothing_is_asked(tmp_path, store):
    found = made(tmp_path, store, [(*HOME, *HEADS[0]), *ROWS[1:]], "")
    assert [name for (name,) in values(found, "name")] == ["王五", "钱七"]
    assert not found.questions


def test_a_home_headed_as_the_owners_is_the_tenants_too(tmp_path, store):
    rows = [("业主楼栋", "业主房号", *HEADS[0]), *ROWS]
    found = made(tmp_path, store, rows)
    homes = [("3", unit, name) for unit, name, _, _ in BOTH]
    assert values(found, "building", "unit", "name") == homes


def test_one_telephone_headed_as_either_ones_is_nobodys(tmp_path, store):
    rows = [(*HOME, "业主", "租户", "业主/租户电话"), ("3", "501", "张三", "李四", "13800000001")]
    found = made(tmp_path, store, rows)
    assert values(found, "name", "phone") == [("张三", ""), ("李四", "")]
    assert [column for _, column, _ in mistakes(found)].count("phone") == 2


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        *(
            (("姓名", "租户", "卡号"), ("张三", mark, "0002222222"))
            for mark in ("是", "√", "1", "出租")
        ),
        *(
            (("姓名", "租户", "卡号"), ("张三", mark, "0002222222"))
            for mark in ("共2人", "业主自住")
        ),
        (("租户", "姓名", "卡号"), ("宏达科技有限公司", "张三", "0002222222")),
        (("Tenant", "Name", "Card number"), ("Acme Ltd", "张三", "0002222222")),
        (("租户名称", "联系人", "卡号"), ("老王家", "张三", "0002222222")),
    ],
)
def test_a_column_of_tenants_that_names_no_people_is_left_out(tmp_path, store, head, cells):
    found = made(tmp_path, store, [(*HOME, *head), ("3", "501", *cells)], "")
    assert values(found, "unit", "name", "card", "kind") == [("501", "张三", "0002222222", "")]
    assert found.ready


def test_a_contact_beside_a_tenant_is_no_owner(tmp_path, store):
    head = (*HOME, "租户姓名", "租户电话", "联系人", "联系人电话")
    found = made(tmp_path, store, [head, *ROWS[:1]], "")
    assert values(found, "name", "phone") == [("张三", "13800000001")]
    assert found.ready


@pytest.mark.parametrize("mark", ["自住", "业主自住", "本人", "无", "√", "0"])
def test_where_the_owner_lives_there_is_no_tenant(tmp_path, store, mark):
    rows = [(*HOME, *HEADS[0]), *ROWS, ("3", "504", "赵六", "13800000007", mark, "")]
    found = made(tmp_path, store, rows)
    assert values(found, "unit", "name", "phone", "kind") == [
        *BOTH,
        ("504", "赵六", "13800000007", ""),
    ]
