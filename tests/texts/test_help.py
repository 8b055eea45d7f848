"""The help of the commands, their tables and what is wrong with a command line, in Chinese."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rich._wrap
import typer
from babel.messages.pofile import read_po
from rich.cells import cell_len
from typer.core import TyperGroup

from gate import cli
from gate.commands import translated
from gate.config.settings import build
from gate.events.event import Event
from gate.store.store import Store
from gate.texts import line_breaks, terminal
from gate.texts.catalogue import LOCALE
from gate.texts.terminal import reworded
from tests.source import ROOT, calls, name_of
from tests.texts.test_terminal import templates

COMMANDS = ROOT / "gate/commands"
# for developers: what these print is English
FOR_DEVELOPERS = {"demo", "evaluate", "simulate", "simulate_fleet"}
# what typer and an example contribute, and what is typed as it is
AS_TYPED = re.compile(r"`gate [^`]*`|[\w/:-]+(,\w+)*|\[screen\] \w+|\"mon-fri .*\"")


def entries(name: str) -> dict[str, str]:
    with (LOCALE / "zh" / f"{name}.po").open("rb") as stream:
        return {str(m.id): str(m.string) for m in read_po(stream, locale="zh") if m.id}


def tree(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from tree(inner)


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every paragraph of every help."""
    found = set()
    for command in tree(typer.main.get_command(cli.app)):
        texts = [command.help, command.epilog, *(one.help for one in command.params)]
        found |= {part for text in texts if text for part in translated.paragraphs(text)}
    return found


@pytest.mark.slow
def test_every_paragraph_of_a_help_has_its_chinese_and_none_is_left_over(said: set[str]) -> None:
    assert len(said) > 250
    known = entries("help")
    missing = {part for part in said if not AS_TYPED.fullmatch(part)} - known.keys()
    assert sorted(missing) == []
    frame = {*translated._FRAME.values(), translated._USAGE, "Show this message and exit."}
    frame |= {"[OPTIONS]", "COMMAND [ARGS]..."}
    assert sorted(known.keys() - said - frame) == []
    assert frame <= known.keys()


