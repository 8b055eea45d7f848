from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.clock import SystemClock
from gate.errors import ConfigurationError
from gate.screen.message import Look, Message
from gate.screen.pictures import IDLE
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings
from gate.screen.speech import Espeak
from tests import waiting
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of espeak-ng that writes down its arguments, then speaks a second.

    "一" takes it so long that whoever says the next thing cuts it off, however late they are; so
    does everything while there is a file "slow" beside it.
    """
    program = tmp_path / "espeak-ng"
    log = tmp_path / "said"
    long = f'case "$*" in *一*) exec sleep 60 ;; esac\n[ -e {tmp_path}/slow ] && exec sleep 60'
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{long}\nsleep 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    log.touch()
    return log


def wait_for(log: Path, lines: int) -> list[str]:
    eventually(lambda: len(log.read_text().splitlines()) >= lines)
    return log.read_text().splitlines()


def test_both_languages_are_spoken_one_after_the_other(said: Path) -> None:
    Espeak().say([("zh", "请进。"), ("en", "Welcome.")], 0.5)
    assert wait_for(said, 2) == ["-v cmn -a 100 -- 请进。", "-v en-gb -a 100 -- Welcome."]


def test_the_newest_sentence_cuts_off_the_one_before(said: Path) -> None:
    voice = Espeak()
    voice.say([("zh", "一"), ("zh", "二")], 1)
    wait_for(said, 1)
    voice.say([("zh", "三")], 1)
    assert [line[-1] for line in wait_for(said, 2)] == ["一", "三"]


def test_what_is_being_said_is_heard_out_before_what_is_said_next(said: Path) -> None:
    voice = Espeak()
    voice.say([("zh", "二"), ("en", "two")], 1, "b")
    after = {"b"}
    voice.say([("zh", "三")], 1, "c", after=after, still=lambda: False)  # shown no more by then
    voice.say([("zh", "四")], 1, "d", after=after)
    assert [line.split()[-1] for line in wait_for(said, 3)] == ["二", "two", "四"]
    voice.say([("zh", "五")], 0, "e", after={"d"})
    voice.stop()
    voice.say([("zh", "六")], 1, "f", after={"d"})  # nothing is being said: at once
    assert wait_for(said, 4)[3].endswith("六")


def test_whoever_was_refused_hears_it_to_its_end(said: Path) -> None:
    screen = Screen(ScreenSettings(speech="espeak", languages=("en",), port=1), SystemClock())
    refused = Message(Look.DENY, "card_unknown", passage="p1")
    welcome = Message(Look.GRANT, "welcome", passage="p2", earlier=(refused,))
    screen.show(refused)
    wait_for(said, 1)
    voice = screen._voice
    assert voice is not None
    eventually(lambda: voice._speaking is not None)
    refusing = voice._speaking
    screen.show(replace(welcome, look=Look.WAIT, code="one_moment"))
    screen.show(welcome)
    wait_for(said, 2)
    assert refusing is not None
    assert refusing.wait(60) == 0  # one that is cut off is killed
    screen.show(refused)
    assert [line.split("-- ")[1] for line in wait_for(said, 3)] == [
        "Unknown card. Please go to the service desk.",
        "Welcome.",
        "Unknown card. Please go to the service desk.",
    ]


REFUSED = Message(Look.DENY, "card_unknown", passage="p1")
WELCOME = Message(Look.GRANT, "welcome", passage="p2", earlier=(REFUSED,))
CLOSER = replace(WELCOME, look=Look.GUIDE, code="too_far")
MOMENT = replace(WELCOME, look=Look.WAIT, code="one_moment")


@pytest.fixture
def slow(said: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """A screen whose every sentence lasts until it is cut off or the test ends it."""
    monkeypatch.setattr("gate.screen.speech._LONGEST", 3600.0)
    said.with_name("slow").touch()
    screen = Screen(ScreenSettings(speech="espeak", languages=("en",), port=1), SystemClock())
    yield screen
    screen.stop()


def being_said(screen: Screen) -> subprocess.Popen[bytes]:
    def process() -> subprocess.Popen[bytes] | None:
        speaking = screen._voice._speaking if screen._voice is not None else None
        return speaking if speaking is not None and speaking.poll() is None else None

    found = waiting.wait_for(process)
    assert found is not None
    return found


def test_what_waits_is_said_in_its_newest_words_only(said: Path, slow: Screen) -> None:
    slow.show(REFUSED)
    wait_for(said, 1)
    slow.show(CLOSER)
    slow.show(WELCOME)
    being_said(slow).terminate()
    assert wait_for(said, 2)[1].endswith("-- Welcome.")


def test_guidance_that_is_followed_before_its_turn_is_not_said(said: Path, slow: Screen) -> None:
    slow.show(REFUSED)
    wait_for(said, 1)
    slow.show(CLOSER)
    slow.show(MOMENT)
    slow.show(replace(REFUSED, passage="p3", earlier=(REFUSED, MOMENT)))
    being_said(slow).terminate()
    assert wait_for(said, 2)[1] == wait_for(said, 1)[0]


@pytest.mark.parametrize(
    "before", [CLOSER, Message(Look.DENY, "face_unknown", passage="p0")], ids=["own", "not shown"]
)
def test_only_an_answer_above_the_next_is_heard_out(
    said: Path, slow: Screen, before: Message
) -> None:
    slow.show(before)
    wait_for(said, 1)
    cut_off = being_said(slow)
    slow.show(WELCOME)
    assert cut_off.wait(PATIENCE) == -signal.SIGKILL
    assert wait_for(said, 2)[1].endswith("-- Welcome.")


def test_a_program_that_cannot_be_started_is_tried_again(
    said: Path, slow: Screen, caplog: pytest.LogCaptureFixture
) -> None:
    def failed() -> int:
        return [record.message for record in caplog.records].count("voice.failed")

    program, aside = said.with_name("espeak-ng"), said.with_name("aside")
    program.rename(aside)
    slow.show(CLOSER)
    eventually(failed)
    voice = slow._voice
    assert voice is not None
    eventually(lambda: not voice._words)
    slow.show(MOMENT)
    slow.show(CLOSER)
    eventually(lambda: not voice._words)
    assert failed() == 1
    aside.rename(program)
    slow.show(WELCOME)
    assert wait_for(said, 1)[0].endswith("-- Welcome.")
    program.rename(aside)
    slow.show(REFUSED)
    eventually(lambda: failed() == 2)
    assert failed() == 2


def test_silence_is_silence(said: Path) -> None:
    Espeak().say([("zh", "请进。")], 0)
    time.sleep(0.1)
    assert said.read_text() == ""


def test_a_program_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="not installed"):
        Espeak()


def test_an_answer_is_said_once_while_only_the_headline_changes(said: Path) -> None:
    settings = ScreenSettings(speech="espeak", languages=("en",), port=1)
    screen = Screen(settings, SystemClock())
    welcome = Message(Look.GRANT, "welcome", passage="p1")
    refused = Message(Look.DENY, "card_unknown", passage="p2")
    for message in (replace(refused, earlier=(welcome,)), refused):
        screen.show(message)
        time.sleep(0.1)
    once = wait_for(said, 1)
    time.sleep(0.4)
    assert said.read_text().splitlines() == once
    screen.show(IDLE)
    screen.show(refused)  # shown again, said again
    assert len(wait_for(said, len(once) + 1)) == len(once) + 1
