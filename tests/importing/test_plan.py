"""The plan of an import: whose photographs, which mistakes, and when it is ready."""

from __future__ import annotations

from datetime import date

import pytest

from gate.importing import plan as module
from gate.importing.choices import NEW, Choices
from gate.importing.photos import NamedPhotos, NoPhotos
from gate.importing.plan import plan, remember, remembered, unused, with_photographs
from gate.importing.table import open_table
from gate.importing.wrong import Line
from gate.store.settings import StoreSettings
from gate.store.store import Store

TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store


@pytest.fixture
def planned(tmp_path, store):
    def make(text, **chosen):
        path = tmp_path / "people.csv"
        path.write_text(text, "utf-8")
        choices = Choices(**chosen)
        return plan(open_table(path, choices), NoPhotos(), store, choices, today=TODAY)

    return make


def photographs(*lines, files):
    made = [Line(i, values) for i, values in enumerate(lines, 2)]
    return [
        line.values.get("photo", "") for line in with_photographs(made, NamedPhotos(list(files)))
    ]


AGREED = {"name": "李红", "number": "1202", "consent": "agreed"}


def test_files_named_after_a_person_are_theirs():
    files = ("1202_1.jpg", "1202_2.jpg", "1203.jpg")
    assert photographs(AGREED, files=files) == ["1202_1.jpg;1202_2.jpg"]


@pytest.mark.parametrize("consent", ["", "refused", "withdrawn"])
def test_without_an_agreement_nobody_is_given_a_photograph(consent):
    assert photographs({**AGREED, "consent": consent}, files=("1202.jpg",)) == [""]


def test_the_photograph_the_table_names_goes_before_those_named_after_a_person():
    assert photographs({**AGREED, "photo": "x.jpg"}, files=("1202.jpg", "x.jpg")) == ["x.jpg"]


def test_a_file_two_people_may_mean_or_another_line_names_is_nobodys():
    namesake = {"name": "李红", "consent": "agreed"}
    assert photographs(namesake, namesake, files=("李红.jpg",)) == ["", ""]
    other = {"name": "王芳", "consent": "agreed", "photo": "1202.jpg"}
    assert photographs(AGREED, other, files=("1202.jpg",)) == ["", "1202.jpg"]


def test_photographs_nobody_means_are_listed():
    lines = [Line(2, {"name": "A", "photo": "A.JPG;照片\\b.jpg"})]
    assert unused(lines, NamedPhotos(["a.jpg", "照片/b.jpg", "c.jpg"])) == ("c.jpg",)


def test_what_is_asked_is_no_mistake_of_each_line(planned):
    text = "name,kind,valid until,card\nA,tenant,3/4/2027,4523608\nB,tenant,5/6/2027,12345678\n"
    asked = planned(text)
    assert {question.about for question in asked.questions} == {"date_order", "card_form"}
    assert asked.wrong == ()
    assert not asked.ready
    assert planned(text, date_order="dmy", card_form="decimal").ready


def test_other_columns_are_checked_while_something_is_asked(planned):
    made = planned("name,kind,valid until,locale\nA,tenant,3/4/2027,fr\n")
    assert [(one.line, one.column) for one in made.wrong] == [(2, "locale")]


def test_a_cell_that_cannot_be_read_is_one_mistake(planned):
    made = planned("name,kind,valid until\nA,tenant,#REF!\n,,\n")
    assert [(one.line, one.column) for one in made.wrong] == [(2, "valid_until")]


def test_mistakes_come_in_the_order_of_the_lines(planned):
    made = planned("name,number,birth year\nA,1,1700\nB,#N/A,1980\n,3,1990\nD,4,1600\n")
    assert [one.line for one in made.wrong] == [2, 3, 4, 5]
    assert not made.ready


@pytest.mark.parametrize("year", ["1700", "200²", "abcd", "2199"])
def test_a_bad_year_of_birth_is_one_mistake_and_a_missing_one_another(planned, year):
    text = "name,birth year,consent\nA,{},agreed\n"
    (bad,) = planned(text.format(year)).wrong
    assert (bad.column, bad.text) == ("birth_year", "is no year from 1900 to now")
    (missing,) = planned(text.format("")).wrong
    assert missing.text == "consent needs the year of birth"


def test_it_is_ready_when_nothing_is_wrong_asked_or_undecided(planned, store):
    text = "name,number\n李红,1\n"
    assert planned(text).ready
    assert not planned("name,number\n").ready  # nobody
    store.people.create("李红")
    undecided = planned(text)
    assert [one.reason for one in undecided.undecided] == ["name"]
    assert not undecided.ready
    decided = planned(text, doubles={2: NEW})
    assert (decided.undecided, decided.ready) == ((), True)


def test_whom_a_line_is_about_is_in_the_plan(planned, store):
    person = store.people.create("李红").id
    (line,) = planned("name\n李红\n", doubles={2: "same"}).lines
    assert line.values == {"name": "李红", "person": f"#{person}"}


def test_a_plan_writes_nothing(planned, store):
    planned("name,building,unit\nA,1,2\n")
    assert store.people.count() == 0
    assert remembered(store) == {}


def test_columns_chosen_by_hand_are_remembered_and_the_oldest_forgotten(store, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SHAPES", 3)
    remember(store, "", {0: "name"})
    remember(store, "empty", {})
    assert remembered(store) == {}
    for shape in ("a", "b", "a", "c", "d"):  # a is used again: it is b that is forgotten
        remember(store, shape, {0: "name", 3: shape})
    kept = remembered(store)
    assert list(kept) == ["a", "c", "d"]
    assert kept["a"] == {0: "name", 3: "a"}
