"""Marks in a table: an answer counts, a fact does not, and the desk's no is not taken back."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gate.importing.choices import Choices
from gate.importing.export import workbook
from gate.importing.headings import column_of
from gate.importing.marks import MARKS, mark
from gate.importing.photos import NoPhotos
from gate.importing.plan import plan
from gate.importing.run import run
from gate.importing.table import open_table
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ImportRow

TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as opened:
        yield opened


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        *(("需要帮助", "help"), ("是否需要帮助", "help"), ("Needs help", "help")),
        *(("独居", "alone"), ("独居老人", "alone"), ("是否独居", "alone"), ("獨居", "alone")),
        ("Lives alone", "alone"),
    ],
)
def test_headings(heading: str, column: str) -> None:
    assert column_of(heading) == column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("同意", "agreed"), ("Agreed", "agreed"), ("本人同意。", "agreed")),
        *(("不同意", "refused"), ("refused", "refused"), ("已撤回", "withdrawn")),
        *(("否", ""), ("不独居", ""), ("No", ""), ("待定", ""), ("-", "")),
        # facts, which are no agreement: they stay as written and are mistakes
        *(("是", "是"), ("√", "√"), ("独居", "独居"), ("yes", "yes")),
    ],
)
def test_only_an_answer_is_an_answer(text: str, value: str) -> None:
    assert mark(text) == value


def planned(store: Store, folder: Path, *lines: dict[str, str]):
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return plan(open_table(path), NoPhotos(), store, Choices(), today=TODAY)


def carry_out(store: Store, made) -> None:
    with store.database.write() as session:
        job = ImportRow(name="marks")
        session.add(job)
        session.flush()
        number = job.id
    list(run(store, number, made.lines, NoPhotos(), None, by="li"))


def wrong(made) -> list[tuple[str, str]]:
    return [(one.column, one.what) for one in made.wrong]


def test_an_answer_becomes_a_consent_and_the_export_holds_it(store, tmp_path) -> None:
    lines = (
        {"姓名": "王芳", "编号": "7", "出生年份": "1940", "独居老人": "同意", "需要帮助": "不同意"},
        {"姓名": "李红", "编号": "8", "出生年份": "1950", "独居老人": "否", "需要帮助": ""},
    )
    made = planned(store, tmp_path, *lines)
    assert wrong(made) == []
    carry_out(store, made)
    person = store.people.by_number("7")
    answers = {mark: store.consents.answer(person.id, mark) for mark in MARKS}
    assert {mark: row.answer for mark, row in answers.items()} == {
        "help": "refused",
        "alone": "agreed",
    }
    assert answers["alone"].asked_by == "li"
    assert store.consents.of(store.people.by_number("8").id) == []
    (tmp_path / "out.xlsx").write_bytes(workbook(store, "zh"))
    rows = list(load_workbook(tmp_path / "out.xlsx").active.iter_rows(values_only=True))
    at = {text: index for index, text in enumerate(rows[0])}
    assert [(row[at["需要帮助"]], row[at["独居"]]) for row in rows[1:]] == [
        ("不同意", "同意"),
        (None, None),
    ]


def test_a_fact_is_a_mistake_of_its_line(store, tmp_path) -> None:
    made = planned(store, tmp_path, {"姓名": "王芳", "出生年份": "1940", "独居": "是"})
    assert wrong(made) == [("alone", "says that it is so, not that the person agreed to the mark")]


def test_age_and_guardian_are_asked_for_as_with_the_face(store, tmp_path) -> None:
    none = planned(store, tmp_path, {"姓名": "王芳", "出生年份": "", "独居": "同意"})
    assert wrong(none) == [("birth_year", "consent needs the year of birth")]
    child = {"姓名": "王芳", "出生年份": "2020", "需要帮助": "同意"}
    assert wrong(planned(store, tmp_path, child)) == [
        ("guardian", "a guardian answers for a child")
    ]
    both = {"姓名": "王芳", "出生年份": "", "独居": "同意", "同意": "同意"}
    assert wrong(planned(store, tmp_path, both)) == [
        ("birth_year", "consent needs the year of birth")
    ]


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_a_no_of_the_desk_is_not_taken_back(store, tmp_path, answer: str) -> None:
    line = {"姓名": "王芳", "编号": "7", "出生年份": "1940", "独居": "同意"}
    person = store.people.create("王芳", number="7", birth_year=1940)
    made = planned(store, tmp_path, line)
    assert wrong(made) == []
    store.consents.record(person.id, answer, "1", purpose="alone")  # after the check
    carry_out(store, made)
    assert store.consents.answer(person.id, "alone").answer == answer
    assert wrong(planned(store, tmp_path, line)) == [("alone", "said no at the desk; ask there")]
