"""What the site's controller says, and what the gate makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from gate.access.decision import Person
from gate.daemon.site_controller import SETTLE, WAITS, ControllerAnswer, SiteController
from gate.readers.out.settings import ReaderOutSettings
from gate.screen.message import Look, Message

YES, NO = ControllerAnswer(True), ControllerAnswer(False)


class Line:
    def __init__(self) -> None:
        self.sent: list[int] = []
        self.problem = ""

    def present(self, number: int) -> str:
        if not self.problem:
            self.sent.append(number)
        return self.problem


def person(id: int, number: str = "") -> Person:
    return Person(id, f"{id:032x}", number=number or str(1000 + id))


@pytest.fixture
def line() -> Line:
    return Line()


def site(line: Line, **changed: Any) -> SiteController:
    return SiteController(ReaderOutSettings.model_validate(changed), line.present)


@pytest.mark.parametrize(("decides", "opens"), [("controller", False), ("both", True)])
def test_yes(line: Line, decides: str, opens: bool) -> None:
    made = site(line, decides=decides)
    assert made.ask("a", person(1), 0.0) == []
    assert line.sent == [1001]
    [outcome] = made.answered(YES, 0.5)
    assert (outcome.said, outcome.opens, outcome.over) == ("granted", opens, not opens)


@pytest.mark.parametrize("decides", ["controller", "both"])
def test_no_and_silence_never_open(line: Line, decides: str) -> None:
    made = site(line, decides=decides, within=3)
    made.ask("a", person(1), 0.0)
    [outcome] = made.answered(NO, 0.5)
    assert (outcome.said, outcome.opens, outcome.over) == ("refused", False, True)
    made.ask("b", person(2), 1.0)
    assert made.tick(3.9) == []
    [outcome] = made.tick(4.0)
    assert (outcome.said, outcome.opens, outcome.cause) == ("silent", False, "time")


def test_a_controller_that_is_only_informed_keeps_nobody_waiting(line: Line) -> None:
    made = site(line, decides="gate")
    [outcome] = made.ask("a", person(1), 0.0)
    assert outcome.opens
    assert line.sent == [1001]
    line.problem = "silent"
    [outcome] = made.ask("b", person(2), 0.0)
    assert outcome.opens


def test_a_late_answer_does_not_open_for_the_next(line: Line) -> None:
    made = site(line, decides="both", within=3)
    made.ask("a", person(1), 0.0)
    made.ask("b", person(2), 1.0)
    assert line.sent == [1001]  # one at a time: an answer names no card
    [outcome] = made.tick(3.0)
    assert outcome.asked.passage == "a"
    assert made.answered(YES, 3.5) == []  # of "a", too late
    assert made.tick(5.9) == []
    assert made.tick(6.0) == []
    assert line.sent == [1001, 1002]
    [outcome] = made.answered(NO, 6.5)
    assert (outcome.asked.passage, outcome.said) == ("b", "refused")


def test_nobody_is_asked_about_who_has_waited_too_long(line: Line) -> None:
    """Behind a silent controller people queue up; its first answer must not open the door for
    somebody who has long gone away."""
    made = site(line, decides="both", within=3)
    made.ask("a", person(1), 0.0)
    made.ask("b", person(2), 0.5)
    made.ask("c", person(3), 5.0)
    made.tick(3.0)
    [outcome] = made.tick(WAITS + 0.6)
    assert (outcome.asked.passage, outcome.said, outcome.cause) == ("b", "silent", "time")
    assert not outcome.opens
    assert line.sent == [1001, 1003]
    assert made.answered(YES, WAITS + 1.0)[0].asked.passage == "c"


def test_the_tail_of_an_answer_does_not_count_for_the_next(line: Line) -> None:
    made = site(line, decides="both")
    made.ask("a", person(1), 0.0)
    made.ask("b", person(2), 0.0)
    made.answered(YES, 0.5)
    made.tick(0.6)
    assert made.answered(YES, 0.6) == []  # the same light again
    made.tick(0.5 + SETTLE)
    assert line.sent == [1001, 1002]
    assert made.answered(NO, 1.0)[0].said == "refused"


def test_answers_nobody_asked_for_open_nothing(line: Line) -> None:
    made = site(line, decides="both")
    assert made.answered(YES, 0.0) == []
    made.ask("a", person(1), 1.0)
    assert made.answered(NO, 1.5)
    assert made.answered(YES, 5.0) == []


@pytest.mark.parametrize("number", ["", "A-17", "１２", "9" * 19])
def test_whoever_has_no_number_is_refused(line: Line, number: str) -> None:
    made = site(line, decides="both")
    who = Person(1, "1" * 32, number=number)
    [outcome] = made.ask("a", who, 0.0)
    assert (outcome.said, outcome.cause, line.sent) == ("refused", "number", [])
    [outcome] = made.ask("b", None, 0.0)
    assert outcome.cause == "number"


def test_the_gates_own_number_with_an_offset(line: Line) -> None:
    site(line, number="id", offset=50_000).ask("a", person(7), 0.0)
    assert line.sent == [50_007]


def test_a_line_that_is_down_is_silence_at_once(line: Line) -> None:
    line.problem = "silent"
    made = site(line, decides="both")
    [outcome] = made.ask("a", person(1), 0.0)
    assert (outcome.said, outcome.opens) == ("silent", False)


def test_the_screen_shows_what_the_controller_says(line: Line) -> None:
    made = site(line, decides="both")
    welcome = Message(Look.GRANT, "welcome", name="Li", passage="a")
    assert made.shown(welcome) == welcome  # nobody was asked
    made.ask("a", person(1), 0.0)
    assert (made.shown(welcome).look, made.shown(welcome).code) == (Look.WAIT, "one_moment")
    made.answered(NO, 0.5)
    refused = made.shown(welcome)
    assert (refused.look, refused.code) == (Look.DENY, "controller_refused")
    assert refused.name == ""
    (beside,) = made.shown(Message(Look.IDLE, "idle", earlier=(welcome,))).earlier
    assert beside == refused
    made.ask("b", person(2), 2.0)
    made.answered(YES, 2.5)
    theirs = Message(Look.GRANT, "welcome", passage="b")
    assert made.shown(theirs) == theirs


def test_a_converter_is_sent_the_card_and_nothing_waits_for_an_answer(line: Line) -> None:
    made = site(line, driver="converter")
    welcome = Message(Look.GRANT, "welcome", name="Li", passage="a")
    for number in (1, 2):
        [outcome] = made.ask("a", person(number), 0.0)
        assert (outcome.said, outcome.opens, outcome.over) == ("sent", False, True)
    assert line.sent == [1001, 1002]
    assert (made.shown(welcome).look, made.shown(welcome).code) == (Look.WAIT, "one_moment")
    assert made.tick(100.0) == []
    line.problem = "silent"
    [outcome] = made.ask("b", person(3), 0.0)
    assert (outcome.said, outcome.cause) == ("silent", "silent")
    line.problem = "number"
    [outcome] = made.ask("c", person(4), 0.0)
    assert (outcome.said, outcome.cause) == ("refused", "number")
