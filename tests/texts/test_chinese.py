"""The Chinese of the catalogues by the mechanical rules of a public style guide.

Rules: 中文文案排版指北 (github.com/sparanoid/chinese-copywriting-guidelines), as far as a program
can tell: a space between Chinese and Latin letters or digits, full-width punctuation, no doubled
marks; and one word for one thing, one way to address the reader.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from gate.texts.catalogue import LOCALE

ROOT = Path(__file__).parents[2]
HAN = r"[\u3400-\u9fff]"
FILES = sorted((LOCALE / "zh").glob("*.po"))
# what is typed like that: an address of a home, a port of a device
AS_TYPED = ("3号楼2单元501", "驱动:端口")
RULES = {
    "a space between Chinese and Latin letters or digits": rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}",
    "full-width punctuation": rf"{HAN}[,;:?!()\"']|[,;:?!(\"']{HAN}|[({HAN}\)]\.$",
    "no half-width blank beside a full-width mark": r" [，。；：？！、（）]|[，。；：？！、（）] ",
    "no doubled marks": r"[，。；：？！、]{2}|\.\.\.|  ",
    "您, never 你": "你",
    "出入证 for a permit": "通行证",
}


def texts(file: Path) -> dict[str, str]:
    with file.open("rb") as stream:
        return {str(one.id): str(one.string) for one in read_po(stream, locale="zh") if one.id}


def breaches(text: str, rule: str) -> list[str]:
    for typed in AS_TYPED:
        text = text.replace(typed, "甲")
    return [found[0] for found in re.finditer(RULES[rule], text)]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_text_breaks_a_rule(file: Path, rule: str) -> None:
    found = {key: said for key, text in texts(file).items() if (said := breaches(text, rule))}
    assert found == {}


# one word for one thing, by docs/glossary.md: what is not to be written, and what is
WORDS = {"管理台": "服务台", "登记册": "人员库", "消息代理": "消息服务器", "通行码": "出入证"}


@pytest.mark.parametrize("word", WORDS)
def test_one_thing_has_one_name(word: str) -> None:
    pages = [ROOT / "README.zh.md", ROOT / "docs/installing.zh.md", *FILES]
    assert [page.name for page in pages if word in page.read_text("utf-8")] == []


# what a resident agrees to, and what is read first and at the box
PAGES = (
    *sorted((ROOT / "enroll/consents").glob("*.zh.txt")),
    *(ROOT / name for name in ("README.zh.md", "docs/installing.zh.md")),
)


def prose(page: Path) -> list[str]:
    """The lines of a page without code, links and the frame of tables; blanks filled in."""
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text("utf-8"))
    text = re.sub(r"`[^`]*`", "甲", re.sub(r"\]\([^)]*\)", "]", text))
    for blank, value in (("community", "甲"), ("age", "14"), ("hours", "24")):
        text = text.replace(f"{{{blank}}}", value)
    return [part.strip(" *[]!") for line in text.splitlines() for part in line.split("|")]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_breaks_a_rule(page: Path, rule: str) -> None:
    assert [line for line in prose(page) if breaches(line, rule)] == []


@pytest.mark.parametrize(
    ("text", "rule"),
    list(zip(("共3人", "你好,请进", "请 ，进", "请进。。", "你好", "通行证"), RULES, strict=True)),
)
def test_each_rule_finds_what_breaks_it(text: str, rule: str) -> None:
    assert breaches(text, rule)
    assert not breaches("请在 6 至 12 位之间，重新输入（可含字母）。", rule)
