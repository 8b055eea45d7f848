"""What the pages name exists: files, commands, modules, and the headings they link to."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from gate.cli import app
from gate.events.types import TYPES

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if page.name != "CHANGELOG.md"  # names what there was at the time
)
ROOMS = "gate|enroll|benchmarks|research|tests|tools|docs|config|packaging|fixtures|examples"
PATH = re.compile(rf"(?<![\w/.…-])((?:{ROOMS})/[\w./*-]*\w[\w./*-]*/?)")
FILE = re.compile(r"(?<![\w/.…*-])(\w+\.py)\b")
# lines of the log have names of their own: literals in the source
LOGGED = {
    name
    for source in (ROOT / "gate").rglob("*.py")
    for name in re.findall(r'"(gate\.[a-z_]+)"', source.read_text("utf-8"))
}
DOTTED = re.compile(r"(?<![\w/.-])((?:gate|enroll|benchmarks|research)\.[a-z_]+(?:\.\w+)*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|`|/bin/|\| )gate ((?:[a-z][a-z-]+ ?){1,2})", re.MULTILINE)
MODULE = re.compile(r"python -m ([a-z_][a-z_0-9.]*)")
CODE = re.compile(r"```[^\n]*\n.*?```|`[^`\n]+`", re.DOTALL)

named = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def paths_in(text: str) -> set[str]:
    """The paths of this tree that a page names in its code spans and blocks."""
    # a topic such as gate/<name>/event and a route are no paths: nothing of them exists as a file
    spans = (span for span in CODE.findall(text) if "gate/<" not in span)
    return {found for span in spans for found in PATH.findall(span) if "NAME" not in found}


@cache
def files() -> frozenset[str]:
    """The names of all Python files of this tree."""
    return frozenset(f.name for room in ROOMS.split("|") for f in (ROOT / room).rglob("*.py"))


def exists(dotted: str) -> bool:
    """Whether a module, or a class or function in one, has this name."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            found: object = import_module(".".join(parts[:n]))
            for part in parts[n:]:
                found = getattr(found, part, None)
            return found is not None
    return False


def commands_in(text: str) -> set[tuple[str, ...]]:
    """The words after ``gate`` in code, at most two."""
    return {
        tuple(words.split())
        for span in CODE.findall(text)
        for words in COMMAND.findall(span.replace(".venv/bin/gate", "\ngate"))
    }


@cache
def group() -> TyperGroup:
    made = typer.main.get_command(app)
    assert isinstance(made, TyperGroup)
    return made


def is_command(words: tuple[str, ...]) -> bool:
    """Whether the first word is a command, and the second one of its own where it has any."""
    found = group().commands.get(words[0])
    if found is None:
        return False
    return not isinstance(found, TyperGroup) or len(words) == 1 or words[1] in found.commands


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that headings get, as GitHub and MkDocs make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads)


@named
def test_every_path_named_exists(page: Path) -> None:
    missing = [
        path
        for path in sorted(paths_in(page.read_text("utf-8")))
        if not (any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists())
    ]
    assert not missing, missing


@named
def test_every_file_named_alone_exists(page: Path) -> None:
    spans = CODE.findall(page.read_text("utf-8"))
    missing = {name for span in spans for name in FILE.findall(span)} - files()
    assert not missing, missing


@pytest.mark.slow
@named
def test_every_dotted_name_exists(page: Path) -> None:
    spans = [span for span in CODE.findall(page.read_text("utf-8")) if ".toml" not in span]
    files = {"gate.counters", "gate.key", "gate.mark", "gate.po"}
    names = {name for span in spans for name in DOTTED.findall(span)} - set(TYPES) - files
    missing = [name for name in sorted(names - LOGGED) if not exists(name)]
    assert not missing, missing


@pytest.mark.slow
@named
def test_every_command_named_exists(page: Path) -> None:
    unknown = [words for words in commands_in(page.read_text("utf-8")) if not is_command(words)]
    assert not unknown, unknown


@named
def test_every_module_named_exists(page: Path) -> None:
    modules = set(MODULE.findall(page.read_text("utf-8")))
    # an ending dot is a placeholder such as benchmarks.NAME
    unknown = [m for m in sorted(modules) if not m.endswith(".") and find_spec(m) is None]
    assert not unknown, unknown


@named
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), link


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    missing = {str(p.relative_to(ROOT)) for p in PAGES if p.parent == ROOT / "docs"} - linked
    assert not missing, missing


def test_the_rules_would_notice() -> None:
    text = "`gate/nowhere.py` and `gate nothing now`, `gate models fetch`, `gate/<name>/event`"
    assert paths_in(text) == {"gate/nowhere.py"}
    assert [c for c in commands_in(text) if not is_command(c)] == [("nothing", "now")]
    assert len(PAGES) > 15


def test_every_package_has_its_line_in_the_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    places = {init.parent.relative_to(ROOT) for init in (ROOT / "gate").glob("*/__init__.py")}
    top = {Path(name) for name in ROOMS.split("|") if name not in ("gate", "docs", "config")}
    missing = sorted(str(place) for place in places | top if f"`{place}/" not in page)
    assert not missing, f"no line in docs/architecture.md: {missing}"
