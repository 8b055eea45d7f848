"""``docs/mutation.md`` names tests that exist, and the modules of ``tools/mutation.toml``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads((ROOT / "tools" / "mutation.toml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "mutation.md").read_text("utf-8")
AGAIN = "run python tools/mutate.py --page FILE"


SECTIONS = re.findall(r"^## (\S+)$", PAGE, re.MULTILINE)


def test_every_module_in_the_table_has_its_section_and_every_file_exists() -> None:
    assert list(TABLE) == SECTIONS, AGAIN
    for file, entry in TABLE.items():
        assert [path for path in (file, *entry["tests"]) if not (ROOT / path).is_file()] == []


@pytest.mark.slow
def test_every_test_named_exists() -> None:
    sources = {
        path: (ROOT / path).read_text("utf-8") for e in TABLE.values() for path in e["tests"]
    }
    missing = set()
    for section in PAGE.split("\n## ")[1:]:
        own = TABLE[section.partition("\n")[0]]["tests"][0]
        for row in re.findall(r"^\|.* \| `([^`]+)` \|$", section, re.MULTILINE):
            path, _, test = row.rpartition(".py::")
            source = sources[f"{path}.py" if path else own]
            names = (test if path else row).split("::")
            missing |= {row for name in names if not re.search(rf"(def|class) {name}\b", source)}
    assert not missing, f"{AGAIN}: {sorted(missing)}"


def test_no_condition_is_without_a_test_or_a_reason() -> None:
    assert "**none**" not in PAGE
    for file in SECTIONS:
        for reason in TABLE[file].get("equivalent", {}).values():
            assert reason in PAGE, AGAIN
