"""A configuration file as values; files that cannot be read are in test_settings.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config.read import read
from gate.errors import ConfigurationError


def test_values_are_nested_as_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n[store]\nqueue = 7\n[advanced]\ndoor.hold = 0.4\n')
    assert read(path) == {
        "name": "north",
        "store": {"queue": 7},
        "advanced": {"door": {"hold": 0.4}},
    }


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory") as caught:
        read(tmp_path)
    assert caught.value.hint == "check the disk"
