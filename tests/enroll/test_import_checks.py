"""Checks of uploaded tables: made once, not waited for, tried once more after an error."""

from __future__ import annotations

import threading

import pytest

from enroll.import_checks import KEPT, Checks, kinds, of_kind
from gate.errors import ConfigurationError
from gate.importing.wrong import Wrong


def test_a_plan_is_made_once_and_kept_for_the_last_few():
    made = []

    def make(*asked):
        made.append(asked)
        return (asked[0], len(made))

    checks = Checks(make)
    assert checks.look(1, 14) == checks.look(1, 14) == (1, 1)
    for job in range(2, KEPT + 1):
        checks.look(job, 14)
    checks.look(1, 14)  # looked at again: it is not the oldest
    checks.look(KEPT + 1, 14)
    count = len(made)
    checks.look(1, 14)
    assert len(made) == count
    checks.look(2, 14)
    assert made[count:] == [(2, 14)]


def test_a_look_does_not_wait_longer_than_asked():
    go = threading.Event()
    checks = Checks(lambda *_: go.wait(60) and "plan")
    assert checks.look(1, 14, seconds=0.01) is None
    assert not checks.ready(1)
    go.set()
    assert checks.look(1, 14) == "plan"
    assert checks.ready(1)


def test_an_error_is_raised_once_and_the_next_look_tries_again():
    answers = [ConfigurationError("damaged", hint="send it again"), "plan"]

    def make(*_):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    checks = Checks(make)
    with pytest.raises(ConfigurationError):
        checks.look(1, 14)
    assert checks.look(1, 14) == "plan"


def test_what_was_dropped_while_it_was_made_does_not_come_back():
    begun, go = threading.Event(), threading.Event()
    plans = iter(["old", "new"])

    def make(*_):
        plan = next(plans)
        begun.set()
        return plan if go.wait(60) else None

    checks = Checks(make)
    assert checks.look(1, 14, seconds=0.01) is None
    assert begun.wait(60)
    checks.drop(1)
    go.set()
    assert checks.look(1, 14) == "new"


def test_mistakes_are_counted_by_kind():
    wrong = [
        Wrong(2, "photo", "{which} is not there", "a.jpg"),
        Wrong(3, "card", "not a card number"),
        Wrong(4, "photo", "{which} is not there", "b.jpg"),
    ]
    found = kinds(wrong)
    assert [(one.what, count) for one, count in found] == [
        ("… is not there", 2),
        ("not a card number", 1),
    ]
    assert [one.line for one in of_kind(wrong, found[0][0])] == [2, 4]
