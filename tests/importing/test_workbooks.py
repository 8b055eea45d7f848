"""Workbooks for people: texts only, checked by Excel, mistakes in their cells."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from gate.importing import workbooks
from gate.importing.headings import column_of
from gate.importing.table import open_table
from gate.importing.workbooks import KIND_WORDS, heading, marked, template, words_of
from gate.importing.wrong import Wrong


def opened(data):
    return load_workbook(io.BytesIO(data))


def texts(data):
    return [[cell.value for cell in row] for row in opened(data).worksheets[0].iter_rows()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_column_of_the_template_is_understood_explained_and_checked(language, tmp_path):
    book = opened(template(language))
    sheet, notes = book.worksheets
    heads = [cell.value for cell in sheet[1]]
    assert [column_of(text) for text in heads] == list(workbooks._TEMPLATE)
    assert sheet.max_row == 1
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert len(rules) == len(heads) == notes.max_row
    for index, head in enumerate(heads):
        letter = chr(65 + index)
        rule = rules[f"{letter}2:{letter}{workbooks.FILLED_IN}"]
        assert rule.showErrorMessage
        assert len(rule.prompt) <= 255  # what Excel opens without repairing the file
        assert (len(rule.formula1 or "")) <= 255
        assert rule.prompt == rule.error == notes.cell(index + 1, 2).value
        assert notes.cell(index + 1, 1).value.endswith(head)
        assert sheet.column_dimensions[letter].number_format == "@"
        assert rule.prompt.isascii() == (language == "en")
    path = tmp_path / "people.xlsx"
    path.write_bytes(template(language))
    assert len(open_table(path).sheets) == 1  # the help is taken for no table


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_lists_of_the_template_offer_what_the_import_understands(language):
    from gate.importing.values import LOCALES, answer, kind

    sheet = opened(template(language)).worksheets[0]
    lists = [
        rule.formula1.strip('"').split(",")
        for rule in sheet.data_validations.dataValidation
        if rule.type == "list"
    ]
    kinds, answers, languages = lists
    assert [kind(text) for text in kinds] == list(KIND_WORDS[language])
    assert [answer(text) for text in answers] == ["agreed", "refused"]
    assert [LOCALES[text.lower()] for text in languages] == ["zh", "en"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "0045", "2026-01-05", "1E5", "_x0041_"]
)
def test_a_text_stays_the_text_it_is(text, tmp_path):
    data = workbooks.table(["name", "note"], [["A", text]], "people")
    (cell,) = opened(data).worksheets[0]["B"][1:]
    if text != "_x0041_":  # openpyxl does not undo what Excel does
        assert cell.value == text
    assert (cell.data_type, cell.number_format) == ("s", "@")
    path = tmp_path / "people.xlsx"
    path.write_bytes(data)
    assert open_table(path).lines[0].values["note"] == text


def test_what_xml_cannot_hold_is_left_out_and_long_texts_are_cut():
    data = workbooks.table(["a\x00b"], [["x\x0b\ud800\uffffy"], ["z" * 40_000], [""]], "people")
    head, mixed, long = (row[0] for row in texts(data)[:3])
    assert (head, mixed, len(long)) == ("ab", "xy", 32_000)


def test_values_in_the_words_of_a_language_and_back():
    values = {"kind": "tenant", "consent": "agreed", "state": "moved_out", "locale": "en"}
    assert words_of(values, "zh") == {
        "kind": "租户",
        "consent": "同意",
        "state": "已搬出",
        "locale": "英文",
    }
    assert words_of(values, "en")["state"] == "moved out"
    assert words_of({"state": "active", "name": "李"}, "zh") == {"state": "在住", "name": "李"}
    assert (heading("name", "zh"), column_of(heading("name", "en"))) == ("姓名", "name")


TABLE = "姓名,地址,出生年份,奇怪\n李红,幸福路,1700,=1+1\n王芳,3-2-501,1980,x\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(TABLE, "utf-8")
    return open_table(path)


def test_mistakes_are_marked_in_their_cells_and_in_words_at_the_end(table):
    wrong = [
        Wrong(2, "birth_year", "is no year from 1900 to now"),
        Wrong(2, "unit", "too far"),  # of the address, which has no column of units
        Wrong(2, "", "of the whole line"),
    ]
    sheet = opened(marked(table, wrong, str.upper, "Mistakes")).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["姓名", "地址", "出生年份", "奇怪", "Mistakes"]
    bad = {
        cell.coordinate: cell.comment.text
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None
    }
    assert bad == {"C2": "IS NO YEAR FROM 1900 TO NOW", "B2": "TOO FAR"}
    filled = {
        cell.coordinate
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.fill.fgColor.rgb == "00FFC7CE"
    }
    assert filled == set(bad)
    assert sheet["E2"].value == "IS NO YEAR FROM 1900 TO NOW; TOO FAR; OF THE WHOLE LINE"
    assert not sheet["E3"].value


def test_the_marked_table_holds_all_columns_as_they_were(table):
    rows = texts(marked(table, [], str, "Mistakes"))
    assert [row[:4] for row in rows[1:]] == [
        ["李红", "幸福路", "1700", "=1+1"],
        ["王芳", "3-2-501", "1980", "x"],
    ]
    sheet = opened(marked(table, [], str, "Mistakes")).worksheets[0]
    assert sheet["D2"].data_type == "s"


def test_a_corrected_marked_table_is_the_same_table(table, tmp_path):
    path = tmp_path / "again.xlsx"
    path.write_bytes(marked(table, [Wrong(2, "birth_year", "x")], str, "Mistakes"))
    assert [line.values for line in open_table(path).lines] == [line.values for line in table.lines]
