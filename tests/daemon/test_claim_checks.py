"""What was shown is looked up again while its passage goes on."""

from __future__ import annotations

from gate.daemon.claim_checks import EVERY, ClaimChecks
from gate.passage.inputs import CLAIM_AGE


def test_it_is_looked_up_every_half_second_while_it_is_answered() -> None:
    checks = ClaimChecks()
    asked = []
    for n in range(101):
        due, late = checks.look({"12": False}, 10 + n * 0.125)
        assert late == []
        for serial, granted in due:
            assert (serial, granted) == ("12", False)
            asked.append(n * 0.125)
            checks.answered("12", 10 + n * 0.125)
    assert asked == [EVERY * n for n in range(1, 26)]


def test_one_that_is_not_answered_is_late_and_not_asked_about_any_more() -> None:
    checks = ClaimChecks()
    assert checks.look({"12": True}, 0.0) == ([], [])
    for n in range(1, 5):
        assert checks.look({"12": True}, EVERY * n) == ([("12", True)], [])
    assert EVERY * 4 == CLAIM_AGE
    assert checks.look({"12": True}, CLAIM_AGE + 0.125) == ([], ["12"])


def test_each_has_times_of_its_own_and_begins_again() -> None:
    checks = ClaimChecks()
    checks.look({"12": False}, 0.0)
    checks.look({"12": False, "13": True}, 0.25)
    assert checks.look({"12": False, "13": True}, 0.5) == ([("12", False)], [])
    assert checks.look({"12": False, "13": True}, 0.75) == ([("13", True)], [])
    checks.look({}, 1.0)
    checks.answered("12", 1.0)  # of a passage that is over
    assert checks.look({"12": False}, 5.0) == ([], [])
