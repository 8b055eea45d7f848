"""The words this project does not use: phrases that follow another language, and old names.

``docs/glossary.md`` has the terms that are used instead.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.source import ROOT, files, nodes

FOLDERS = ("gate", "enroll", "research", "benchmarks", "tools", "examples", "tests", "docs")
TEXTS = {".py", ".md", ".html", ".po", ".js", ".toml", ".mako"}
PHRASES = {
    r"\banew\b": "again",
    r"(?<!want )\bfor ever\b": "indefinitely",
    r"\bfalls? over\b": "crashes, ends",
    r"\bhand(s|ed|ing)? over\b": "pass",
    r"nothing to say had": "rules that did not apply",
    r"\bhad better\b": "should",
    r"without a word": "unexpectedly",
    r"taken for hung": "considered hung",
    r"seconds of nobody": "idle seconds",
    r"no photograph…": "not a readable photograph",
    r"agreed to be missed": "opted in to absence alerts",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\btold of\b": "reported",
    r"\bspoken to and of\b": "inputs, effects and state",
    r"\b[Oo]thers than\b": "is readable by other users",
    r"does not say how .* stands": "did not report the state of",
    r"in which a no may": "during which a rejection may",
    r"You passed already": "Already entered",
    r"Another way, please": "Please use another method",
    r"Not the card's owner": "Face does not match the card",
}
# what classes, functions and variables were called before, and are not called again
NAMES = {
    *("Till", "Eyes", "Surroundings", "Missing", "Whereabouts", "Crowd", "House", "Guard"),
    *("Right", "Sitting", "Sittings", "Likeness", "chips", "mend"),
}
THIS = Path(__file__).name


def texts() -> list[Path]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    for folder in FOLDERS:
        found += [file for file in (ROOT / folder).rglob("*") if file.suffix in TEXTS]
    return [file for file in found if file.name != THIS and "__pycache__" not in file.parts]


@pytest.mark.slow
@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_has_the_phrase(phrase: str) -> None:
    pattern = re.compile(phrase)
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file, text in contents().items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, f"write {PHRASES[phrase]!r}:\n" + "\n".join(found)


@cache
def contents() -> dict[Path, str]:
    return {file: file.read_text("utf-8") for file in texts()}


def defined(file: Path) -> set[str]:
    """What a file defines, takes as an argument or assigns."""
    found = set()
    for node in nodes(file):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
    return found


@pytest.mark.slow
def test_no_old_name_comes_back() -> None:
    named = re.compile(rf"\b({'|'.join(NAMES)})\b")  # only what has the word is parsed
    found = {
        str(file.relative_to(ROOT)): sorted(old)
        for file in files("gate", "enroll", "research", "benchmarks", "tools")
        if named.search(file.read_text("utf-8")) and (old := defined(file) & NAMES)
    }
    assert found == {}


def test_the_phrases_are_found_where_they_are() -> None:
    for phrase, line in {
        r"\banew\b": "A thread begins anew.",
        r"\bmend(s|ed|ing)?\b": "the table is mended",
        r"does not say how .* stands": "it does not say how channel 1 stands",
    }.items():
        assert phrase in PHRASES
        assert re.search(phrase, line)
    assert not re.search(r"\bmend(s|ed|ing)?\b", "we recommend this amendment")
