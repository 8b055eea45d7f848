"""What the demonstration prints while and after it runs."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from gate.config.settings import build
from gate.daemon.journal import Recorder
from gate.demo import runner
from gate.demo.runner import Teller, delivered, run_replay
from gate.events.event import Event
from gate.texts.catalogue import translator
from gate.texts.terminal import Console

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize(
    ("received", "said"),
    [
        ([4, 5, 6], "3 arrived at the broker, in sequence, none missing"),
        # of the run before, whose broker ended too soon after it had acknowledged them
        ([1, 2, 3, 4, 5, 6], "3 arrived at the broker, in sequence, none missing"),
        ([4, 5, 4, 5, 6], "3 arrived at the broker, in sequence, none missing"),
        ([2, 3, 4, 5], "2 arrived at the broker, in sequence, SOME MISSING"),
        ([5, 6], "2 arrived at the broker, in sequence, SOME MISSING"),
        ([4, 6, 5], "3 arrived at the broker, OUT OF SEQUENCE, none missing"),
    ],
)
def test_only_events_of_this_run_are_counted_and_all_of_them_are_asked_for(
    received: list[int], said: str
) -> None:
    assert delivered([4, 5, 6], received, translator("en")) == f"3 events made; {said}"


class Numbered:
    """Gives each event its number, from 38 on."""

    def __init__(self) -> None:
        self.last = 37

    def record(self, event: Event) -> Future[Event]:
        self.last += 1
        done: Future[Event] = Future()
        done.set_result(event.numbered(self.last))
        return done


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("C.UTF-8", "  passage.denied       Ann              face_unknown  evidence 1.0 of 9.0"),
        (
            "zh_CN.UTF-8",
            "  拒绝通行             Ann              人脸不在已登记的人员中  证据 1.0，需要 9.0",
        ),
    ],
)
def test_events_are_shown_in_the_language_of_the_terminal_and_counted(
    monkeypatch: pytest.MonkeyPatch, language: str, line: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    shown = StringIO()
    teller = Teller(cast(Recorder, Numbered()), Console(file=shown, width=120))
    teller.names = {"p1": "Ann"}
    event = Event.make(
        "demo",
        "passage.denied",
        datetime.now(UTC),
        person="p1",
        reasons=("face_unknown",),
        scores={"evidence": 1.0, "threshold": 9.0},
    )
    teller.record(event)
    teller.record(event)
    assert shown.getvalue().splitlines() == [line, line]
    assert teller.sequences() == [38, 39]


class Played:
    """What stands for the replay, and what it was told to play."""

    frames, damaged, moments = 0, (), ()
    told: ClassVar[dict[str, Any]] = {}

    def __init__(self, *given: object, **named: object) -> None: ...

    def play(self, path: Path, fps: float, **named: Any) -> Played:
        Played.told = named
        return self


def test_a_recording_is_turned_as_the_camera_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "Replay", Played)
    settings = build(
        {
            "data": str(tmp_path),
            "camera": [{"rotate": 270}],
            "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
            "mqtt": {"enabled": False},
            "store": {"ballast": 0},
        }
    )
    empty = FIXTURES / "recordings" / "empty"
    run_replay(Console(file=StringIO()), settings, empty, 10.0)
    assert Played.told == {"rotate": 270}
