"""config/gate.toml: its values are the defaults, and every key is in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gate.config.reference import FIRST, parts
from gate.config.settings import ADVANCED, Settings, build

FILE = Path(__file__).parents[2] / "config" / "gate.toml"

# sections that hold things the installer names: their keys are explained by examples in comments
OPEN = {
    "access.allow",
    "access.days",
    "access.schedules",
    "export",
    "notify.to",
    "notify.way",
    "reader",
    "relay.inputs",
    "status.items",
}


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        default = field.get_default(call_default_factory=True)
        if isinstance(default, tuple) and default and isinstance(default[0], BaseModel):
            default = default[0]
        if isinstance(default, BaseModel):
            found |= keys(type(default), f"{path}.")
        else:
            found.add(path)
    return found


def written(values: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = value[0]
        if isinstance(value, dict):
            found |= written(value, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def test_the_file_holds_the_defaults() -> None:
    # what load() makes of relative paths is tested in test_paths.py
    assert build(tomllib.loads(FILE.read_text())) == Settings()


def test_every_key_stands_in_the_file() -> None:
    text = FILE.read_text("utf-8")
    there = written(tomllib.loads(text))
    # a key without a default value is shown in a comment: "# key = …"
    commented = {line.removeprefix("#").split("=")[0].strip() for line in text.splitlines()}
    missing = {
        key
        for key in keys(Settings) - there - OPEN
        if (key if key in ADVANCED else key.rsplit(".", 1)[-1]) not in commented
    }
    assert not missing, f"not in config/gate.toml: {sorted(missing)}"


def test_no_advanced_key_is_in_the_sections() -> None:
    """They are read by nobody who sets up a gate; without a line the default is in force."""
    there = written(tomllib.loads(FILE.read_text("utf-8")))
    assert not set(ADVANCED) & there
    assert not [key for key in there if key.startswith("advanced.")]


def test_the_first_screen_names_the_ten_keys_everybody_sets() -> None:
    screen = FILE.read_text("utf-8").splitlines()[:24]
    named = [line[4:25].strip() for line in screen if line.startswith("#   ")]
    assert named == list(FIRST)
    assert len(named) == 10
    known = {
        f"{part.header} {key.name}" if part.path else key.name
        for part in parts()
        for key in part.keys
        if not part.advanced
    }
    assert set(named) <= known


def test_every_key_has_its_comment() -> None:
    lines = FILE.read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.startswith("[") and not before.startswith("#") and before.strip()
    ]
    assert not bare
