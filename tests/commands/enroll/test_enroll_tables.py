"""``gate enroll FOLDER``: what its table leaves open is said, and nothing is written until then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from gate.errors import ConfigurationError
from gate.store.store import Store
from tests.commands.enroll.quick import Camera, Run

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[3] / "fixtures"


def test_every_mistake_of_a_table_is_reported_before_anything_is_written(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    with (folder / "people.csv").open("a") as table:
        table.write("\nX,100,1950,agreed,missing.jpg\nY,5,1700,,\n")
    wrong = str(gate("enroll", str(folder)).exception)
    assert "3 mistakes, nothing was written" in wrong
    assert "line 62, photo: missing.jpg is not there" in wrong
    assert "line 63, birth year" in wrong
    assert "line 63, number: is in line 7 too" in wrong
    with store() as opened:
        assert opened.people.count() == 0
    assert camera.seen == 0


def test_columns_that_are_left_out_are_named(gate: Run, folder: Path) -> None:
    table = "姓名,同住人1,性别,空\n王芳,李明,女,\n李四、王五,,,\n"
    (folder / "people.csv").write_text(table, "utf-8")
    outcome = gate("enroll", str(folder))
    assert "Columns left out: B 同住人1 (somebody else; each person" in outcome.output
    assert "C 性别" in outcome.output
    assert outcome.exit_code != 0


def hidden_in(folder: Path) -> None:
    book = Workbook()
    for row in (("姓名", "编号", "卡号"), ("甲", "1", "0002972728"), ("乙", "2", "0002972729")):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    (folder / "people.csv").unlink()
    book.save(folder / "people.xlsx")


def test_what_is_hidden_in_a_workbook_is_asked_about(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    hidden_in(folder)
    outcome = gate("enroll", str(folder))
    assert isinstance(outcome.exception, ConfigurationError)
    assert "Some lines are hidden in the table" in str(outcome.exception)
    assert "--hidden with (Import" in str(outcome.exception)
    assert "C 卡号 → --hidden-columns with" in str(outcome.exception)
    assert "are left out" not in outcome.output
    only_one = gate("enroll", str(folder), "--hidden", "with")
    assert "A mistake" in str(only_one.exception)
    assert "--hidden with" not in str(only_one.exception)
    with store() as opened:
        assert opened.people.count() == 0


def test_what_was_hidden_and_left_out_can_be_imported_afterwards(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    hidden_in(folder)
    without = ("--hidden", "without", "--hidden-columns", "without")
    outcome = gate("enroll", str(folder), *without)
    assert outcome.exit_code == 0, outcome.exception
    assert "Lines hidden by a filter or by hand are left out: 1" in (
        " ".join(outcome.output.split())
    )
    assert "Columns left out: C 卡号 (hidden in the file)" in outcome.output
    assert "imported already" in gate("enroll", str(folder), *without).output
    with store() as opened:
        assert [row.name for row in opened.people.find()] == ["甲"]
    for columns in ("without", "with"):
        more = ("--hidden", "with", "--hidden-columns", columns)
        assert gate("enroll", str(folder), *more).exit_code == 0
        assert "imported already" in gate("enroll", str(folder), *more).output
    with store() as opened:
        found = {row.name: len(opened.credentials.of(row.id)) for row in opened.people.find()}
    assert found == {"甲": 1, "乙": 1}


def test_another_sheet_can_be_imported_afterwards(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    book = Workbook()
    for sheet, name in ((book.active, "甲"), (book.create_sheet("二期"), "乙")):
        sheet.append(("姓名", "编号"))
        sheet.append((name, name))
    book.active.title = "一期"
    (folder / "people.csv").unlink()
    book.save(folder / "people.xlsx")
    for sheet in ("一期", "二期"):
        assert gate("enroll", str(folder), "--sheet", sheet).exit_code == 0
    with store() as opened:
        assert sorted(row.name for row in opened.people.find()) == ["乙", "甲"]


def test_a_folder_without_a_table_says_what_is_missing(gate: Run, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "recordings" / "empty", tmp_path / "empty")
    error = gate("enroll", str(tmp_path / "empty")).exception
    assert isinstance(error, ConfigurationError)
    assert "people.csv or people.xlsx" in error.hint


def saved(folder: Path, sheets: dict[str, list[tuple[object, ...]]]) -> None:
    """A workbook in place of the table of the folder."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    (folder / "people.csv").unlink(missing_ok=True)
    book.save(folder / "people.xlsx")


def test_the_same_table_with_other_columns_is_imported(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    (folder / "people.csv").write_text("姓名,编号,甲\n王芳,1,0002972728\n", "utf-8")
    assert gate("enroll", str(folder)).exit_code == 0
    assert "imported already" in gate("enroll", str(folder)).output
    assert gate("enroll", str(folder), "--column", "C=card").exit_code == 0
    assert "imported already" in gate("enroll", str(folder), "--column", "C=card").output
    with store() as opened:
        (person,) = opened.people.find()
        assert len(opened.credentials.of(person.id)) == 1


def test_a_hidden_column_assigned_by_hand_is_imported_each_time(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    hidden_in(folder)
    by_hand = ("--hidden", "with", "--column", "C=card")
    assert gate("enroll", str(folder), "--hidden", "with", "--column", "C=").exit_code == 0
    assert gate("enroll", str(folder), *by_hand).exit_code == 0
    with store() as opened:
        assert [len(opened.credentials.of(row.id)) for row in opened.people.find()] == [1, 1]


def test_the_building_of_a_sheet_and_what_is_left_out_are_said(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    rows = [("房号", "姓名"), ("101", "王芳"), ("102", "空置"), ("合计", "2")]
    other = [("房号", "姓名"), ("101", "李红")]
    saved(folder, {"1号楼": rows, "2号楼": other})
    outcome = gate("enroll", str(folder), "--sheet", "1号楼")
    assert outcome.exit_code == 0, outcome.exception
    said = " ".join(outcome.output.split())
    assert "a line above does: 1号楼 (1)" in said
    assert "Lines left out: 3 102 空置; 4 合计 2" in said
    with store() as opened:
        (person,) = opened.people.find()
        assert person.household_id is not None
        assert opened.places.address(person.household_id)[:2] == ("1号楼", "101")


def test_homes_left_empty_are_asked_about(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    saved(folder, {"a": [("楼栋", "房号", "姓名"), ("3", "501", "王芳"), (None, None, "王小")]})
    asked = gate("enroll", str(folder))
    assert "3 王小 → --homes above" in str(asked.exception)
    assert gate("enroll", str(folder), "--homes", "above").exit_code == 0
    with store() as opened:
        homes = {row.household_id for row in opened.people.find()}
    assert len(homes) == 1
    assert None not in homes
