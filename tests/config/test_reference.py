"""config/gate.toml and docs/configuration.md are what the settings classes say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel
from rich.cells import cell_len
from typer.testing import CliRunner

from gate.commands.config import config
from gate.config import reference
from gate.config.reference import as_page, as_toml, parts
from gate.config.settings import Settings, build
from gate.texts.catalogue import LOCALE, read_catalogue

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "written", "command"),
    [
        ("config/gate.toml", as_toml, "gate config reference > config/gate.toml"),
        ("docs/configuration.md", as_page, "gate config reference --page > docs/configuration.md"),
    ],
)
def test_the_file_is_what_the_classes_say(file: str, written: object, command: str) -> None:
    assert callable(written)
    assert (ROOT / file).read_text("utf-8") == written(), f"run: {command}"


def test_every_key_is_explained() -> None:
    bare = [f"{part.path}.{key.name}" for part in parts() for key in part.keys if not key.text]
    named_by_the_installer = {"access.schedules.office"} | {
        key for key in bare if ".days." in key or ".values." in key
    }
    assert set(bare) == named_by_the_installer


def test_every_section_is_explained() -> None:
    assert [part.path for part in parts() if part.path and not part.text] == []
    assert not [part.path for part in parts() if "config/gate.toml" in part.text]  # of the base


def test_the_examples_in_comments_are_valid() -> None:
    """The file with every comment that holds a key or header taken off is a configuration."""
    taken_off = re.compile(r'^# (?=(\[\[?[a-z_.]+\]\]?|[a-z0-9_-]+ = ["\[0-9tf-].*)$)')
    text = "\n".join(taken_off.sub("", line) for line in as_toml().splitlines())
    values = tomllib.loads(text)
    settings = build(values)
    assert settings.access.allow[0].name == "day staff"
    assert settings.access.schedules["office"].startswith("mon-fri")
    assert settings.reader[0].driver == "rdm6300"
    assert settings.relay.inputs["contact"].number == 0


def test_limits_and_choices_are_read_from_the_type() -> None:
    by_name = {part.full(key): key for part in parts() for key in part.keys}
    assert by_name["door.unlock"].allowed == "0.2 to 60"
    assert by_name["door.fail"].allowed == '"secure", "safe"'
    assert by_name["advanced.access.antipassback_hours"].allowed == "above 0 to 720"
    assert by_name["advanced.store.outbox"].allowed == "100,000 to 10,000,000"


def test_every_class_of_the_settings_is_there() -> None:
    def sections(model: type[BaseModel]) -> set[str]:
        found = set()
        for name, field in model.model_fields.items():
            value = field.get_default(call_default_factory=True)
            if isinstance(value, BaseModel):
                found |= {name} | {f"{name}.{below}" for below in sections(type(value))}
        return found

    assert sections(Settings) <= {part.path for part in parts()}


def test_the_command_prints_both() -> None:
    assert CliRunner().invoke(config, ["reference"]).stdout == as_toml()
    assert CliRunner().invoke(config, ["reference", "--page"]).stdout == as_page()


# ------------------------------------------------------------ in Chinese


def explained() -> set[str]:
    """Every comment of the file but those for experts."""
    lines = {line.removeprefix("#").strip() for line in reference.HEAD.splitlines()}
    found = {*lines, *reference.FIRST.values(), reference.ADVANCED}
    for part in reference.parts():
        if not part.advanced:
            found |= {part.text, *(key.text for key in part.keys)} if part.path else set()
            found |= {key.text for key in part.keys}
    return found - {""}


def test_every_comment_for_an_installer_has_its_chinese_and_none_is_left_over() -> None:
    known = read_catalogue(LOCALE / "zh" / "settings.po", "zh")
    assert sorted(explained() - {*known}) == []
    assert sorted({*known} - explained()) == []


def test_a_chinese_file_means_the_same_and_fits() -> None:
    chinese = reference.as_toml("zh")
    assert tomllib.loads(chinese) == tomllib.loads(reference.as_toml())
    assert build(tomllib.loads(chinese)) == build({})
    assert "# 控制门锁的继电器板，见 docs/devices.md" in chinese
    ours, expert = chinese.split("[advanced]\n", 1)
    english = re.compile(r"[a-z]{3,} (the|of|is|are|and|that|which|for) ")
    assert [line for line in ours.splitlines() if line[:1] == "#" and english.search(line)] == []
    assert "the longest wait" in expert
    marks = "，。；：？！、）"
    lines = [line[2:] for line in ours.splitlines() if line.startswith("# ")]
    assert [line for line in lines if line[:1] and line[0] in marks] == []
    # an address is not broken
    assert [line for line in lines if cell_len(line) > 98 and "://" not in line] == []
