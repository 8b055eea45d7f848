"""What installers read on a Chinese terminal: every error, finding and line of their commands."""

from __future__ import annotations

import ast
import io
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from babel.messages.pofile import read_po

from gate import cli
from gate.commands.doctor import report
from gate.doctor import Finding, Level
from gate.errors import DeviceError
from gate.evaluation.on_site import on_site
from gate.recognition.matching.gallery import Snapshot
from gate.setup.talk import Terminal
from gate.texts.catalogue import LOCALE
from gate.texts.terminal import Console, language, reworded
from tests.source import ROOT

# whose messages somebody at a terminal may meet; the simulated district is for developers
READ = sorted({*ROOT.glob("gate/**/*.py")} - {*ROOT.glob("gate/district/*.py")})
NAMED = {"hint", "says", "what", "why", "_HINT", "HINT", "FETCH", "broker", "authority", "gain"}
# not for people, or never read alone
INSIDE = {"what the hub sets"}


def templates(node: ast.AST) -> list[str]:
    """A string in the source as patterns, a value of an f-string as ``{}``; each way of an if."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(p.value if isinstance(p, ast.Constant) else "{}" for p in parts)]  # type: ignore[misc]
        case ast.IfExp(body=yes, orelse=no):
            return templates(yes) + templates(no)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in templates(left) for b in templates(right)]
    return []


def said(file: Path) -> Iterator[str]:
    """The messages of a module."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        found: list[ast.AST] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("ValueError", "OSError", "TypeError", "KeyError", "AttributeError"):
                continue
            if name.endswith("Error"):
                found = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "hint")]
            elif name == "Finding":
                found = list(node.args[2:4])
            elif name == "_wrong" and len(node.args) > 2:  # of an answer to ``gate init``
                found = [node.args[2]]
            elif name == "Clash":
                found = list(node.args[1:3])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED:
            found = [node.value]
        for one in found:
            yield from templates(one)


