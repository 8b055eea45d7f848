"""Which changes are made to a module, and that a result is kept for the same tests only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants import Journal, Mutant, mutants


def changes(body: str) -> list[str]:
    """What is changed in a function of this one line."""
    return [mutant.change for mutant in mutants(f"def f(a, b, c):\n    {body}\n")]


@pytest.mark.parametrize(
    ("comparison", "other"),
    [
        ("a < b", "a <= b"),
        ("a <= b", "a < b"),
        ("a > b", "a >= b"),
        ("a >= b", "a > b"),
        ("a == b", "a != b"),
        ("a != b", "a == b"),
    ],
)
def test_a_comparison_decides_the_other_way_at_its_limit(comparison: str, other: str) -> None:
    (mutant,) = mutants(f"def f(a, b):\n    return {comparison}\n")
    assert mutant.change == f"{comparison} → {other}"
    assert mutant.name == f"f: {comparison} → {other}"
    assert mutant.line == 2
    assert mutant.source == f"def f(a, b):\n    return {other}"


def test_each_limit_of_a_chain_is_changed_by_itself() -> None:
    assert changes("return a <= b < c") == [
        "a <= b < c → a < b < c",
        "a <= b < c → a <= b <= c",
    ]


def test_what_has_no_limit_is_left_alone() -> None:
    assert changes("return (a is b, a is not b, a in b, a not in b)") == []


def test_and_and_or_are_swapped_after_each_operand_was_taken_away() -> None:
    assert changes("return a and b") == [
        "a and b without a",
        "a and b without b",
        "a and b → a or b",
    ]
    assert changes("return a or b or c")[-1] == "a or b or c → a and b and c"


def test_one_change_at_a_time_in_the_function_it_is_in() -> None:
    source = "class A:\n    def f(self, a):\n        return a > 1\n\ndef g(a):\n    return a == 2\n"
    found = list(mutants(source))
    assert [mutant.function for mutant in found] == ["A.f", "g"]
    for mutant, changed, kept in zip(found, ("a >= 1", "a != 2"), ("a == 2", "a > 1"), strict=True):
        assert changed in mutant.source
        assert kept in mutant.source


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a: b()", ["without b()", "if a → never", "if a → always"]),
        (
            "return a if b else c",
            [
                "a if b else c with its condition never true",
                "a if b else c with its condition always true",
            ],
        ),
        ("return [x for x in a if x]", ["for x without if x"]),
        (
            "return replace(a, b=b, c=c)",
            ["replace(a, b=b, c=c) without b", "replace(a, b=b, c=c) without c"],
        ),
        ("return f(a, b=b)", []),
    ],
)
def test_what_else_is_changed(body: str, expected: list[str]) -> None:
    assert changes(body) == expected


def test_a_result_is_known_again_only_with_the_same_tests(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("first", "utf-8")
    mutant = Mutant("f", 1, "a < b → a <= b", "…")
    kept = tmp_path / "results" / "f.jsonl"
    journal = Journal(kept, [test])
    assert journal.found(mutant) is None
    journal.write(mutant, "test_limit")

    assert Journal(kept, [test]).found(mutant) == "test_limit"
    test.write_text("second", "utf-8")
    again = Journal(kept, [test])
    assert again.found(mutant) is None
    assert again.before(mutant) == "test_limit"


def test_the_line_at_which_a_run_was_killed_is_ignored(tmp_path: Path) -> None:
    kept = tmp_path / "f.jsonl"
    mutant = Mutant("f", 1, "a < b → a <= b", "…")
    Journal(kept, []).write(mutant, "")
    with kept.open("a", encoding="utf-8") as file:
        file.write('["abc", "f: a')
    assert Journal(kept, []).found(mutant) == ""
