"""What stands under a name and is not one person's name."""

from __future__ import annotations

import pytest

from gate.importing.names import GONE, NOBODY, NUMBERED, SEVERAL, is_empty_flat, mistake

SEVERAL_PEOPLE = (
    *(
        "张三、李四",
        "张三 李四",
        "王五\n赵六",
        "张三（户主）、李四（妻）",
        "张三和李四",
        "张三等3人",
    ),
    *("张三等", "李四 王五 赵六", "张三|李四", "欧阳锋 郭靖", "司马懿、诸葛亮"),
    "柳三 李四",
)
ONE_PERSON = (
    *("王　芳", "王 芳", "欧阳 娜娜", "司马\n相如", "李和平", "阿依 古丽", "乌云和希格", "张伟2"),
    *(
        "王芳（小）",
        "李四(租客)",
        "Li, Ming",
        "Mary Ann Smith",
        "阿依古丽·买买提",
        "李先生",
        "人123",
    ),
    *("艾力 马木提", "松本 金子", "小林 高子"),
    *("无名氏", "空海", "4号保安", "Resident", "Owner"),
)


@pytest.mark.parametrize("text", SEVERAL_PEOPLE)
def test_several_people_in_a_cell_are_a_mistake(text):
    assert mistake(text) == SEVERAL


@pytest.mark.parametrize("text", ONE_PERSON)
def test_one_persons_name_is_none(text):
    assert mistake(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        *("户主", "待定", "空置", "无", "/", "未入住", " 业 主 ", "？", "Unknown", "户主：王五"),
        *("3人", "共五口人", "none"),
    ],
)
def test_a_word_for_whoever_lives_there_is_nobody(text):
    assert mistake(text) == NOBODY


@pytest.mark.parametrize("text", ["张三 13800138000", "3-2-501张三", "501张三", "3栋张三"])
def test_a_home_or_telephone_beside_a_name_is_a_mistake(text):
    assert mistake(text) == NUMBERED


@pytest.mark.parametrize(
    "text", ["张三（已搬走）", "李四(已故)", "Ann (moved out)", "王五【退租】"]
)
def test_a_name_with_the_remark_that_they_have_gone_is_a_mistake(text):
    assert mistake(text) == GONE


def test_an_empty_flat_is_no_line_of_a_person():
    home = {"building": "3", "unit": "501"}
    assert is_empty_flat({**home, "name": "空置"})
    assert is_empty_flat({**home, "state": "空置"})
    assert is_empty_flat({**home, "note": "空房"})
    assert not is_empty_flat(home)  # a name may have been forgotten
    assert not is_empty_flat({**home, "name": "空置", "phone": "13800138000"})
    assert not is_empty_flat({**home, "name": "王芳", "note": "/"})
    assert is_empty_flat({**home, "name": "/"})


@pytest.mark.parametrize("nothing", ["无", "/", "-", "None"])
@pytest.mark.parametrize("column", ["note", "state"])
def test_a_forgotten_name_is_no_empty_flat_because_there_is_no_note(column, nothing):
    assert not is_empty_flat({"building": "3", "unit": "501", column: nothing})
