"""Choosing a model changes one line of the configuration and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.models.choose import set_key, with_key

TEXT = """# a gate
name = "gate-1"

[recognition]
# which encoder
encoder = "auto"  # the best
detector = "hog"

[door]
encoder = "not this one"
"""


def test_the_key_of_its_own_section_is_replaced_and_comments_stay() -> None:
    assert with_key(TEXT, "recognition", "encoder", "retail-0095") == TEXT.replace(
        'encoder = "auto"  # the best', 'encoder = "retail-0095"'
    )


def test_a_key_that_is_not_there_is_added_to_its_section() -> None:
    assert '[door]\nkind = "lcus"\n' in with_key(TEXT, "door", "kind", "lcus")


def test_a_section_that_is_not_there_is_added() -> None:
    changed = with_key('name = "a"\n', "recognition", "encoder", "dlib")
    assert changed == 'name = "a"\n\n[recognition]\nencoder = "dlib"\n'


def test_the_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(TEXT)
    path.chmod(0o600)
    set_key(path, "recognition", "encoder", "dlib")
    assert 'encoder = "dlib"' in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_read_back_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("[recognition\n")
    with pytest.raises(ConfigurationError, match="cannot be changed"):
        set_key(path, "recognition", "encoder", "dlib")
    assert path.read_text() == "[recognition\n"
