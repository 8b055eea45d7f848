"""Who is proposed as whom, what is certain, and what a decision makes of a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.importing.choices import NEW, SAME
from gate.importing.doubles import Known, known_people, propose, resolve
from gate.importing.wrong import Line
from gate.store.settings import StoreSettings
from gate.store.store import Store

LI = Known(12, "李红", "1202", ("3", "2-501"), "1980", "13800138000")
HOME = {"building": "3号楼", "unit": "2单元501"}


def proposed(values, *known, decided=None):
    """(person, other line, reason, decided) of each proposal about one or several lines."""
    lines = values if isinstance(values, list) else [values]
    made = propose([Line(i, line) for i, line in enumerate(lines, 2)], known, decided or {})
    return [(one.person, one.other, one.reason, one.decided) for one in made]


def test_name_and_home_of_one_person_are_certain():
    assert proposed({"name": "李 红", **HOME}, LI) == [(12, 0, "home", SAME)]


@pytest.mark.parametrize("other", [{"birth_year": "1981"}, {"number": "7"}])
def test_what_speaks_against_it_makes_somebody_new(other):
    assert proposed({"name": "李红", **HOME, **other}, LI) == []


def test_a_new_telephone_speaks_against_it_only_in_another_home():
    phone = {"name": "李红", "phone": "13900139000"}
    assert proposed({**phone, **HOME}, LI) == [(12, 0, "home", SAME)]
    assert proposed(phone, LI) == []


def test_a_name_alone_is_asked_about():
    assert proposed({"name": "李红"}, LI) == [(12, 0, "name", "")]
    assert proposed({"name": "李红", "building": "4", "unit": "1"}, LI) == []
    assert proposed({"name": "王芳"}, LI) == []


def test_two_of_one_name_are_nobody_in_particular():
    assert proposed({"name": "李红"}, LI, replace(LI, id=13, number="")) == []
    twins = (LI, replace(LI, id=13, number="1203"))
    assert proposed({"name": "李红", **HOME}, *twins) == []


def test_a_number_finds_its_person_and_another_name_is_asked_about():
    assert proposed({"name": "李红", "number": "1202"}, LI) == []
    assert proposed({"name": "王芳", "number": "1202"}, LI) == [(12, 0, "number", "")]


def test_somebody_twice_in_the_table_is_asked_about_and_never_certain():
    twice = [{"name": "王芳", **HOME}, {"name": "王芳", **HOME}, {"name": "王芳"}]
    assert proposed(twice) == [(0, 2, "home", ""), (0, 2, "name", "")]
    years = [{"name": "王芳", "birth_year": year} for year in ("1980", "1990")]
    assert proposed(years) == []


def test_whom_the_table_names_itself_and_who_has_no_name_are_not_asked_about():
    assert proposed({"name": "李红", "person": "#12"}, LI) == []
    assert proposed({"birth_year": "1980"}, replace(LI, name="")) == []


def test_a_decision_of_staff_goes_before_what_is_certain():
    assert proposed({"name": "李红", **HOME}, LI, decided={2: NEW}) == [(12, 0, "home", NEW)]
    assert proposed({"name": "李红"}, LI, decided={2: SAME}) == [(12, 0, "name", SAME)]


def test_lines_say_whom_they_are_about_once_it_is_decided():
    lines = [Line(2, {"name": "李红"}), Line(3, {"name": "王芳"}), Line(4, {"name": "王芳"})]
    undecided = propose(lines, [LI], {})
    assert resolve(lines, undecided) == lines
    same = resolve(lines, propose(lines, [LI], {2: SAME, 4: SAME}))
    assert [line.values.get("person") for line in same] == ["#12", None, "line 3"]
    assert lines[0].values == {"name": "李红"}  # the table itself is as it was


def test_somebody_new_loses_a_number_only_where_it_is_anothers():
    lines = [Line(2, {"name": "王芳", "number": "1202"}), Line(3, {"name": "李红", "number": "7"})]
    decided = {2: NEW, 3: NEW}
    known = [LI, Known(13, "李红")]
    first, second = resolve(lines, propose(lines, known, decided))
    assert first.values == {"name": "王芳"}
    assert second.values == {"name": "李红", "number": "7"}


def test_the_register_without_those_who_moved_out(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        there = store.people.create("李红", number="1202", phone="138", birth_year=1980)
        gone = store.people.create("王芳")
        store.people.update(gone.id, active=False)
        (found,) = known_people(store)
    assert found == Known(there.id, "李红", "1202", ("", ""), "1980", "138")
