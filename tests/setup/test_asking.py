"""Questions are asked in Chinese, and nothing else is printed, at a terminal and without one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from getpass import GetPassWarning

import pytest
import typer
from typer._click import termui

from gate.errors import ConfigurationError
from gate.setup import asking
from tests.waiting import PATIENCE

ASK = """
from gate.setup import asking
print(repr(asking.secret("passphrase", "once more", variable="GATE_PASSPHRASE")))
"""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed, in order, at a Chinese terminal."""
    lines: list[str] = []
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for name in ("hidden_prompt_func", "visible_prompt_func"):
        monkeypatch.setattr(termui, name, lambda _: lines.pop(0))
    return lines


def test_a_secret_is_asked_for_until_both_are_the_same(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed += ["one", "other", "one", "one"]
    assert asking.secret("passphrase", "once more") == "one"
    shown = capsys.readouterr()
    assert shown.err == "两次输入不一致\n"
    assert "Error" not in shown.out


def test_yes_and_no_may_be_said_in_chinese(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed += ["是", "也许", "不", "", "Y"]
    assert asking.sure("更换编码器？")
    assert not asking.sure("更换编码器？")
    assert capsys.readouterr().err == "请回答 y（是）或 n（否）\n"
    assert asking.sure("更换编码器？", default=True)
    assert asking.sure("更换编码器？")
    typed += [""]
    with pytest.raises(typer.Abort):
        asking.sure_or_end("更换编码器？")


@pytest.mark.slow
def test_without_a_terminal_a_line_is_read_and_python_warns_of_nothing() -> None:
    def run(given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", ASK],
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=os.environ | {"LC_ALL": "zh_CN.UTF-8"},
            check=False,
            start_new_session=True,  # and so without a terminal, whoever runs the test
        )

    done = run("four words are enough\nfour words are enough\n")
    assert done.stderr == ""
    assert done.stdout.endswith("'four words are enough'\n")
    silent = run("")
    assert "Warning" not in silent.stderr
    assert "nobody can be asked for this: passphrase" in silent.stderr
    assert "GATE_PASSPHRASE" in silent.stderr


def test_where_nothing_is_to_be_read_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_terminal(_: str) -> str:
        warnings.warn("Can not control echo on the terminal.", GetPassWarning, stacklevel=2)
        raise AssertionError("it would be shown while it is typed")

    monkeypatch.setattr(termui, "hidden_prompt_func", without_terminal)
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\r\n"))
    assert asking.secret("passphrase") == "secret"
    with pytest.raises(ConfigurationError) as raised:
        asking.secret("passphrase", variable="GATE_PASSPHRASE")
    assert raised.value.hint.endswith("the environment variable GATE_PASSPHRASE")
