"""The shape of the tree in figures: ``python tools/layout.py [FOLDER]``, a checkout.

Loose files in gate/, rooms, circles of modules, arrows upwards (by the list of layers of that
checkout), lines of Python, keys of the configuration as they are typed, by table.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGES = ("gate", "enroll", "benchmarks", "research")


def modules(root: Path) -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    return {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for package in PACKAGES
        for file in sorted((root / package).rglob("*.py"))
    }


def imports(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Which modules each imports, inside functions too."""
    found: dict[str, set[str]] = {}
    for name, file in files.items():
        used: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                used |= {each if each in files else node.module for each in inner}
        found[name] = {other for other in used if other in files and other != name}
    return found


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Circles of imports; each is opened at one edge after it was counted."""
    left = {name: set(used) for name, used in graph.items()}
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = error.args[1]
            found.append(circle)
            left[circle[1]].discard(circle[0])
        else:
            return found


def layers(root: Path) -> dict[str, int]:
    """The layer of each place, from the bottom, as the architecture test of the checkout has it."""
    file = root / "tests" / "test_architecture.py"
    if not file.is_file():
        return {}
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "LAYERS":
            assert node.value is not None
            rows = ast.literal_eval(node.value)
            return {place: level for level, row in enumerate(rows) for place in row}
    return {}


def upwards(graph: Mapping[str, set[str]], order: Mapping[str, int]) -> list[tuple[str, str]]:
    """Imports of a higher layer."""

    def level(name: str) -> int:
        places = [place for place in order if name == place or name.startswith(f"{place}.")]
        return order[max(places, key=len)] if places else 0

    return [(a, b) for a, used in graph.items() for b in used if level(b) > level(a)]


@dataclass(frozen=True)
class Keys:
    """Keys of one settings class: those of its table, and those written in ``[advanced]``."""

    name: str
    main: int
    advanced: int


def keys(files: Mapping[str, Path]) -> list[Keys]:
    """Fields of the settings classes; a class that is used twice counts once.

    What ``gate/exporting/mapping.py`` types is another file, the mapping of a platform.
    """
    classes = [
        node
        for name, file in files.items()
        if name.startswith("gate.") and name != "gate.exporting.mapping"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    bases = {"Section", "BaseSettings"}
    sections = [
        c for c in classes if any(isinstance(b, ast.Name) and b.id in bases for b in c.bases)
    ]
    names = {c.name for c in sections}
    found = []
    for section in sections:
        fields, marked = set(), set()
        for field in section.body:
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
                continue
            if field.target.id == "advanced" and field.value is not None:
                inside = ast.walk(field.value)
                marked = {n.value for n in inside if isinstance(n, ast.Constant)}
            elif not field.target.id.startswith("_") and not any(
                isinstance(n, ast.Name) and n.id in names for n in ast.walk(field.annotation)
            ):
                fields.add(field.target.id)
        found.append(Keys(section.name, len(fields - marked), len(fields & marked)))
    return found


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    files = modules(root)
    graph = imports(files)
    gate = root / "gate"
    order = layers(root)
    arrows = str(len(upwards(graph, order))) if order else "no list of layers"
    print(f"loose files in gate/    {len(list(gate.glob('*.py')))}")
    print(f"rooms of gate/          {sum((d / '__init__.py').is_file() for d in gate.iterdir())}")
    print(f"modules                 {len(files)}")
    print(f"circles of modules      {len(circles(graph))}")
    print(f"arrows upwards          {arrows}")
    lines = sum(len(file.read_text("utf-8").splitlines()) for file in files.values())
    print(f"lines of Python         {lines}")
    tables = keys(files)
    main_, advanced = sum(t.main for t in tables), sum(t.advanced for t in tables)
    print(
        f"configuration keys      {main_ + advanced}: {main_} in tables, {advanced} in [advanced]"
    )
    for table in tables:
        print(f"  {table.name:<22}{table.main:>3}{table.advanced:>4}")


if __name__ == "__main__":
    main()
