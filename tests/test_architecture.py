"""Imports run one way and in no circle, and each module has its layer; see docs/architecture.md."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.source import ROOT, imports

PACKAGES = ("gate", "enroll", "benchmarks", "research")

# From the bottom up. A module belongs to the longest prefix that names it, imports only from lower
# layers or its own place, and places that share a layer do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("gate",),
    ("gate.errors", "gate.clock", "gate.files", "gate.texts"),
    ("gate.section", "gate.sockets", "gate.devices", "gate.models.convert"),
    (
        "gate.camera",
        "gate.readers",
        "gate.relay",
        "gate.sensors",
        "gate.models",
        "gate.recognition.box",
    ),
    ("gate.door", "gate.recognition.face", "gate.recognition.runtime", "gate.recognition.settings"),
    ("gate.access", "gate.simulators", "gate.recognition.detection"),
    ("gate.events", "gate.recognition.encoders", "gate.recognition.quality"),
    ("gate.screen", "gate.recognition.matching"),
    ("gate.store", "gate.recognition.tracking", "gate.recognition.evidence"),
    ("gate.recognition",),
    ("gate.recognition.liveness",),
    ("gate.passage", "gate.integrations", "gate.evaluation"),
    ("gate.exporting", "gate.notify"),
    ("gate.config", "gate.log"),
    ("gate.services", "gate.backup"),
    ("gate.fleet",),
    ("gate.hub", "gate.replica"),
    ("gate.importing", "gate.doctor", "gate.daemon"),
    ("gate.demo", "gate.setup", "gate.update", "gate.district"),
    ("enroll",),
    ("gate.commands",),
    ("gate.cli",),
    ("benchmarks",),
    ("research",),
)
# What a place must not import although a lower layer has it, or although it is not ours.
FORBIDDEN: dict[str, set[str]] = {
    "gate.recognition": {"gate.readers", "gate.relay", "gate.sensors", "gate.clock", "time"},
    "gate.access": {"gate.relay", "gate.devices", "gate.clock", "sqlalchemy", "serial", "paho"},
    "gate.passage": {"gate.store", "gate.clock", "time", "sqlalchemy"},
    "gate.door.state_machine": {"gate.clock", "gate.devices", "time"},
}
LOOSE_FILES_IN_GATE = 8


def name_of(file: Path) -> str:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {name_of(file): file for place in PACKAGES for file in (ROOT / place).rglob("*.py")}


@cache
def imported(name: str) -> frozenset[str]:
    """Every module and package of which ``name`` imports something, ours to the module."""
    found: set[str] = set()
    for node in imports(modules()[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else node.module)
    return frozenset(found)


def within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


@cache
def place_of(name: str) -> str:
    places = [p for layer in LAYERS for p in layer if within(name, p)]
    # "gate" itself is its version and nothing else
    places = [p for p in places if p != "gate" or name == "gate"]
    assert places, f"{name} is in no layer: add its room to LAYERS"
    return max(places, key=len)


@cache
def layer_of(place: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if place in layer)


def arrows_upwards() -> list[str]:
    """Imports from a lower layer into a higher one, or across one layer."""
    return [
        f"{name} ({place_of(name)}) imports {other} ({place_of(other)})"
        for name in sorted(modules())
        for other in sorted(imported(name))
        if other in modules()
        and place_of(other) != place_of(name)
        and layer_of(place_of(other)) >= layer_of(place_of(name))
    ]


def circles() -> list[str]:
    """Groups of modules that import each other, by Tarjan's strongly connected components."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[str] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in imported(name):
            if other not in modules():
                continue
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(" ↔ ".join(sorted(group)))

    for name in sorted(modules()):
        if name not in index:
            visit(name)
    return found


def test_every_module_imports_only_from_lower_layers() -> None:
    assert not arrows_upwards(), "\n".join(arrows_upwards())


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles(), "\n".join(circles())


@pytest.mark.parametrize("place", FORBIDDEN)
def test_a_pure_place_imports_nothing_of_the_outside(place: str) -> None:
    wrong = [
        f"{name} imports {other}"
        for name in sorted(modules())
        if within(name, place)
        for other in sorted(imported(name))
        if any(within(other, taboo) for taboo in FORBIDDEN[place])
    ]
    assert not wrong, "\n".join(wrong)


def test_hardly_any_file_lies_loose() -> None:
    loose = sorted(file.name for file in (ROOT / "gate").glob("*.py"))
    assert len(loose) <= LOOSE_FILES_IN_GATE, loose


def test_every_layer_names_a_place_that_exists() -> None:
    for place in [p for layer in LAYERS for p in layer] + list(FORBIDDEN):
        assert place in modules(), place


def test_the_rules_would_notice() -> None:
    assert "gate.errors" in imported("gate.config.settings")
    assert layer_of(place_of("gate.errors")) < layer_of(place_of("gate.config.settings"))
    assert place_of("gate.recognition.matching.gallery") == "gate.recognition.matching"
