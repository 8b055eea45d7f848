"""Every sentence and every code has its words in every language, and no words are left over."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import enroll
from enroll import consent, figures, visitors
from enroll.alarm_groups import Severity
from enroll.batch import Action
from enroll.box_log import UNITS, Level
from enroll.enrolment_sessions import STEPS
from enroll.imports import RUN_FAILED, UNDO_FAILED
from enroll.page import MENU, SAID
from enroll.permissions import Role
from enroll.register import SORTS, STATES
from enroll.visit import NOBODY, NOT_ALLOWED
from enroll.wall_chart import Mark
from gate.access.decision import Kind, Method, Outcome
from gate.access.policy import ORDER
from gate.access.reasons import REASONS
from gate.access.request import HOUSE_RULES, Mode, Presence, Weight
from gate.access.schedule import DAYS, HOLIDAY
from gate.door.state import Phase
from gate.events.types import TYPES
from gate.exporting.settings import Kind as ExportKind
from gate.hub.configurations import DONE, RETURNED, STOPPED
from gate.importing import homes, names
from gate.importing.headings import HEADINGS
from gate.importing.notes import (
    ANOTHERS_CARD,
    DOUBLE,
    LOOKALIKE,
    MOVED_OUT,
    SAID_NO,
    WORDS,
)
from gate.importing.undo import UNDONE, WHY
from gate.recognition.face import Unusable, Verdict
from gate.sensors.reading import Validity
from gate.services.enrolment import Fault
from gate.store.orders import COMMANDS
from gate.texts.catalogue import LANGUAGES, LOCALE, catalogue, choose, translator, word
from tests.source import calls, files, name_of, strings

ROOT = Path(enroll.__file__).parent
GATE = ROOT.parent / "gate"
# codes whose words only the pages need
WAITING = (
    *("before_release", "far_future", "unsynchronised", "far_from_record"),
    *("many_people", "many_events"),
)
PAGES = [
    *(f"role {role}" for role in Role),
    *(f"state {state}" for state in STATES if state),
    *(f"consent {answer}" for answer in consent.ANSWERS),
    *(f"purpose {purpose}" for purpose in consent.PURPOSES),
    *(f"guide {code}" for code in (*STEPS, "done", *Fault, *Unusable)),
    *(f"view {step}" for step in STEPS),
    *(f"credential {kind}" for kind in ("card", "pin")),
    *(f"import {state}" for state in ("checked", "running", "stopped", "done", "undoing")),
    *(f"undo {why}" for why in WHY),
    *(
        f"result {result}"
        for result in ("enrolled", "registered", "updated", "unchanged", "failed", UNDONE)
    ),
    *(f"sort {order}" for order in SORTS),
    *(f"chart {mark}" for mark in Mark),
    *(f"batch {action}" for action in Action),
    *(f"health {what}" for what in figures.HEALTH),
    *(f"visitor {state}" for state in visitors.STATES),
    *(f"severity {level:d}" for level in Severity),
    *(f"retention.{reason}" for reason in WAITING),
    *(f"same {what}" for what in ("home", "name", "number")),
    *(f"record {kind}" for kind in get_args(ExportKind)),
    *(f"log level {level}" for level in Level),
    *(f"service {unit}" for unit in UNITS),
    *(f"rollout {state}" for state in (DONE, RETURNED, STOPPED)),
    *(f"return {code}" for code in ("failed", "not_ready", "silent", "grants", "by_face")),
    *(f"configuration {s}" for s in ("same", "waiting", "fetching", "trial")),
    *(f"configuration {s}" for s in ("refused", "returned")),
]


def literals(call: str, place: int = 0) -> set[str]:
    """What is in the ``place``-th argument of every call of ``call`` in gate/, where plain."""
    found = [
        node
        for file in files("gate")
        for node in calls(file)
        if name_of(node.func) == call and len(node.args) > place
    ]
    plain = [arg for node in found if isinstance(arg := node.args[place], ast.Constant)]
    return {str(arg.value) for arg in plain}


def details() -> set[str]:
    """The keys of events' details as the types of events name them."""
    listed = [text.split("details: ")[1] for text in TYPES.values() if "details: " in text]
    return {key.strip() for keys in listed for key in keys.split(",")}


