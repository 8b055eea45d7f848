"""Why something failed is said in the reader's language, on the page of an event and in the log."""

from __future__ import annotations

import re

import pytest

from gate.events import story
from gate.events.cause import in_words
from gate.replica import reach
from gate.texts.catalogue import LANGUAGES, catalogue
from tests.source import ROOT

SHUT_OUT = ("replaced", "revoked", "left by itself")
VIEWS = ("dark", "bright", "flat", "blurred", "flicker", "still", "turned")
CLOCK = ("before_release", "far_future", "unsynchronised", "far_from_record")
DOOR = ("lockdown", "fire", "fault", "past", "permit", "not_yours")


def commands() -> set[str]:
    """The reasons for refusing a command, by the table of docs/mqtt.md."""
    page = (ROOT / "docs/mqtt.md").read_text("utf-8")
    table = page.split("| reason | why a command is refused |\n")[1].split("\n\n")[0]
    return {
        code
        for line in table.splitlines()
        for code in re.findall("`([a-z_]+)`", line.split("|")[1])
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    codes = {*SHUT_OUT, *VIEWS, *CLOCK, *DOOR, *commands()}
    assert len(codes) > 30
    assert sorted(code for code in codes if f"cause {code}" not in catalogue(language)) == []


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("replaced", "此门口已由另一台机器接替"),
        (reach.UNKNOWN_BOX.what, "中心不认识本机的证书"),
        ("the disk is full", "磁盘已满"),
        ("it went up in smoke", "it went up in smoke"),
    ],
)
def test_a_code_and_a_message_are_said_in_the_language_of_the_page(cause: str, said: str) -> None:
    body = {"type": "device.lost", "details": {"device": "link", "family": "hub", "cause": cause}}
    assert story.tell(body, "zh").cause == in_words(cause, "zh") == said
    english = in_words(cause, "en")
    assert story.tell(body, "en").cause == english
    assert english == ("another box has taken its place" if cause == "replaced" else cause)


def test_what_staff_wrote_and_what_the_sentence_says_is_no_cause() -> None:
    for kind, details in (
        ("door.hold", {"seconds": 60, "reason": "fire"}),
        ("face.not_learnt", {"cause": "mixed"}),
        ("camera.covered", {"camera": "main", "cause": "dark"}),
        ("gate.started", {}),
    ):
        assert story.tell({"type": kind, "details": details}, "zh").cause == ""
