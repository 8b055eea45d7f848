"""Mistakes of a table as the page shows them: whose, what the cell holds, what to do."""

from __future__ import annotations

import re
from datetime import date

import pytest

from enroll.import_form import heading
from enroll.import_mistakes import TO_DO, shown
from gate.importing.choices import Choices
from gate.importing.photos import NoPhotos
from gate.importing.plan import plan
from gate.importing.table import open_table
from gate.texts.catalogue import catalogue, translator
from tests.enroll.importing import upload
from tests.texts.test_catalogue import said_of_tables

TABLE = """姓名,楼栋,房号,出生年月,类别,卡号
王芳,3,501,1956年13月,业主,
李四,3,,1950,邻居,0002972728
,3,502,1950,业主,0002972728
赵六,3,503,1950,业主,12a
孙七,3,504,1950,业主,1.10101E+17
钱八,3,505,1950,业主,,多,一格
"""


def of(tmp_path, store, text, language="zh"):
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    choices = Choices(language=language)
    made = plan(open_table(path, choices), NoPhotos(), store, choices, today=date(2026, 11, 29))
    found = shown(made, made.wrong, heading(language), translator(language))
    return [(one.line, one.name, one.column, one.found, one.what, one.to_do) for one in found]


def test_a_mistake_names_the_person_and_what_the_cell_holds(tmp_path, store):
    year = "不是 1900 年至今的年份"
    assert of(tmp_path, store, TABLE) == [
        (2, "王芳", "D 出生年月", "1956年13月", year, "请写年份 1956，或日期 1956-03-05"),
        (3, "李四", "E 类别", "邻居", "不是已知类别", "请按空白表格里的选项填写；留空为居民"),
        (3, "李四", "C 房号", "", "楼栋和房号须一起填写或都不填", "请两项都填或都不填"),
        (4, "", "A 姓名", "", "缺失", "请填写"),
        (4, "", "F 卡号", "…2728", "与第 3 行重复", "只保留在它所属的那一行"),
        (5, "赵六", "F 卡号", "12a", *of_card("not a card number")),
        (6, "孙七", "F 卡号", "1.10101E+17", *of_card(LOST)),
        (7, "钱八", "", "钱八 | 3 | 505 | 1950 | 业主 | 多 | 一格", *of_card(MORE)),
    ]


LOST = "digits were lost: format the column as text and enter the whole number"
MORE = "has more cells than headings; a value with a comma needs quotation marks"


def of_card(text):
    zh = catalogue("zh")
    return zh[text], zh[TO_DO[text]] if text in TO_DO else ""


def test_a_card_that_opens_doors_is_shown_by_its_end_only(tmp_path, store):
    person = store.people.create("Li").id
    store.credentials.add(person, "card", "0002972728")
    (one,) = of(tmp_path, store, "name,card\nWang,0002972728\n", "en")
    assert one[1:4] == ("Wang", "B card", "…2728")
    assert one[4] == "belongs to somebody in the register"


def test_nor_is_it_in_a_line_that_is_shown_as_a_whole(tmp_path, store):
    (one,) = of(tmp_path, store, "name,card\nWang,0002972728,more\n", "en")
    assert one[3] == "Wang | …2728 | more"


def test_what_a_cell_of_an_address_holds_is_shown_too(tmp_path, store):
    (one,) = of(tmp_path, store, "姓名,地址\n王芳,三号楼那边\n")
    assert one[1:4] == ("王芳", "B 地址", "三号楼那边")


def test_what_is_to_be_done_is_said_of_mistakes_there_are():
    others = {
        "not a card number",
        "not a readable photograph",
        "the photograph is damaged",
        "the HEIC photograph is damaged",
        "the photograph is smaller than 16 pixels on one side",
        "says that it is so, not that the person agreed to the mark",
    }
    assert {*TO_DO} - others <= said_of_tables()
    assert [text for text in {*TO_DO, *TO_DO.values()} if text not in catalogue("zh")] == []
    # each of the others says it itself
    silent = said_of_tables() - {*TO_DO}
    assert [text for text in silent if not re.search(r"[;:]|\{which\}", text)] == []


@pytest.mark.slow
def test_mistakes_stand_above_the_columns(manager):
    page = upload(manager, "name,birth_year\nWang,195x\nLi,1950\n").text
    at = [page.index(f"{text}") for text in ("1 mistakes", "<caption>Mistakes", "<legend>Columns")]
    assert at == sorted(at)
    assert re.search(r"<td>Wang</td><td>B birth_year</td><td class=\"found\">195x</td>", page)
    assert "write the year, 1956, or the date, 1956-03-05" in page
