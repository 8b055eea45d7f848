"""No line of the audit is shown as a code, whichever part of the program wrote it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po

from enroll import audit_words, batch, consent
from enroll.pages.live import PERMISSIONS
from gate.hub import configurations
from gate.integrations.signed_command import COMMANDS
from gate.texts.catalogue import LANGUAGES, LOCALE, catalogue
from tests.source import calls, files, name_of

# what is put together when it is written: where, and all it can be
MADE = {
    "batch.py": [*(f"person.{action}" for action in batch.Action), "person.undo"],
    "consent.py": [f"consent.{answer}" for answer in consent.ANSWERS],
    "credentials.py": ["card.add", "pin.add"],
    "keys.py": ["key.make", "key.revoke", "key.reset"],
    "live.py": [f"order.{command}" for command in PERMISSIONS],
    "receipts.py": ["people.blocked_again", "cards.blocked_again"],
    "rules.py": ["rules.day", "rules.allow", "rules.schedule"],
    "boxes.py": ["box.revoked", "box.left"],
    "rollouts.py": [
        f"configuration.{state}"
        for state in (configurations.DONE, configurations.RETURNED, configurations.STOPPED)
    ],
    "command_receiver.py": [f"command.{name}" for name in COMMANDS],
    "card_learning.py": ["face.learnt", "face.unlearnt", "face.not_learnt"],
    "exports.py": ["platform.sent", "platform.refused"],
}
# the place of the action among the arguments
PLACES = {"visit.note": 0, "note": 1, "note_urgently": 1, "note_in": 2}


def noted() -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """File, call and action of every line that is written to the audit."""
    for file in files("enroll", "gate"):
        for call in calls(file):
            name = name_of(call.func)
            last = name.rpartition(".")[2]
            if last in PLACES and ("audit" in name or name == "visit.note"):
                place = PLACES.get(name, PLACES[last])
                if len(call.args) > place and file.name != "visit.py":
                    yield file.name, call, call.args[place]


def actions() -> set[str]:
    found = {code for codes in MADE.values() for code in codes}
    for file, _, action in noted():
        if isinstance(action, ast.Constant):
            found.add(str(action.value))
        elif isinstance(action, ast.IfExp):
            branches = (action.body, action.orelse)
            found |= {str(one.value) for one in branches if isinstance(one, ast.Constant)}
        else:
            assert file in MADE, f"{file}: {ast.unparse(action)} has to be listed here"
    return found


def details() -> set[str]:
    return {
        keyword.arg
        for _, call, _ in noted()
        for keyword in call.keywords
        if keyword.arg and keyword.arg != "urgent"
    }


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_of_the_audit_has_its_words(language: str) -> None:
    found = actions()
    assert len(found) > 90
    shown = {code: audit_words.action(code, language) for code in found}
    bare = {code: text for code, text in shown.items() if text == code or "." in text}
    assert bare == {}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_detail_of_the_audit_has_its_name(language: str) -> None:
    found = details()
    assert len(found) > 40
    for key in sorted(found):
        ((name, _),) = audit_words.details({key: 1}, language)
        known = {f"audit detail {key}", f"detail {key}"} & catalogue(language).keys()
        assert known, key
        assert "_" not in name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_the_same_in_every_language_and_none_is_empty(language: str) -> None:
    def keys(of: str) -> dict[str, str]:
        with (LOCALE / of / "audit.po").open("rb") as stream:
            return {str(m.id): str(m.string) for m in read_po(stream, locale=of) if m.id}

    assert keys(language).keys() == keys("zh").keys()
    assert [key for key, text in keys(language).items() if not text] == []


@pytest.mark.slow
def test_no_words_are_left_over() -> None:
    own = {key.removeprefix("audit ") for key in catalogue("en") if key.startswith("audit ")}
    codes = {key for key in own if re.fullmatch(r"[a-z_]+\.[a-z_]+", key)}
    assert sorted(codes - actions()) == []


def test_values_are_in_words_and_what_a_person_typed_is_left_alone() -> None:
    shown = dict(
        audit_words.details(
            {"role": "desk", "disabled": True, "purpose": "not_seen", "reason": "removal van"},
            "zh",
        )
    )
    assert shown == {"角色": "服务台", "已停用": "是", "事项": "久未出现", "原因": "removal van"}
    waits = audit_words.details({"reason": "many_people"}, "en")
    assert waits != [("reason", "many_people")]
    ((_, listed),) = audit_words.details({"gates": ["east", "north"]}, "en")
    assert listed == "east, north"
    ((_, nothing),) = audit_words.details({"until": None}, "en")
    assert nothing == ""


def test_who_it_was_is_a_login_or_a_part_of_the_program_in_words() -> None:
    assert audit_words.actor("wang", "zh") == "wang"
    assert audit_words.actor("cli", "zh") == audit_words.actor("command line", "zh") == "命令行"
    assert audit_words.actor("box east", "zh") == "门禁盒 east"
    assert audit_words.actor("key:ops", "en") == "key ops"


def test_an_action_of_a_newer_release_is_shown_as_it_is() -> None:
    assert audit_words.action("person.teleport", "zh") == "person.teleport"


@pytest.mark.slow
def test_the_page_shows_no_code(browser, desk) -> None:  # type: ignore[no-untyped-def]
    for code in sorted(actions()):
        desk.store.audit.note("cli", code, "", role="desk", traces_left=False)
    page = browser("auditor").get("/audit?before=100000")
    text = re.sub(r"<[^>]*>", " ", page.text)
    assert "traces left" in text
    shown = [code for code in actions() if "." in code and code in text]
    assert shown == []
