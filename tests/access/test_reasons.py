"""No code reaches a person without words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.access.reasons import REASONS, recorded, text
from gate.recognition.face import Unusable
from gate.texts.catalogue import LANGUAGES

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


# the longest head and next step that fit on the screen in big letters
FITS = {"zh": (8, 11), "en": (28, 32)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REASONS)
def test_words_are_few_enough_to_be_big(code: str, language: str) -> None:
    words = text(code, language)
    head, then = FITS.get(language, FITS["en"])
    assert words.head != code
    assert len(words.head) <= head
    assert len(words.then) <= then
    assert bool(words.then) == bool(text(code, "zh").then)


def test_the_record_of_a_grant_during_a_fire_is_no_instruction_to_leave() -> None:
    assert text("door_released", "zh").head == "请立即离开"
    assert recorded("door_released", "zh") == "消防释放，门已打开"
    assert recorded("welcome", "zh") == "请进"


def test_a_code_from_elsewhere_is_shown_as_it_is() -> None:
    assert text("something_new", "zh").head == "something_new"
