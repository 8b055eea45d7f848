"""Every word of the pages in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from jinja2.ext import babel_extract

import enroll
from enroll import consent
from enroll.enrolment_sessions import STEPS
from enroll.page import MENU, SAID
from enroll.permissions import Role
from enroll.register import STATES
from enroll.texts import catalogue, choose, translator
from gate.access.decision import Kind
from gate.access.request import Mode
from gate.access.schedule import DAYS, HOLIDAY
from gate.door.state import Phase
from gate.events.types import TYPES
from gate.importing.headings import HEADINGS
from gate.importing.notes import (
    ANOTHERS_CARD,
    DOUBLE,
    LOOKALIKE,
    MOVED_OUT,
    SAID_NO,
    WORDS,
)
from gate.recognition.face import Unusable
from gate.services.enrolment import Fault
from gate.store.orders import COMMANDS

ROOT = Path(enroll.__file__).parent
KEYS = [
    *(f"kind {kind}" for kind in Kind),
    *(f"role {role}" for role in Role),
    *(f"state {state}" for state in STATES if state),
    *(f"consent {answer}" for answer in consent.ANSWERS),
    *(f"purpose {purpose}" for purpose in consent.PURPOSES),
    *(f"guide {code}" for code in (*STEPS, "done", *Fault, *Unusable)),
    *(f"view {step}" for step in STEPS),
    *(f"mode {mode}" for mode in Mode),
    *(f"order {command}" for command in COMMANDS),
    *(f"answer {answer}" for answer in ("done", "lockdown", "fault", "fire")),
    *(f"day {day}" for day in (HOLIDAY, *DAYS)),
    *(f"gate {state}" for state in ("running", "stopped", "silent")),
    *(f"door {phase}" for phase in Phase),
    *(f"family {family}" for family in ("camera", "reader", "sensor")),
    *(f"event {kind}" for kind in TYPES),
    *(f"import {state}" for state in ("checked", "running", "stopped", "done")),
    *(f"result {result}" for result in ("enrolled", "registered", "updated", "failed")),
]


def extracted() -> set[str]:
    found = set()
    methods = [("templates/**.html", babel_extract), ("**.py", "python")]
    for _, _, message, _, _ in extract_from_dir(ROOT, methods, keywords={"_": None}):
        if isinstance(message, str) and not message.endswith(" "):  # "kind " ~ key: see KEYS
            found.add(message)
    return found | {title for _, title, _ in MENU} | {text for _, text in SAID.values()}


def test_every_text_of_the_pages_has_its_chinese():
    texts = extracted()
    assert len(texts) > 200
    assert sorted(text for text in texts if text not in catalogue("zh")) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_its_words(language):
    assert [key for key in KEYS if key not in catalogue(language)] == []


def mended() -> set[str]:
    """What errors say that staff can meet at the desk: the arguments that are plain words."""
    gate = ROOT.parent / "gate"
    files = [*ROOT.glob("**/*.py"), *gate.glob("importing/*.py")]
    services = ("image_decode", "enrolment", "permits")
    files += [gate / "services" / f"{name}.py" for name in services]
    found = set()
    for file in files:
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Error"):
                said = [
                    *call.args[:1],
                    *(k.value for k in call.keywords if k.arg in ("mend", "hint")),
                ]
                found |= {one.value for one in said if isinstance(one, ast.Constant)}
    return found


def test_every_error_has_its_chinese():
    texts = mended()
    assert len(texts) > 50
    assert sorted(text for text in texts if text not in catalogue("zh")) == []


def said_of_tables() -> set[str]:
    """What can be wrong with a line of an import, as far as it is no error's text."""
    tree = ast.parse((ROOT.parent / "gate" / "importing" / "check.py").read_text("utf-8"))
    pairs = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    texts = [pair.elts[1] for pair in pairs if isinstance(pair, ast.Tuple)]
    assert len(texts) == len(pairs)
    others = {ast.unparse(text) for text in texts if not isinstance(text, ast.Constant)}
    assert others == {"error.what"}
    tree = ast.parse((ROOT.parent / "gate" / "importing" / "understand.py").read_text("utf-8"))
    said = {text.value for text in texts if isinstance(text, ast.Constant)}
    return said | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"(holds|became|has more|digits were|building and|\{which\} is)", node.value)
    }


def test_every_mistake_of_a_table_and_note_of_a_photograph_has_its_chinese():
    texts = said_of_tables()
    assert len(texts) > 15
    texts |= {*WORDS.values(), "not a card number"}
    assert sorted(text for text in texts if text not in catalogue("zh")) == []
    codes = {LOOKALIKE, DOUBLE, SAID_NO, MOVED_OUT, ANOTHERS_CARD}
    assert {*WORDS} == {*Fault, *Unusable, *codes}


def test_every_column_of_a_table_has_a_heading_in_both_languages():
    for english, *_, chinese in HEADINGS.values():
        assert english.isascii()
        assert not chinese.isascii()


def test_what_is_filled_in_is_the_same_in_both_languages():
    for english, chinese in catalogue("zh").items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), english


def test_a_text_without_translation_is_shown_as_it_is():
    assert translator("zh")("no such text") == "no such text"


def test_the_language_is_the_clicked_one_then_the_accounts_then_the_browsers():
    assert choose("en", "zh", "zh", "zh") == "en"
    assert choose("xx", "zh", "en", "en") == "zh"
    assert choose(None, None, "fr, en;q=0.8", "zh") == "en"
    assert choose(None, None, "", "zh") == "zh"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_text_about_being_missed_names_the_hours(language):
    text = consent.text(language, "阳光花园", 14, purpose="not_seen", hours=36.0)
    assert "阳光花园" in text
    assert "36" in text
    assert "{" not in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_consent_text_names_the_community_and_the_age(language):
    text = consent.text(language, "阳光花园", 14)
    assert "阳光花园" in text
    assert "14" in text
    assert "{" not in text
