"""Tables of property offices: what was taken over silently and is a mistake, or is nobody."""

from __future__ import annotations

from datetime import datetime

import pytest

from enroll.import_form import heads_only
from gate.importing.names import GONE
from tests.importing.office import mistakes, planned, values, workbook

HEAD = ("楼栋", "房号", "姓名", "电话", "备注", "状态")
GIVEN = "building and unit are given together or not at all"
NEITHER = "says neither that somebody lives here nor that they moved out"


def one(tmp_path, store, heading, *cells):
    """The plan of a table of people at 3 with one more column."""
    rows = [("楼栋", "房号", "姓名", heading)]
    rows += [("3", f"{500 + at}", f"王{at}", cell) for at, cell in enumerate(cells, 1)]
    return planned(workbook(tmp_path, rows), store)


@pytest.mark.parametrize("heading", ["状态", "入住状态", "人员状态"])
def test_whoever_has_gone_is_not_taken_over(tmp_path, store, heading):
    made = one(tmp_path, store, heading, "在住", "已搬走", "出租", "已退租", "已入住", "")
    gone = "has moved out; leave the line out of the table"
    assert mistakes(made) == [(3, "state", gone), (4, "state", NEITHER), (5, "state", gone)]


def test_a_note_that_says_only_that_is_a_mistake(tmp_path, store):
    made = one(tmp_path, store, "备注", "已搬走", "三月搬走过钢琴", "退租。", "养狗", "（已去世）")
    assert mistakes(made) == [(line, "note", GONE) for line in (2, 4, 6)]


