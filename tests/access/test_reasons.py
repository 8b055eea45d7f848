"""No code reaches a person without words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.access.reasons import REASONS, text
from gate.recognition.face import Unusable

ROOT = Path(__file__).parents[2]


def codes_in(folder: str, pattern: str) -> set[str]:
    sources = (ROOT / folder).glob("*.py")
    return {code for file in sources for code in re.findall(pattern, file.read_text())}


def test_every_reason_of_the_policy_has_words() -> None:
    used = codes_in("gate/access", r'_(?:deny|ask)\("(\w+)"\)|Outcome\.GRANT, "(\w+)"')
    flat = {code for pair in used for code in (pair if isinstance(pair, tuple) else (pair,))}
    assert len(flat) > 20
    assert flat - {""} <= set(REASONS)


def test_every_reason_of_the_decision_table_has_words() -> None:
    table = (ROOT / "docs/access.md").read_text().split("## Decision table")[1].split("## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")][2:]
    assert {code for row in rows for code in row[3].strip().split(", ")} <= set(REASONS)


@pytest.mark.parametrize("guidance", Unusable)
def test_all_guidance_has_words(guidance: Unusable) -> None:
    assert guidance.value in REASONS


@pytest.mark.parametrize("code", REASONS)
def test_words_are_few_enough_to_be_big(code: str) -> None:
    reason = REASONS[code]
    assert 0 < len(reason.zh.head) <= 8
    assert 0 < len(reason.en.head) <= 28
    assert len(reason.zh.then) <= 11
    assert len(reason.en.then) <= 32
    assert bool(reason.zh.then) == bool(reason.en.then)


def test_a_code_from_elsewhere_is_shown_as_it_is() -> None:
    assert text("something_new", "zh").head == "something_new"