def wrong_values(file: Path) -> Iterator[str]:
    """What a module of settings says is wrong with a value."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError":
            yield from templates(node.args[0])


def texts_of(name: str) -> dict[str, str]:
    with (LOCALE / "zh" / name).open("rb") as stream:
        return {str(m.id): str(m.string) for m in read_po(stream, locale="zh") if m.id}


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    return texts_of("terminal.po")


def test_every_message_of_an_installer_has_its_chinese(known: dict[str, str]) -> None:
    texts = {text.strip() for file in READ for text in said(file)} - INSIDE
    texts = {text for text in texts if re.search(r"[a-z]{2,} ", text)}
    assert len(texts) > 700
    desk = texts_of("desk.po")  # asked where terminal.po is silent
    missing = [text for text in texts if not _known(text, known) and not _at_the_desk(text, desk)]
    assert sorted(missing) == []


def test_every_wrong_value_of_the_configuration_has_its_chinese(known: dict[str, str]) -> None:
    files = [*ROOT.glob("gate/**/settings.py"), *ROOT.glob("gate/config/*.py")]
    texts = {text for file in files for text in wrong_values(file)}
    texts = {text for text in texts if re.search(r"[a-z]{2,} [a-z]", text)}
    assert len(texts) > 30
    assert sorted(text for text in texts if not _known(text, known)) == []


@pytest.mark.parametrize(
    "text",
    [
        'label = "east\n',
        "languages = [1",
        "sound = True\n",
        "unlock = 3,5\n",
        'port = "C:\\Users"\n',
        "[door]\n[door]\n",
        "a = 1\na = 2\n",
        "= 1\n",
        "a = 2026-13-01\n",
        '[reader]\ndriver = "rdm6300"\n',
        '[[reader]]\ndriver = "rdm630"\n',
        '[[reader]]\ndriver = "osdp"\n',
        '[door]\nfail = "open"\nunlock = "long"\nunlok = 3\n',
        'name = "东门"\n[screen]\nlanguages = "zh,en"\nquiet_from = "25:00"\n',
        '[screen]\nlanguages = ["cn"]\nhost = "east"\n',
        '[access.schedules]\noffice = "周一至周五"\n',
        '[access.days]\n2026-13-01 = "holiday"\n',
        '[access.days]\n2026-10-01 = "节假日"\n',
        "[relay]\nchannel = 4\n",
        "[relay.inputs]\nfire = 2\nsmoke = { number = 1 }\n",
        "[webhook]\nenabled = true\n",
        '[desk]\nhost = "0.0.0.0"\n',
        '[[export]]\nname = "p"\nurl = "ftp://x"\n',
        "[advanced]\nrelay.pol = 1\n",
    ],
)
def test_a_mistake_in_the_configuration_is_explained_in_chinese(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    config = tmp_path / "gate.toml"
    config.write_text(text)
    monkeypatch.setattr(sys, "argv", ["gate", "config", "check", "-c", str(config)])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert "配置" in said
    own = said.replace("gate config check", "").replace("holiday closed", "")
    assert not re.search(r"[a-z]{2,} [a-z]{2,}", own)


def test_the_figures_of_a_site_are_said_in_chinese() -> None:
    draw = np.random.default_rng(1)
    people = np.arange(80, dtype=np.int64)
    rows = draw.normal(size=(160, 128)).astype(np.float32)
    rows[1::2] = rows[::2] + 0.3 * rows[1::2]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gallery = Snapshot("dlib/1", 0, rows, people, np.arange(0, 161, 2, dtype=np.int64))
    lines = on_site(gallery)["lines"]
    assert len(lines) > 6
    for line in lines:
        assert not re.search(r"[a-z]{2,} [a-z]{2,}", reworded(line, "zh")), line


def _at_the_desk(text: str, desk: dict[str, str]) -> bool:
    return text in desk and reworded(text, "zh") == desk[text]


def _known(text: str, known: dict[str, str]) -> bool:
    part = text.strip("{} ")  # some are put together of two
    return any(part in re.sub(r"\{\d\}", "{}", key) for key in known)


def test_values_are_numbered_as_they_come_and_none_is_lost(known: dict[str, str]) -> None:
    for key, text in known.items():
        numbers = re.findall(r"\{(\d)\}", key)
        assert numbers == [str(n) for n in range(len(numbers))], key
        assert sorted(re.findall(r"\{(\d)\}", text)) == sorted(numbers), key


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the disk is full", "磁盘已满"),
        (
            "the serial port cannot be opened: Permission denied (/dev/ttyUSB0)",
            "无法打开串口：没有权限（/dev/ttyUSB0）",
        ),
        (
            "  - relay.unlock: there is no such key; unlock belongs in [door]",
            "  - relay.unlock：没有这个键；unlock 应写在 [door] 中",
        ),
        (
            "modbus at /dev/x, channel 1: at rest",
            "modbus，/dev/x，通道 1：已断开",
        ),
        (
            "the database was written by a newer version of the gate (schema 0009) (sqlite:///x)",
            "数据库由更新版本的门禁写入（结构 0009）（sqlite:///x）",
        ),
        ("error: the disk is full\n  where: /a: b", "错误：磁盘已满\n  位置：/a：b"),
        (
            "error: the backup cannot be written: No space left on device",
            "错误：无法写入备份：磁盘已满",
        ),
        ("learn a new word at the desk first", "learn a new word at the desk first"),
        (
            "the serial port cannot be opened: it went up in smoke",
            "无法打开串口：it went up in smoke",
        ),
        ("a message of next year", "a message of next year"),
    ],
)
def test_a_message_is_translated_with_its_values(english: str, chinese: str) -> None:
    assert reworded(english, "zh") == chinese
    assert reworded(english, "en") == english


def test_a_long_line_costs_nothing() -> None:
    for line in ("a: " * 100_000, "a: b; c at d, e " * 37):
        began = time.process_time()
        reworded(line, "zh")
        assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminal_decides(variables: dict[str, str], expected: str) -> None:
    assert language(variables) == expected


def test_an_error_of_a_command_is_chinese_on_a_chinese_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr(sys, "argv", ["gate", "config", "check", "-c", str(tmp_path / "none.toml")])
    with pytest.raises(SystemExit):
        cli.main()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "错误：没有配置文件"
    assert lines[1] == f"  位置：{tmp_path / 'none.toml'}"
    assert lines[2].startswith("  处理：请执行 `gate init`")


def test_doctor_names_parts_and_levels_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('name = "north"\n')
    found = Finding("reader cards", Level.BAD, "the serial port is not open", "open it first")
    monkeypatch.setattr("gate.doctor.examine", lambda settings: [found])
    shown = io.StringIO()
    report(config, Console("zh", file=shown, width=200))
    assert re.search(r"处理 +读卡器 cards +串口未打开 *\n.*→ 请先打开", shown.getvalue())
    english = io.StringIO()
    report(config, Console("en", file=english, width=200))
    assert re.search(r"fix +reader cards +the serial port is not open", english.getvalue())


def test_doctor_names_inputs_in_chinese_and_cuts_nothing_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('name = "north"\n')
    found = [
        Finding("input fire", Level.OK, "signal"),
        Finding("key", Level.OK, "/k; keep a copy elsewhere, without it nothing opens"),
    ]
    monkeypatch.setattr("gate.doctor.examine", lambda settings: found)
    shown = io.StringIO()
    report(config, Console("zh", file=shown, width=40))
    assert re.search(r"正常 +输入：消防 +有信号", shown.getvalue())
    assert "没有它任何数据都打不开" in re.sub(r"[\s]", "", shown.getvalue())


def test_the_conversation_of_init_translates_what_went_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = DeviceError("the disk is full", where="/dev/x", hint="check the disk")
    Terminal("zh", asks=False).say("{what}", what=error)
    assert capsys.readouterr().out == "磁盘已满\n  位置：/dev/x\n  处理：请检查磁盘\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("init", "--set", "nonsense"),
        ("init", "--languages", "xx"),
        ("notify", "test"),
        ("models", "fetch", "nix"),
        ("keys", "send", "open", "--key", "/nope"),
        ("evaluate", "--site", "--html", "x.html"),
        ("enroll", "{config}", "--name", "李红", "--agreed", "paper"),
    ],
)
def test_a_mistake_of_a_command_is_explained_in_chinese(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}/data"\nstore = {{ ballast = 0 }}\n')
    given = [word.format(config=config) for word in words]
    monkeypatch.setattr(sys, "argv", ["gate", *given, "-c", str(config)])
    with pytest.raises(SystemExit):
        cli.main()
    shown = capsys.readouterr()
    own = (shown.out + shown.err).replace(str(tmp_path), "")
    own = re.sub(r"`[^`]*`|(用法|查看帮助)：.*", "", own)  # commands as they are typed
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", own), own