def test_empty_flats_are_left_out_and_listed(tmp_path, store):
    rows = [
        HEAD,
        *(
            ("3", "501", "空置"),
            ("3", "502", "/"),
            ("3", "503", "", "", "空房"),
            ("3", "504", "王芳"),
        ),
        ("3", "505", "无", "13800138000"),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert [line for line, _ in made.table.skipped] == [2, 3, 4]
    assert mistakes(made) == [(6, "name", "is nobody's name")]


def test_sums_notes_and_pages_are_nobody(tmp_path, store):
    rows = [
        *(("阳光花园住户登记表",), HEAD, ("3", "501", "王芳")),
        *(
            ("本页小计", "", "", 5),
            ("3号楼合计", "", "", 5),
            ("合 计", "", "", 5),
            ("", "", "共3户", 7),
        ),
        *(("", "", "本页合计", 7), ("说明", "本表由物业填写"), ("填表人：李", "", "审核人：王")),
        *(
            ("以下空白",),
            ("", "", "以上共2人"),
            ("第 1 页 共 3 页",),
            ("制表：物业", "", "", "第1页"),
            ("总计：7人",),
        ),
        ("3", "502", "李红"),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, "unit", "name") == [("501", "王芳"), ("502", "李红")]
    assert [line for line, _ in made.table.skipped] == list(range(4, 16))
    assert made.ready


@pytest.mark.parametrize(
    "cell", [datetime(2026, 3, 2), "3月2日", "2026-3-2", "2-Mar", "2026/03/02"]
)
@pytest.mark.parametrize("heading", ["住址", "房号"])
def test_a_home_that_became_a_day_is_a_mistake(tmp_path, store, heading, cell):
    made = planned(workbook(tmp_path, [("姓名", heading), ("张三", cell)]), store)
    text = "became a date; format the column as text and enter it again"
    assert [wrong[2] for wrong in mistakes(made)] == [text]


@pytest.mark.parametrize("flat", ["501、502", "501,503", "2单元501、502"])
def test_several_flats_are_no_flat(tmp_path, store, flat):
    made = planned(workbook(tmp_path, [("楼栋", "房号", "姓名"), ("3", flat, "张三")]), store)
    assert mistakes(made) == [
        (2, "unit", "{which}: several homes; give the one where this person lives")
    ]


def test_a_home_not_understood_is_told_from_half_of_one(tmp_path, store):
    rows = [("房间", "姓名"), ("地下室B1-03", "张三"), ("501", "李四"), ("3栋502", "王五")]
    made = planned(workbook(tmp_path, rows), store)
    text = "{which} is not understood; write it as 3号楼2单元501"
    assert mistakes(made) == [(2, "unit", text), (3, "unit", GIVEN)]
    assert [wrong.which for wrong in made.wrong] == ["地下室B1-03", ""]


def test_telephones_with_hidden_digits_or_without_any_are_mistakes(tmp_path, store):
    made = one(
        tmp_path, store, "电话", "138****8000", "有", "＋86 138 0013 8000", "无", "13,800,138,000"
    )
    assert mistakes(made) == [
        (2, "phone", "is not whole: some of its digits are hidden by asterisks"),
        (3, "phone", "is no telephone number"),
    ]
    assert values(made, "phone")[2:] == [("+86 138 0013 8000",), ("",), ("13800138000",)]


@pytest.mark.parametrize(
    "none",
    [
        "无电话",
        "没有手机",
        "暂无",
        "未提供",
        "不详",
        "拒绝提供",
        "保密",
        "空号",
        "no phone",
        "None",
    ],
)
def test_who_has_no_telephone_is_no_mistake(tmp_path, store, none):
    made = one(tmp_path, store, "电话", none)
    assert made.ready
    assert values(made, "phone") == [("",)]


def test_the_number_of_an_identity_card_is_not_kept_as_somebodys_number(tmp_path, store):
    made = one(tmp_path, store, "编号", "11010519491231002X", "110105194912310021", "2026001")
    text = "is the number of an identity card, which is not kept here"
    assert mistakes(made) == [(2, "number", text)]


def test_no_guardian_is_called_none(tmp_path, store):
    rows = [("姓名", "出生年份", "同意", "监护人"), ("王小", "2020", "同意", "无")]
    made = planned(workbook(tmp_path, rows), store)
    assert mistakes(made) == [(2, "guardian", "a guardian answers for a child")]


def test_homes_and_numbers_that_say_none_are_empty(tmp_path, store):
    rows = [
        ("姓名", "编号", "楼栋", "单元", "房号", "分组"),
        *(("王芳", "/", "3", "无", "501", "-"), ("李红", "—", "/", "/", "/", "无")),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, "number", "building", "unit", "groups") == [
        ("", "3", "501", ""),
        ("", "", "", ""),
    ]
    assert made.ready


def test_whole_numbers_with_a_decimal_point_are_whole(tmp_path, store):
    path = tmp_path / "people.csv"
    path.write_text("姓名,编号,楼栋,房号,电话\n王芳,1001.0,3.0,501.0,13800138000.0\n", "utf-8")
    columns = ("number", "building", "unit", "phone")
    assert values(planned(path, store), *columns) == [("1001", "3", "501", "13800138000")]


def test_members_of_a_household_are_the_people_and_its_head_is_not_taken_thrice(tmp_path, store):
    for head, member in (("户主", "家庭成员"), ("户主姓名", "成员姓名")):
        rows = [
            ("楼栋", "房号", head, member, "与户主关系"),
            *(("3", "501", "张三", "张三", "本人"), ("3", "501", "张三", "李四", "妻")),
        ]
        made = planned(workbook(tmp_path, rows), store)
        assert values(made, "name") == [("张三",), ("李四",)]
        assert [column.reason for column in made.table.columns][2:4] == ["head", "guessed"]
        assert made.ready


def test_more_names_in_a_line_are_said_to_be_somebody_else(tmp_path, store):
    rows = [("楼栋", "房号", "姓名1", "姓名2", "家属"), ("3", "501", "张三", "李四", "王五")]
    made = planned(workbook(tmp_path, rows), store)
    assert [column.reason for column in made.table.columns][3:] == ["relative", "relative"]


def test_contacts_of_a_telephone_have_their_numbers(tmp_path, store):
    path = tmp_path / "contacts.csv"
    path.write_text(
        "Name,Phone 1 - Type,Phone 1 - Value,Notes\n王芳,Mobile,+86 138 0013 8000,\n", "utf-8"
    )
    assert values(planned(path, store), "name", "phone") == [("王芳", "+86 138 0013 8000")]


def test_beginning_and_end_in_one_word_limit_whoever_has_them(tmp_path, store):
    rows = [("基本信息", "", "门禁", ""), ("姓名", "楼栋", "房号", "起", "止")]
    rows += [("王芳", "3", "501", "2026.1.1", "2026.12.31")]
    made = planned(workbook(tmp_path, rows, "A1:B1", "C1:E1"), store)
    assert values(made, "valid_from", "valid_until") == [("2026-01-01", "2026-12-31")]


def test_a_flat_or_a_number_of_people_in_front_is_no_sum(tmp_path, store):
    rows = [
        ("房号", "楼栋", "姓名"),
        ("501户", "3", "王芳"),
        ("5人", "3", "李红"),
        ("3号", "3", "赵明"),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, "name") == [("王芳",), ("李红",), ("赵明",)]


def test_the_type_of_a_telephone_is_none_and_that_of_a_person_is(tmp_path, store):
    rows = [("姓名", "Phone Type", "Occupant Type"), ("王芳", "Home", "租户")]
    made = planned(workbook(tmp_path, rows), store)
    assert [column.field for column in made.table.columns] == ["name", "", "kind"]


def test_whether_somebody_lives_there_counts(tmp_path, store):
    made = one(tmp_path, store, "是否在住", "是", "否", "")
    assert mistakes(made) == [(3, "state", "has moved out; leave the line out of the table")]


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (("独居", "与子女同住", "空巢"), ""),  # how somebody lives, and not whether
        *((("自住", "租住", "独居"), "state"), (("空置", "出租"), "state")),
    ],
)
def test_a_column_about_living_is_a_state_where_it_says_whether_they_do(
    tmp_path, store, cells, field
):
    made = one(tmp_path, store, "居住情况", *cells)
    assert made.table.columns[3].field == field
    assert made.ready is not bool(field)


