"""docs/conformity: every test named exists, nothing is called met without one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "conformity"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "index.md")
STATES = {"met", "partly", "site", "not met", "n/a"}
NAMED = re.compile(r"`(tests/[^`]+)`")


def rows(page: Path) -> list[list[str]]:
    """The rows of the tables of a page, without headings."""
    found = []
    for line in page.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|- ") and cells[1] != "state":
            found.append(cells)
    return found


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def missing(text: str) -> list[str]:
    """Tests named in ``text`` that are not there."""
    gone = []
    for named in NAMED.findall(text):
        path, _, name = named.partition("::")
        file = ROOT / path
        if not file.is_file() or (name and name not in functions(file)):
            gone.append(named)
    return gone


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    assert NAMED.findall(text)
    assert not missing(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_row_has_a_state_and_what_is_met_a_test(page: Path) -> None:
    for subject, state, how, *tests in rows(page):
        assert state in STATES, subject
        assert len(tests) == 1, subject
        if state == "met":
            assert NAMED.search(tests[0]), f"{subject}: called met without a test"
        if state in ("partly", "n/a"):
            assert how, f"{subject}: what is missing, or why it does not apply"


def test_what_is_not_met_is_said_on_every_page() -> None:
    for page in PAGES:
        states = [row[1] for row in rows(page)]
        assert len(states) >= 10, page
        assert {"not met", "partly", "site"} & set(states), page


def test_every_page_is_in_the_index_and_every_state_explained() -> None:
    index = (FOLDER / "index.md").read_text("utf-8")
    for page in PAGES:
        assert f"({page.name})" in index
    for state in STATES:
        assert f"| {state} |" in index


def test_the_rules_would_notice() -> None:
    assert missing("`tests/docs/test_conformity.py::test_that_is_not`")
    assert missing("`tests/none.py`")
    assert not missing("`tests/docs/test_conformity.py::test_the_rules_would_notice`")
