"""The kernel is asked, and systemd where it may not be; nobody waits for the answer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gate.daemon import clock_sync
from gate.daemon.clock_sync import ASK_AGAIN, Asked, of_kernel, of_systemd, synchronised


def test_the_kernel_answers() -> None:
    assert of_kernel() in (True, False, None)


def test_systemd_is_asked_where_the_kernel_may_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(lambda: True)
    monkeypatch.setattr(clock_sync, "of_kernel", lambda: None)
    monkeypatch.setattr(clock_sync, "_asked", asked)
    synchronised()
    asked.wait(20)
    assert synchronised() is True


@pytest.mark.parametrize(("word", "answer"), [("yes", True), ("no", False), ("", None)])
def test_what_systemd_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, answer: bool | None
) -> None:
    tool = tmp_path / "timedatectl"
    tool.write_text(f"#!/bin/sh\necho {word}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert of_systemd() is answer
    tool.unlink()
    assert of_systemd() is None


def test_the_answer_is_not_waited_for_and_asked_for_again_when_it_is_old() -> None:
    gate, now, count = threading.Event(), [0.0], [0]

    def ask() -> bool:
        gate.wait(20)
        count[0] += 1
        return count[0] == 2

    asked = Asked(ask, lambda: now[0])
    assert asked() is None  # at once, although nobody has answered
    assert asked() is None
    gate.set()
    asked.wait(20)
    assert asked() is False
    now[0] = ASK_AGAIN - 1
    assert asked() is False
    asked.wait(20)
    assert count[0] == 1
    now[0] = ASK_AGAIN
    asked()
    asked.wait(20)
    assert asked() is True
