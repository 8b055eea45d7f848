"""The page of the mutants: what it says is what the next run tries first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tools.mutants import Mutant
from tools.mutate import Result, _from, _known, _row, _section

OWN, OTHER = "tests/door/test_a.py", "tests/door/test_b.py"


def result(change: str, missed_by: str) -> Result:
    return Result("gate/door/a.py", Mutant("f", 1, change, ""), missed_by)


RESULTS = [
    result("a < b → a <= b", f"{OWN}::TestLimits::test_limit[1-2]"),
    result("x | y without y", f"{OTHER}::test_both"),
    result("if a → never", ""),
    result("if a → always", ""),
]
SECTION = _section("gate/door/a.py", [OWN, OTHER], RESULTS, {"f: if a → never": "it is always so"})


def test_a_section_counts_what_fails_what_is_equivalent_and_what_survives() -> None:
    assert "4 mutants: 2 fail a test, 1 are equivalent, **1 survive**." in SECTION
    assert "| `f` | `if a → never` | it is always so |" in SECTION
    assert "| `f` | `if a → always` | **none** |" in SECTION


def test_the_test_that_missed_a_mutant_is_known_from_the_page() -> None:
    known = _known(SECTION, [OWN, OTHER])
    assert [known.get(_row(one.mutant)) for one in RESULTS] == [
        f"{OWN}::TestLimits::test_limit",
        f"{OTHER}::test_both",
        None,
        None,
    ]


def test_it_is_tried_first_whatever_its_parameters() -> None:
    names = ["a::one", "a::two[1]", "a::two[2]", "a::twofold"]
    items = cast(Any, [SimpleNamespace(nodeid=name) for name in names])
    for test in ("a::two", "a::two[9]"):
        order = [item.nodeid for item in _from(items, test)]
        assert order == ["a::two[1]", "a::two[2]", "a::one", "a::twofold"]
    assert [item.nodeid for item in _from(items, "")] == names
