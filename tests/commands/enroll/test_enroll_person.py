"""``gate enroll`` and ``gate people`` for one person: with consent only, and gone when removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gate.errors import AccessError, ConfigurationError, RecognitionError, StoreError
from gate.store.store import Store
from tests.commands.enroll.quick import Run

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[3] / "fixtures"
PHOTOS = FIXTURES / "photographs"
OBAMA = [str(PHOTOS / f"barack-obama-{year}.jpg") for year in (2009, 2010)]
BIDEN = str(PHOTOS / "joe-biden-2010.jpg")
WHO = ("--birth-year", "1961", "--agreed", "paper-2026")


def test_a_person_is_enrolled_shown_and_removed(gate: Run, store: Callable[[], Store]) -> None:
    made = gate("enroll", *OBAMA, "--name", "Barack [Obama]", "--number", "7", *WHO)
    assert made.exit_code == 0, made.output
    assert "enrolled from 2 photographs" in made.output
    assert "Barack [Obama]" in gate("people", "list", "barack").output
    shown = gate("people", "show", "7").output
    assert "agreed (paper-2026" in shown
    assert "dlib/1: 2, quality" in shown
    assert "Barack [Obama],resident" in gate("people", "export").output
    asked = gate("people", "remove", "7", input="n\n")
    assert asked.exit_code == 1
    assert gate("people", "remove", "7", "--yes").exit_code == 0
    with store() as opened:
        assert opened.people.count() == 0
        assert opened.templates.count() == {}
        actions = [line.action for line in opened.audit.lines()]
        assert actions[:1] == ["person.delete"]
        assert "enrol.save" in actions
        assert all("Obama" not in str(line.details) for line in opened.audit.lines())


def test_photographs_that_are_not_there_are_named_before_anything_else(gate: Run) -> None:
    refused = gate("enroll", "/nowhere/people")
    assert isinstance(refused.exception, ConfigurationError)
    assert refused.exception.what == "there is no such file or folder"
    assert refused.exception.where == "/nowhere/people"


def test_without_consent_nothing_is_written(gate: Run, store: Callable[[], Store]) -> None:
    refused = gate("enroll", OBAMA[0], "--name", "A")
    assert isinstance(refused.exception, AccessError)
    assert "--agreed" in str(refused.exception)
    refused = gate("enroll", OBAMA[0], "--agreed", "paper")
    assert isinstance(refused.exception, ConfigurationError)
    assert "--name: is missing" in str(refused.exception)
    assert "--birth-year: consent needs the year of birth" in str(refused.exception)
    child = gate("enroll", OBAMA[0], "--name", "A", "--birth-year", "2020", "--agreed", "paper")
    assert "--guardian: a guardian answers for a child" in str(child.exception)
    with store() as opened:
        assert opened.people.count() == 0


def test_the_photographs_of_one_person_must_show_one_person(gate: Run) -> None:
    mixed = gate("enroll", OBAMA[0], BIDEN, "--name", "Two", *WHO)
    assert isinstance(mixed.exception, RecognitionError)
    assert "one and the same person" in str(mixed.exception)


def test_a_double_is_noticed_and_new_photographs_replace_the_old(
    gate: Run, store: Callable[[], Store]
) -> None:
    assert gate("enroll", OBAMA[0], "--name", "Barack Obama", *WHO).exit_code == 0
    again = gate("enroll", OBAMA[1], "--name", "Somebody Else", *WHO)
    assert isinstance(again.exception, AccessError)
    assert "takes this person for somebody enrolled: #1" in str(again.exception)
    replaced = gate("enroll", *OBAMA, "--person", "Barack Obama")
    assert replaced.exit_code == 0, replaced.output
    with store() as opened:
        assert opened.templates.count() == {"dlib/1": 2}
    twin = gate("enroll", OBAMA[1], "--name", "Twin", "--double", *WHO)
    assert twin.exit_code == 0
    with store() as opened:
        assert [p.face_alone for p in opened.people.register().values()] == [False, False]


@pytest.mark.parametrize("who", ["nobody", "#99"])
def test_a_person_who_is_not_there_is_named(gate: Run, who: str) -> None:
    for arguments in (["people", "show", who], ["people", "remove", who, "--yes"]):
        assert isinstance(gate(*arguments).exception, StoreError)


def test_people_of_one_name_are_told_apart_by_id(gate: Run, store: Callable[[], Store]) -> None:
    with store() as opened:
        opened.people.create("王芳")
        opened.people.create("王芳")
    both = gate("people", "show", "王芳").exception
    assert "2 people are called 王芳" in str(both)
    assert "#1, #2" in str(both)
    assert gate("people", "show", "#2").exit_code == 0
