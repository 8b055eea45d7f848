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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('name： "north"\n', "in line 1, column 5, write = instead of ："),
        ('name: "north"\n', "in line 1, column 5, write = instead of :"),
        ("from = 22：00:00\n", "in line 1, column 10, write : instead of ："),
        ("name = “north”\n", 'in line 1, column 8, write " instead of “'),
        ("[relay】\n", "in line 1, column 7, write ] instead of 】"),
        ("a = [1，2]\n", "in line 1, column 7, write , instead of ，"),
        ("\u3000name = 1\n", "in line 1, column 1, write a plain space instead of \u3000"),
        ('label = "东：门"\nname = north\n', "correct the line named; strings need quotes"),
        ("[relay\n", "correct the line named; strings need quotes"),
        ('name = "north', "close the quotes after the text in the last line"),
        ("a = [1\n", "a bracket is opened and not closed: look for it in the line named and above"),
        (
            "a = [1\nb = 2\n",
            "a bracket is opened and not closed: look for it in the line named and above",
        ),
        ('name = "north\n', "in line 1, close the quotes after the text"),
        ("sound = True\n", "in line 1, write true instead of True"),
        ("sound = yes\n", "in line 1, write true instead of yes"),
        ("sound = off\n", "in line 1, write false instead of off"),
        ("name = only\n", "correct the line named; strings need quotes"),
        ("unlock = 3,5\n", "in line 1, write a point instead of the comma in the number"),
        ("unlock = 3s\n", "correct the line named; strings need quotes"),
        (
            'port = "C:\\Users"\n',
            "in line 1, write / instead of each \\, or ' instead of each \"",
        ),
        ("[door]\n[relay.modbus]\n[door]\n", "[door] is in the file already: write its keys there"),
        (
            "[relay.modbus]\n[relay.modbus]\n",
            "[relay.modbus] is in the file already: write its keys there",
        ),
        ("a = 1\na = 2\n", "this key or table is in the file twice: keep one of them"),
    ],
)
def test_what_is_to_be_written_instead_is_named(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="not TOML") as caught:
        read(path)
    assert caught.value.hint == hint
