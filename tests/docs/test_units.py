"""Public quantities of the numeric core name their unit.

A quantity is a parameter, a field or a result whose annotation contains ``float``, or an ``int``
of a name in ``LENGTHS``; other integers count or number something. Its unit is given in the
docstring of the function or class (in the entry of ``Args:`` or ``Attributes:``, or in a sentence
with the name in backquotes; for a result, in the text before ``Args:`` or under ``Returns:``), in
the description of the pydantic field, in the comment beside the field, or under ``Units:`` in the
docstring of a package around it, which then holds for that name throughout. "A score" is no unit:
its range is, or that it is dimensionless.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.docs.test_docstrings import ROOT, names_in, public

CORE = ("gate/recognition", "gate/evaluation", "gate/passage", "gate/camera")
FILES = sorted(file for place in CORE for file in (ROOT / place).rglob("*.py"))
Quantity = tuple[str, str, list[str]]  # whose, its name ("" for a result), what is said of it
INITS = [file for file in FILES if file.name == "__init__.py"]
LENGTHS = {"width", "height", "side", "distance", "seconds", "interval", "degrees"}
UNIT = re.compile(
    r"\b(?:milliseconds|seconds?|minutes|days?|pixels?|megapixels|cells|degrees|nats|log-odds|bits)\b"
    r"|\b(?:frames|pixels) a second\b|\b(?:share|shares|probability|cosine|cosines|per cent)\b|P\("
    r"|\b0\.\.\d|\b0 to \d|-1\.\.1|\bdimensionless\b|\bgrey levels\b|°C",
    re.IGNORECASE,
)
HEADING = re.compile(r"^(Args|Attributes|Returns|Raises|Units):$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """A docstring by its headings; "" is what comes before the first."""
    first, *rest = HEADING.split(text)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def entries(section: str) -> Iterator[tuple[set[str], str]]:
    """Names and text of each entry of ``Args:`` and the like; continued lines are indented more."""
    for entry in re.split(r"\n    (?=\S)", section):
        names, colon, text = entry.strip().partition(":")
        if colon:
            yield set(re.findall(r"\w+", names)), text


def clauses(name: str, text: str) -> Iterator[str]:
    """Whatever a docstring says of one name."""
    parts = sections(text)
    for heading in ("Args", "Attributes"):
        yield from (said for names, said in entries(parts.get(heading, "")) if name in names)
    quoted = re.compile(rf"``[^`]*\b{re.escape(name)}\b[^`]*``")
    yield from (each for each in re.split(r"[.;]\s", " ".join(text.split())) if quoted.search(each))


def packages(file: Path) -> Iterator[Path]:
    """The ``__init__.py`` of the packages around a module, the outermost first."""
    yield from (at / "__init__.py" for at in reversed(file.parents) if ROOT / "gate" in at.parents)


def units(init: Path) -> dict[str, str]:
    """Name → unit as a package's docstring has them."""
    text = ast.get_docstring(ast.parse(init.read_text("utf-8"))) or ""
    listed = entries(sections(text).get("Units", ""))
    return {name: unit for names, unit in listed for name in names}


def conventions(file: Path) -> dict[str, str]:
    """Name → unit, of the packages around a module; the nearest counts."""
    found: dict[str, str] = {}
    for init in packages(file):
        found |= units(init)
    return found


def is_quantity(name: str, annotation: ast.expr | None) -> bool:
    """Of a parameter, a field, or a function and its result."""
    names = names_in(annotation)
    return "float" in names or ("int" in names and name in LENGTHS)


def parameters(node: ast.FunctionDef) -> list[str]:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [each.arg for each in given if is_quantity(each.arg, each.annotation)]


def beside(field: ast.AnnAssign, lines: Sequence[str]) -> str:
    """The description of a pydantic field, or the comment on or above a field's line."""
    keywords = field.value.keywords if isinstance(field.value, ast.Call) else []
    text = [ast.unparse(each.value) for each in keywords if each.arg == "description"]
    above = lines[field.lineno - 2].strip()
    own = lines[field.lineno - 1].partition("  # ")[2]
    return " ".join([*text, own, above if above.startswith("#") else ""])


@cache
def quantities(source: str) -> tuple[Quantity, ...]:
    """Each quantity of a module."""
    return tuple(found_in(source))