def test_what_is_in_two_catalogues_is_said_in_the_same_words() -> None:
    """They are read as one: of two translations the page of the other would show the wrong one."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (LOCALE / "zh").glob("*.po"):
        for key, text in entries(file.stem).items():
            found[key].add(text)
    assert {key: texts for key, texts in found.items() if len(texts) > 1} == {}


def constants(nodes: Iterable[ast.AST]) -> list[str]:
    return [str(node.value) for node in nodes if isinstance(node, ast.Constant)]


def printed() -> Iterator[tuple[str, str]]:
    """What the commands of installers print and ask."""
    for file in sorted(COMMANDS.glob("*.py")):
        if file.stem in FOR_DEVELOPERS:
            continue
        for call in calls(file):
            if name_of(call.func).rpartition(".")[2] in (
                "print",
                "here",
                "BadParameter",
                "prompt",
                "confirm",
            ):
                for text in (part for arg in call.args[:1] for part in templates(arg)):
                    yield from ((file.stem, line.strip()) for line in text.split("\n"))


def test_everything_a_command_prints_has_its_chinese() -> None:
    lines = {
        (file, line)
        for file, line in printed()
        # a line of a configuration is copied as it is
        if re.search(r"[a-z]{2,} ", line) and not re.match(r"\w+ = ", line)
    }
    assert len(lines) > 100

    def is_known(line: str) -> bool:
        # the last value of some is left out at times
        tries = (line.replace("{}", "7"), line.removesuffix("{}").replace("{}", "7"))
        return any(re.search(r"[\u3400-\u9fff]", reworded(one, "zh")) for one in tries)

    assert sorted(one for one in lines if not is_known(one[1])) == []


def test_every_heading_and_state_of_a_table_has_its_chinese() -> None:
    known = entries("terminal")
    found = set()
    for file in COMMANDS.glob("*.py"):
        for call in calls(file):
            texts = constants(call.args)
            if name_of(call.func) in ("table", "_table") and file.stem not in FOR_DEVELOPERS:
                texts += [text for arg in call.args for text in constants(getattr(arg, "elts", ()))]
                found |= {f"column {text}" for text in texts if text}
            elif name_of(call.func) == "named" and len(texts) == 2:
                found.add(" ".join(texts))
    assert len(found) > 45
    assert sorted(found - known.keys()) == []


@pytest.fixture
def gate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str, language: str = "zh_CN.UTF-8") -> list[str]:
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.setattr(sys, "argv", ["gate", *words])
        with pytest.raises(SystemExit):
            cli.main()
        shown = capsys.readouterr()
        return (shown.out + shown.err).splitlines()

    return run


@pytest.mark.parametrize("words", [("--help",), ("rules", "--help"), ("rules", "allow", "--help")])
def test_a_help_is_chinese_on_a_chinese_terminal_and_its_frame_is_straight(
    gate: Callable[..., list[str]], words: tuple[str, ...]
) -> None:
    usage, *lines = filter(str.strip, gate(*words))
    assert usage.startswith(" 用法：")
    assert {cell_len(line) for line in lines if line[:1] in "│╭╰" and line} == {100}
    assert not [line for line in lines if re.search(r"[\u3400-\u9fff]\S*…", line)], "cut off"
    # three English words in a row would be a sentence
    assert not [line for line in lines if re.search(r"[a-z]+ [a-z]+ (?!https)[a-z]+", line)]
    english = gate(*words, language="C.UTF-8")
    assert any(line.startswith(" Usage: ") for line in english)
    assert not re.search(r"[\u3400-\u9fff]", "".join(english))


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        (("nonsense",), "没有 nonsense 命令。"),
        (("rule",), "没有 rule 命令。是否要用 rules？"),
        (("--nonsense",), "没有选项 --nonsense"),
        (("people", "show"), "缺少参数 who。"),
        (("people", "list", "--limit", "many"), "--limit 的值无效：须为整数"),
        (("people", "list", "--limit", "0"), "--limit 的值无效：不能小于 1"),
        (("calibrate", "--fpir", "3"), "值无效：比例须大于 0，且不超过 0.1"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_chinese(
    gate: Callable[..., list[str]], words: tuple[str, ...], chinese: str
) -> None:
    lines = gate(*words)
    assert f"│ {chinese} " in "\n".join(lines)
    assert not re.search(r"[\u3400-\u9fff]", "".join(gate(*words, language="C.UTF-8")))


def test_tables_are_chinese_on_a_chinese_terminal_and_hold_codes_on_an_english_one(
    gate: Callable[..., list[str]], tmp_path: Path
) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(f'name = "north"\ndata = "{tmp_path}"\n')
    settings = build({"name": "north", "data": str(tmp_path)})
    with Store.open(settings.store, settings.data) as store:
        store.people.create("王芳", number="0017")
        store.people.create("List everybody", number="0018")
        store.rulebook.set_allow("night", {"kinds": ["staff"], "groups": ["b", "a"], "both": True})
        store.events.append([Event.make("north", "door.forced", datetime.now(UTC))])
    at = ("-c", str(config))
    people = "\n".join(gate("people", "list", *at))
    assert re.search(r"编号 +人员编号 +名字 +类别 +状态", people)
    assert re.search(r"#1 +0017 +王芳 +居民 +有效", people)
    assert "List everybody" in people, "a name is no text of ours"
    assert "人员库中共 2 人" in people
    assert re.search(
        r"night +员工（限组：a, b） +所有门禁 +人脸加卡", "\n".join(gate("rules", "list", *at))
    )
    one = gate("people", "show", "0017", *at)
    assert len(one) == 11
    assert not [line for line in one if re.match(r"[a-z]", line)], "headings"
    models = "\n".join(gate("models", "list", *at))
    assert not re.search(r"name|task|licence|state|good for|missing|detector ", models)
    events = "\n".join(gate("events", "list", *at))
    assert re.search(r"门禁 +序号 +时间（UTC） +类型 +判定 +原因 +人员", events)
    assert "door.forced" not in events
    word = next(line for line in events.splitlines() if line.startswith(" north")).split()[-1]
    assert word in "\n".join(gate("events", "list", "--type", word, *at))
    assert word not in "\n".join(gate("events", "list", "--type", "door.opened", *at))
    english = "\n".join(gate("events", "list", *at, language="C.UTF-8"))
    assert re.search(r"no\. +time \(UTC\) +type", english)
    assert "door.forced" in english


def test_the_manual_is_english_whatever_the_terminal_of_the_builder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    assert (group.commands["demo"].help or "").startswith("Watch recorded people")


def test_a_message_longer_than_a_line_breaks_between_characters_and_not_before_a_comma() -> None:
    words = line_breaks.words
    pieces = [piece for _, _, piece in words("三人，gate doctor（两次）。A plain, long line")]
    assert pieces == [
        *("三", "人，", "gate ", "doctor", "（两", "次）。", "A ", "plain, ", "long ", "line"),
    ]
    spans = [(start, end) for start, end, _ in words("门 门")]
    assert spans == [(0, 2), (2, 3)]


def test_a_console_of_a_chinese_terminal_folds_where_lines_may_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rich._wrap, "words", line_breaks._by_blanks)  # as before the first
    terminal.Console("zh", width=20).print("用户名 gate，密码见说明书的第二页，请勿外传")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 20
    assert lines[0] == "用户名 gate，密码见"
    assert not [line for line in lines if line[0] in "，。"]


def test_a_rich_that_breaks_lines_in_another_way_goes_on_as_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rich._wrap, "words", "its own")
    monkeypatch.setattr(line_breaks, "_by_blanks", None)
    line_breaks.allow()
    assert rich._wrap.words == "its own"