# codes whose words desk, screen, explanations and entities need
CODES = [
    *(f"event {kind}" for kind in TYPES),
    *(f"kind {kind}" for kind in Kind),
    *(f"allow {rule.name}" for rule in HOUSE_RULES),
    *(f"method {method}" for method in Method),
    *(f"outcome {outcome}" for outcome in Outcome),
    *(f"mode {mode}" for mode in Mode),
    *(f"rule {name}" for name, _ in ORDER),
    *(f"reason {code}" for code in REASONS),
    *(f"verdict {verdict}" for verdict in Verdict),
    *(f"validity {validity}" for validity in Validity),
    *(f"presence {presence}" for presence in Presence),
    *(f"weight {weight}" for weight in Weight),
    *(f"order {command}" for command in COMMANDS),
    *(f"answer {answer}" for answer in ("done", "lockdown", "fault", "fire", "not_yours")),
    *(f"day {day}" for day in (HOLIDAY, *DAYS)),
    *(f"gate {state}" for state in ("running", "stopped", "silent")),
    *(f"door {phase}" for phase in Phase),
    *(f"family {family}" for family in ("camera", "reader", "sensor")),
    *(
        f"fault {part}"
        for part in ("camera", "gallery", "hub", "reader", "relay", "sensor", "store", "screen")
    ),
    *(f"detail {key}" for key in details()),
]
# topics that an explanation or the like looks up by name
TOPICS = (
    "severity",
    "notify",
    "then",
    "recorded",
    "explain",
    "screen",
    "speech",
    "voice",
    "entity",
    "detail",
    "topic",
)