def found_in(source: str) -> Iterator[Quantity]:
    lines = source.splitlines()
    for owner, node in public(ast.parse(source)):
        text = ast.get_docstring(node) or ""
        if isinstance(node, ast.FunctionDef):
            yield from ((owner, name, [*clauses(name, text)]) for name in parameters(node))
            if is_quantity(node.name, node.returns):
                parts = sections(text)
                yield owner, "", [parts[""], parts.get("Returns", "")]
            continue
        for field in node.body:
            if isinstance(field, ast.AnnAssign):
                name = ast.unparse(field.target)
                if is_quantity(name, field.annotation) and not name.startswith("_"):
                    yield owner, name, [beside(field, lines), *clauses(name, text)]
            elif isinstance(field, ast.FunctionDef) and field.name == "__init__":
                both = f"{text}\n{ast.get_docstring(field) or ''}"
                yield from ((owner, name, [*clauses(name, both)]) for name in parameters(field))


def faults(source: str, known: Mapping[str, str]) -> list[str]:
    """Quantities of a module's text without a unit; ``known``: units by name."""
    found = []
    for owner, name, said in quantities(source):
        named = [name, known.get(name, "")]  # of ``seconds`` the name is the unit
        if not name:  # a result may be a rate whose name, in capitals, has its unit
            words = {word.lower() for word in re.findall(r"\b[A-Z]{3,}s?\b", said[0])}
            named = [unit for each, unit in known.items() if each in words]
        if not any(UNIT.search(each) for each in (*said, *named)):
            found.append(f"{owner}: {name or 'result'}")
    return found


@pytest.mark.parametrize("place", CORE)
def test_every_quantity_has_a_unit(place: str) -> None:
    files = [file for file in FILES if ROOT / place in file.parents]
    found = {
        str(file.relative_to(ROOT)): wrong
        for file in files
        if (wrong := faults(file.read_text("utf-8"), conventions(file)))
    }
    assert not found


def test_every_unit_of_a_package_is_used_and_is_one() -> None:
    inside = {init: [file for file in FILES if init.parent in file.parents] for init in INITS}
    assert len(inside) > 8
    for init, files in inside.items():
        used = {name for file in files for _, name, _ in quantities(file.read_text("utf-8"))}
        assert not set(units(init)) - used, f"{init}: no quantity of this name"
        assert all(UNIT.search(unit) for unit in units(init).values())


def test_the_rules_would_notice() -> None:
    one = "def f(wait: float, count: int) -> int:\n    {!r}"
    assert faults(one.format("Waits."), {}) == ["f: wait"]
    assert faults(one.format("Waits."), {"wait": "seconds"}) == []
    assert faults(one.format("Waits so many seconds."), {}) == ["f: wait"], "of what?"
    assert faults(one.format("Waits ``wait`` seconds."), {}) == []
    assert faults(one.format("Waits ``waits`` seconds."), {}) == ["f: wait"]
    assert faults(one.format("Waits.\n\nArgs:\n    wait: before it."), {}) == ["f: wait"]
    assert faults(one.format("Waits.\n\nArgs:\n    wait: seconds.\n    count: looks."), {}) == []
    assert (
        faults(one.format("Waits.\n\nArgs:\n    wait: how long.\n    count: s."), {"wait": "nats"})
        == []
    )
    assert faults("def f(m: dict[str, tuple[float, ...]]): ''", {}) == ["f: m"]
    assert faults("def f(width: int | None, other: int):\n    'No.'", {}) == ["f: width"]
    result = "def f() -> float | None:\n    {!r}"
    assert faults(result.format("A time."), {}) == ["f: result"]
    assert faults(result.format("Monotonic seconds."), {}) == []
    assert faults(result.format("An FNIR."), {"fnir": "share"}) == []
    assert faults(result.format("Of the box."), {"box": "pixels"}) == ["f: result"]
    assert faults(result.format("A time.\n\nArgs:\n    at: seconds."), {}) == ["f: result"]
    assert faults(result.format("A time.\n\nReturns:\n    Seconds."), {}) == []
    fields = "class A:\n    'Of it.'\n    a: float{}\n    b: float = Field(1.0, description={!r})"
    assert faults(fields.format("", "how long"), {}) == ["A: a", "A: b"]
    assert faults(fields.format("  # share", "seconds"), {}) == []
    made = "class A:\n    'Of it.'\n    def __init__(self, a: float) -> None:\n        {!r}"
    assert faults(made.format("Of ``a``."), {}) == ["A: a"]
    assert faults(made.format("``a``: pixels."), {}) == []
    for word in ("a score", "how many", "a ratio", "the time"):
        assert not UNIT.search(word), word
    assert sum(1 for file in FILES for _ in quantities(file.read_text("utf-8"))) > 250
