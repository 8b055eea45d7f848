"""Export at the desk: what is in it, and in which form."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

pytestmark = pytest.mark.slow


def test_export_has_no_biometrics_and_no_formulas(manager, desk):
    desk.store.people.create("=cmd|' /C calc'!A0", number="7", groups=["a", "b"])
    text = manager.get("/people.csv").text
    assert "'=cmd" in text
    assert "a;b" in text
    assert text.splitlines()[0].lstrip("\ufeff").startswith("number,name,kind")


@pytest.mark.parametrize("first", ["＝", "＋", "－", "＠"])
def test_full_width_forms_that_begin_a_formula_are_exported_as_text(manager, desk, first):
    desk.store.people.create(f"{first}1＋1", number="7")
    rows = list(csv.DictReader(manager.get("/people.csv").text.lstrip("\ufeff").splitlines()))
    assert [row["name"] for row in rows] == [f"'{first}1＋1"]
    sheet = load_workbook(io.BytesIO(manager.get("/people.xlsx").content)).active
    names = [cell for row in sheet.iter_rows() for cell in row if "1＋1" in str(cell.value)]
    assert [cell.data_type for cell in names] == ["s"]


def test_everybody_is_in_the_export_however_many_they_are(manager, desk, monkeypatch):
    monkeypatch.setattr("gate.importing.export._PIECE", 4)
    names = [f"P{number}" for number in range(15)]
    for name in names:
        desk.store.people.create(name)
    rows = list(csv.DictReader(manager.get("/people.csv").text.lstrip("\ufeff").splitlines()))
    assert [row["name"] for row in rows] == names


def test_the_template_and_the_export_are_in_the_language_of_the_page(manager, desk):
    desk.store.people.create("王芳", kind="tenant")
    manager.get("/language/zh")
    for path in ("/imports/template.xlsx", "/people.xlsx"):
        sheet = load_workbook(io.BytesIO(manager.get(path).content)).worksheets[0]
        assert "姓名" in [cell.value for cell in sheet[1]]
    assert "租户" in [cell.value for cell in sheet[2]]
