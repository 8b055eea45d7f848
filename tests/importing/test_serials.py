"""Serial numbers among dates of birth and validity: understood, shown, asked where ambiguous."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from gate.importing.choices import Choices
from gate.importing.photos import NoPhotos
from gate.importing.plan import plan
from gate.importing.serials import Serials, serial
from gate.importing.table import open_table
from gate.store.settings import StoreSettings
from gate.store.store import Store


def book(path, rows, since_1904=False):
    made = Workbook()
    if since_1904:
        made.epoch = CALENDAR_MAC_1904
    for row in (["姓名", "出生日期", "有效期至"], *rows):
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    path.write_bytes(out.getvalue())
    return path


def text(path, rows):
    lines = [["姓名", "出生日期", "有效期至"], *rows]
    path.write_text("\n".join(",".join(map(str, row)) for row in lines), "utf-8")
    return path


def read(path, **choices):
    table = open_table(path, Choices(**choices))
    births = [line.values.get("birth_year", "") for line in table.lines]
    return births, table.questions, table


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_number_in_a_workbook_counts_as_the_workbook_counts(tmp_path, since_1904):
    # the first cell has a format of a date, the second is the same day without one
    first = 1462 if since_1904 else 0
    rows = [["张一", datetime(1954, 6, 1), 48000], ["王二", 19876 - first, 48000 - first]]
    births, (question,), table = read(book(tmp_path / "t.xlsx", rows, since_1904))
    assert births == ["1954", "1954"]
    assert (question.about, question.answer) == ("date_system", "1904" if since_1904 else "1900")
    shown = dict(question.examples)[str(19876 - first)]
    assert shown[question.options.index(question.answer)] == "1954-06-01"
    assert table.lines[1].values["valid_until"] == "2031-06-01"
    assert not table.open


def test_in_text_it_is_asked_and_nothing_is_guessed(tmp_path):
    path = text(tmp_path / "t.csv", [["张一", 19876, ""], ["王二", 23456, ""], ["李三", 1950, ""]])
    births, (question,), table = read(path)
    assert births == ["19876", "23456", "1950"]
    assert table.open == (question,)
    assert question.options == ("1900", "1904")  # 23456 is no year and month
    assert question.lines == 2
    assert question.examples[0] == ("19876", ("1954-06-01", "1958-06-02"))
    assert read(path, date_system="1900")[0] == ["1954", "1964", "1950"]
    assert read(path, date_system="1904")[0] == ["1958", "1968", "1950"]


def test_what_may_be_a_year_and_a_month_is_offered_as_that(tmp_path):
    births, (question,), _ = read(text(tmp_path / "t.csv", [["张一", "19876", ""]]))
    assert question.options == ("1900", "1904", "month")
    assert question.examples == (("19876", ("1954-06-01", "1958-06-02", "1987-06")),)
    assert births == ["19876"]
    assert read(tmp_path / "t.csv", date_system="month")[0] == ["1987"]
    # a number of a workbook is what the workbook counts, and can still be called a month
    births, (question,), table = read(book(tmp_path / "t.xlsx", [["张一", 19876, None]]))
    assert (births, question.options[2], table.open) == (["1954"], "month", ())
    # a text of a workbook is not
    assert read(book(tmp_path / "u.xlsx", [["张一", "19876", None]]))[2].open


def test_numbers_of_a_workbook_that_are_all_years_and_months_are_asked_about(tmp_path):
    """That many people were born from 1952 to 1955, on none of every tenth day, is no chance."""
    path = book(tmp_path / "t.xlsx", [["张一", 19876, None], ["王二", 20011, None]])
    births, (question,), table = read(path)
    assert births == ["19876", "20011"]
    assert table.open == (question,)
    assert read(path, date_system="month")[0] == ["1987", "2001"]
    assert read(path, date_system="1900")[0] == ["1954", "1954"]


def test_a_last_day_beside_months_counts_as_the_workbook_does(tmp_path):
    path = book(tmp_path / "t.xlsx", [["张一", 19876, 44925]], since_1904=True)
    births, _, table = read(path, date_system="month")
    assert births == ["1987"]
    assert table.lines[0].values["valid_until"] == "2026-12-31"


def test_a_month_cannot_be_chosen_where_one_is_none(tmp_path):
    path = text(tmp_path / "t.csv", [["张一", "19876", ""], ["王二", "23456", ""]])
    births, _, table = read(path, date_system="month")
    assert births == ["19876", "23456"]
    assert table.open


def test_a_last_day_is_shown_as_it_was_read(tmp_path):
    _, (question,), table = read(text(tmp_path / "t.csv", [["张一", "", "46387"]]))
    assert table.lines[0].values["valid_until"] == "2026-12-31"
    assert (question.answer, question.examples) == (
        "1900",
        (("46387", ("2026-12-31", "2031-01-01")),),
    )
    _, _, table = read(tmp_path / "t.csv", date_system="1904")
    assert table.lines[0].values["valid_until"] == "2031-01-01"


@pytest.mark.parametrize("last", ["20271", "20271.0"])
def test_a_last_day_that_is_a_year_and_a_month_is_none_of_1955(tmp_path, last):
    _, questions, table = read(text(tmp_path / "t.csv", [["张一", "", last]]))
    assert table.lines[0].values["valid_until"] == last
    assert questions == ()
    path = text(tmp_path / "t.csv", [["张一", "", f"2026-11-23 至 {last}"]])
    assert "1955" not in read(path)[2].lines[0].values["valid_until"]


@pytest.mark.parametrize("written", ["9876", "1950", "80000", "198706", "1.98E+04", "-19876", ""])
def test_what_is_no_serial_number_of_a_birth(written):
    assert serial(written, birth=True) == ""


def test_full_width_digits_and_a_time_of_day():
    assert serial("１９８７６", birth=True) == "19876"
    assert serial(" 19876.5 ", birth=True) == "19876.5"
    assert (serial("19876", birth=False), serial("20000", birth=False)) == ("", "20000")
    assert Serials.reading("19876.5", "1900") == "1954-06-01"
    assert Serials.reading("19876", "") == "19876"


def test_what_is_asked_is_no_mistake_and_what_lies_ahead_is(tmp_path):
    path = text(tmp_path / "t.csv", [["张一", 19876, ""], ["王二", 60000, ""]])
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:

        def wrong(**choices):
            decided = Choices(**choices)
            table = open_table(path, decided)
            made = plan(table, NoPhotos(), store, decided, today=date(2026, 11, 29))
            return [(one.line, one.column) for one in made.wrong]

        assert wrong() == []
        assert wrong(date_system="1900") == [(3, "birth_year")]
