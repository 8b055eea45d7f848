"""What is sent twice, or again after "back", is done once."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

HOME = {"building": "3", "unit": "1201"}


def test_the_same_person_is_not_made_twice_without_a_word(clerk, desk):
    form = {"name": "李建国", **HOME, "note": "怕风"}
    clerk.fill("/people/new", **form)
    answer = clerk.fill("/people/new", **form)
    assert answer.status_code == 400
    assert "李建国 of this home is in the register already" in answer.text
    assert f'href="/people/{desk.store.people.find()[0].id}"' in answer.text
    assert "怕风" in answer.text  # what was typed stays
    assert desk.store.people.count() == 1
    assert clerk.fill("/people/new", **form, somebody_else="1").url.path.endswith("/consent")
    assert desk.store.people.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"name": "李建军"},
        {"unit": "1202"},
        {"household": "b"},
        {"building": "", "unit": ""},
    ],
)
def test_another_name_or_home_is_not_asked_about(clerk, desk, other):
    clerk.fill("/people/new", name="李建国", **HOME)
    answer = clerk.fill("/people/new", **{"name": "李建国", **HOME, **other})
    assert answer.url.path.endswith("/consent")
    assert desk.store.people.count() == 2


def test_without_a_home_the_year_of_birth_tells_people_apart(clerk, desk):
    for year in ("1950", "1960"):
        assert clerk.fill("/people/new", name="王芳", birth_year=year).status_code == 200
    assert clerk.fill("/people/new", name="王芳", birth_year="1950").status_code == 400
    assert desk.store.people.count() == 2


def test_who_moved_out_is_nobody_of_the_home(clerk, desk):
    clerk.fill("/people/new", name="李建国", **HOME)
    clerk.fill(f"/people/{desk.store.people.find()[0].id}/move-out")
    assert clerk.fill("/people/new", name="李建国", **HOME).url.path.endswith("/consent")


def test_one_of_the_family_who_is_there_is_asked_about(clerk, desk):
    clerk.fill("/people/new", name="李二", **HOME)
    rows = {"more_name": ["李二"], "more_birth_year": [""]}
    answer = clerk.fill("/people/new", name="李建国", **HOME, **rows)
    assert "李二 of this home is in the register already" in answer.text
    assert desk.store.people.count() == 1
