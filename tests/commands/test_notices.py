"""What is logged while a command runs is said in the terminal's language."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from gate import cli
from gate.commands.notices import shown

log = logging.getLogger("gate.x")


@pytest.mark.parametrize(
    ("name", "extra", "chinese", "english"),
    [
        (
            "calibration.unreadable",
            {"cause": "the disk is full"},
            "无法读取已学习的阈值，改用出厂值：磁盘已满",
            "The learnt thresholds cannot be read; the shipped ones are used: the disk is full",
        ),
        (
            "/etc/gate/gate.toml: moved to [advanced], in effect still: a; "
            "`gate config upgrade` moves them",
            {"where": "/etc/gate"},
            "/etc/gate/gate.toml：已移到 [advanced]，仍然有效：a；"
            "`gate config upgrade` 可将其移走（/etc/gate）",
            "/etc/gate/gate.toml: moved to [advanced], in effect still: a; "
            "`gate config upgrade` moves them (/etc/gate)",
        ),
    ],
)
def test_a_warning_is_a_line_in_the_language_of_the_terminal(
    name: str,
    extra: dict[str, str],
    chinese: str,
    english: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for language, said in (("zh_CN.UTF-8", chinese), ("C", english)):
        monkeypatch.setenv("LC_ALL", language)
        with shown():
            log.warning(name, extra=extra)
            log.info("nothing")
        assert capsys.readouterr().err == f"{said}\n"


def test_afterwards_nothing_is_shown_any_more(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    with shown():
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before


def test_keys_of_an_earlier_version_are_named_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    config = tmp_path / "gate.toml"
    config.write_text("[recognition]\nmax_faces = 3\ninterval = 0.2\n")
    monkeypatch.setattr(sys, "argv", ["gate", "config", "check", "-c", str(config)])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{config}：已不再使用，不起作用：recognition.max_faces；`gate config upgrade` 可将其删除",
        f"{config}：已移到 [advanced]，仍然有效：recognition.interval；"
        "`gate config upgrade` 可将其移走",
    ]