@cache
def extracted() -> frozenset[str]:
    found = set()
    methods = [("templates/**.html", babel_extract), ("**.py", "python")]
    for _, _, message, _, _ in extract_from_dir(ROOT, methods, keywords={"_": None}):
        if isinstance(message, str) and not message.endswith(" "):  # "kind " ~ key: see KEYS
            found.add(message)
    found |= {title for _, title, *_ in MENU} | {text for _, text in SAID.values()}
    return frozenset(found | {RUN_FAILED, UNDO_FAILED})


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(LOCALE.glob("*/*.po")), ids=lambda file: str(file)[-16:])
def test_no_key_is_twice_in_a_catalogue(file):
    keys = re.findall("^msgid (.+)", file.read_text("utf-8"), re.MULTILINE)
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_every_text_of_the_pages_has_its_chinese():
    texts = extracted()
    assert len(texts) > 200
    assert sorted(text for text in texts if text not in catalogue("zh")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language):
    assert len(CODES) > 200
    missing = [key for key in (*CODES, *PAGES) if key not in catalogue(language)]
    assert missing == []
    assert [key for key in CODES if catalogue(language)[key] == key.split(" ", 1)[1]] == [
        key for key in CODES if language == "en" and catalogue("en")[key] == key.split(" ", 1)[1]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_event_is_shown_as_its_code(language):
    for kind in TYPES:
        assert "." not in word("event", kind, language)
        assert word("event", kind, language) != kind


def messages(language: str, name: str) -> dict[str, str]:
    with (LOCALE / language / f"{name}.po").open("rb") as stream:
        return {str(m.id): str(m.string) for m in read_po(stream, locale=language) if m.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_for_codes_are_the_same_keys_in_every_language_and_none_is_empty(language):
    ours = messages(language, "gate")
    assert sorted(ours) == sorted(messages("zh", "gate"))
    assert [key for key, text in ours.items() if not text] == []


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_pages_have_the_same_sentences_in_every_language_and_none_is_empty(language):
    ours = messages(language, "desk")
    assert sorted(ours) == sorted(messages("zh", "desk"))
    assert [key for key, text in ours.items() if not text] == []


def logged() -> set[str]:
    """The names of the lines that are logged, but those for developers."""
    found = set()
    for call in (call for file in files("enroll", "gate") for call in calls(file)):
        if ast.unparse(call.func) in {f"log.{how}" for how in LOUD} and call.args:
            names = [n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)]
            found |= {str(name) for name in names if re.fullmatch(r"[a-z_]+\.[a-z_]+", str(name))}
    return found


LOUD = ("info", "warning", "error", "exception", "critical")


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_the_log_has_its_words_and_none_is_left_over(language):
    ours = messages(language, "log")
    assert sorted(ours) == sorted(f"log {name}" for name in logged())
    assert [key for key, text in ours.items() if not text or "." in text] == []


@cache
def constants() -> set[str]:
    """Every string in the code."""
    return {text for file in files("enroll", "gate") for text in strings(file)}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_left_over(language):
    known = constants()
    pages = extracted() | {*PAGES} | known
    assert sorted(key for key in messages(language, "desk") if key not in pages) == []
    spare = [key for key in messages(language, "gate") if key not in CODES]
    by_name = [key.split(" ", 1) for key in spare]
    assert [key for key in by_name if key[0] not in TOPICS] == []
    named = known | {*REASONS} | details()
    assert [key for key in by_name if key[1] not in named] == []


def test_nothing_in_the_code_names_the_languages_of_the_catalogues():
    assert {*LANGUAGES} == {folder.name for folder in LOCALE.iterdir()}
    assert LANGUAGES["zh"] == "中文"
    assert LANGUAGES["en"] == "English"


@pytest.mark.parametrize(("call", "topic"), [("say.line", "explain")])
def test_every_template_of_an_explanation_has_words(call, topic):
    assert len(literals(call)) > 5
    for key in literals(call):
        assert f"{topic} {key}" in catalogue("zh"), key


def error_texts() -> set[str]:
    """What errors say that staff can meet at the desk: the arguments that are plain words."""
    services = ("image_decode", "enrolment", "permits")
    met = [GATE / "services" / f"{name}.py" for name in services]
    found = set()
    for file in (*files("enroll", "gate/importing"), *met):
        for call in calls(file):
            if name_of(call.func).endswith("Error"):
                said = [
                    *call.args[:1],
                    *(k.value for k in call.keywords if k.arg == "hint"),
                ]
                found |= {str(one.value) for one in said if isinstance(one, ast.Constant)}
    return found


def test_every_error_has_its_chinese():
    texts = error_texts()
    assert len(texts) > 50
    assert sorted(text for text in texts if text not in catalogue("zh")) == []


def test_every_refusal_of_a_page_has_its_chinese():
    raised = [c for f in files("enroll") for c in calls(f) if name_of(c.func) == "HTTPException"]
    said = [call.args[1] for call in raised if len(call.args) > 1]
    texts = {str(one.value) for one in said if isinstance(one, ast.Constant)}
    assert len(texts) > 10
    assert {one.id for one in said if isinstance(one, ast.Name)} == {"NOBODY", "NOT_ALLOWED"}
    texts |= {NOBODY, NOT_ALLOWED}
    assert sorted(text for text in texts if text not in catalogue("zh")) == []
    # only where there is no such page the number alone says enough
    assert {ast.unparse(c.args[0]) for c in raised if len(c.args) == 1} == {"404"}


def said_of_tables() -> set[str]:
    """What can be wrong with a line of an import, as far as it is no error's text."""
    tree = ast.parse((ROOT.parent / "gate" / "importing" / "check.py").read_text("utf-8"))
    pairs = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    texts = [pair.elts[1] for pair in pairs if isinstance(pair, ast.Tuple)]
    assert len(texts) == len(pairs)
    others = {ast.unparse(text) for text in texts if not isinstance(text, ast.Constant)}
    assert others == {"error.what", "GONE"}
    said = {str(text.value) for text in texts if isinstance(text, ast.Constant)}
    said |= {names.GONE, names.NOBODY, names.NUMBERED, names.SEVERAL}
    said |= {homes.NOT_UNDERSTOOD, homes.SEVERAL_HOMES}
    read = (ROOT.parent / "gate" / "importing" / name for name in ("understand.py", "sections.py"))
    return said | {
        node.value
        for path in read
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_the_same_in_every_language(language):
    for name in ("desk", "gate"):
        english = messages("en", name)
        for key, text in messages(language, name).items():
            blanks = set(re.findall(r"{\w+}", english.get(key, key)))
            assert set(re.findall(r"{\w+}", text)) == blanks, key


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


def test_a_language_without_a_consent_text_of_its_own_reads_the_english():
    assert consent.worded("zh") == "zh"
    assert consent.worded("fr") == "en"
    assert consent.text("fr", "", 14) == consent.text("en", "", 14)