def test_words_for_those_who_live_there_are_no_mistakes(tmp_path, store):
    made = one(tmp_path, store, "状态", "租住", "借住", "有人居住", "审核通过", "在用", "/", "无")
    assert made.ready


def test_one_and_zero_are_no_state_since_either_may_be_in_order(tmp_path, store):
    made = one(tmp_path, store, "状态", "0", "1")
    assert mistakes(made) == [(2, "state", NEITHER), (3, "state", NEITHER)]


@pytest.mark.parametrize("heading", ["卡状态", "门禁卡状态", "Card status"])
def test_a_card_that_is_not_in_order_is_not_given(tmp_path, store, heading):
    rows = [("卡号", "持卡人", heading), ("0002972728", "王芳", "正常")]
    rows += [("0002972729", "李红", "挂失"), ("0002972730", "赵明", "已注销")]
    made = planned(workbook(tmp_path, rows), store)
    assert [(line, column) for line, column, _ in mistakes(made)] == [(3, "state"), (4, "state")]


@pytest.mark.parametrize(
    ("given", "surname", "name"),
    [
        *(("三", "张", "张三"), ("张三", "张", "张三"), ("Ann", "Smith", "Ann Smith")),
        *(("Ann Smith", "Smith", "Ann Smith"), ("Ann Smith", "SMITH", "Ann Smith")),
        *(("王芳", "WANG", "王芳"), ("José", "García", "José García"), ("민수", "김", "김민수")),
    ],
)
def test_a_surname_beside_a_name_is_not_lost(tmp_path, store, given, surname, name):
    path = workbook(tmp_path, [("名字", "姓氏"), (given, surname)])
    assert values(planned(path, store), "name") == [(name,)]


HEADS = ("房号", "户主", "家庭成员", "与户主关系")


def test_a_line_without_a_member_is_the_heads_own(tmp_path, store):
    rows = [
        ("楼栋", *HEADS, "电话"),
        *(("3", "501", "张三", "", "", "1381"), ("3", "501", "张三", "李红", "妻子", "1382")),
        *(("3", "502", "王五", "", "本人", "1383"), ("3", "503", "赵六", "", "妻子", "1384")),
    ]
    found = planned(workbook(tmp_path, rows), store)
    assert values(found, "name", "phone") == [
        *(("张三", "1381"), ("李红", "1382"), ("王五", "1383"), ("", "1384")),
    ]
    assert mistakes(found) == [(5, "name", "is missing")]


def test_a_merged_head_is_named_once(tmp_path, store):
    rows = [HEADS, ("501", "张三", "", ""), ("", "", "李红", "妻子")]
    found = planned(workbook(tmp_path, {"3号楼": rows}, "A2:A3", "B2:B3"), store)
    assert values(found, "unit", "name") == [("501", "张三"), ("501", "李红")]
    more = [(*HEADS, "电话"), ("501", "张三", "张三", "本人", "1381"), ("", "", "", "", "1382")]
    found = planned(workbook(tmp_path, {"3号楼": more}, "A2:A3", "B2:B3"), store)
    assert values(found, "name", "phone") == [("张三", "1381"), ("", "1382")]


def test_heads_without_a_line_of_their_own_are_named(tmp_path, store):
    rows = [HEADS, ("501", "张三", "李红", "妻子"), ("502", "王五", "", "")]
    found = planned(workbook(tmp_path, {"3号楼": rows}), store)
    assert heads_only(found.table) == ("张三",)


@pytest.mark.parametrize("column", ["编号", "电话"])
def test_the_number_of_an_identity_card_is_kept_in_no_column(tmp_path, store, column):
    found = planned(workbook(tmp_path, [("姓名", column), ("张三", "11010519491231002X")]), store)
    assert [text for _, _, text in mistakes(found)] == [
        "is the number of an identity card, which is not kept here"
    ]


def test_a_telephone_below_a_table_is_nobodys_name(tmp_path, store):
    rows = [("楼栋", "房号", "姓名"), ("3", "501", "张三"), ("联系人", "王经理", "8888-6666")]
    found = planned(workbook(tmp_path, rows), store)
    assert [line for line, column, _ in mistakes(found) if column == "name"] == [3]
