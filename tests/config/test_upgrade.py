"""A file of an earlier version, rewritten: it means the same, and nothing is reported any more."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.config import config
from gate.config.settings import build, outdated
from gate.config.upgrade import upgraded
from gate.errors import ConfigurationError

OLD = """# ours
name = "north"  # by the river

# how faces are matched
[recognition]
encoder = "dlib"  # measured here
# how often
# we look
interval = 0.3
# the default
recheck = 1.0

[store]
# gone long ago
check_at_start = false
url = "sqlite:///gate.db"

[[camera]]
name = "one"
"""
NEW = """# ours
name = "north"  # by the river

# how faces are matched
[recognition]
encoder = "dlib"  # measured here

[store]
url = "sqlite:///gate.db"

[[camera]]
name = "one"

[advanced]
recognition.interval = 0.3
"""


def test_keys_go_where_they_belong_and_the_rest_stays_as_it_was_written() -> None:
    new = upgraded(OLD)
    assert new.text == NEW
    assert new.retired == ["store.check_at_start"]
    assert new.moved == ["recognition.interval"]
    assert new.defaults == ["recognition.recheck"]
    assert build(tomllib.loads(NEW)) == build(tomllib.loads(OLD))


def test_what_is_of_this_version_is_left_alone() -> None:
    again = upgraded(NEW)
    assert not again.changed
    assert again.text == NEW


def test_what_the_table_has_already_counts() -> None:
    text = "[recognition]\ninterval = 0.3\n[advanced]\nrecognition.interval = 0.2\n"
    new = upgraded(text)
    assert tomllib.loads(new.text)["advanced"] == {"recognition": {"interval": 0.2}}
    assert tomllib.loads(new.text)["recognition"] == {}


def test_a_table_of_before_in_one_line_is_rewritten_too() -> None:
    new = upgraded('store = { queue = 100, url = "sqlite:///x.db" }\n')
    assert tomllib.loads(new.text) == {
        "store": {"url": "sqlite:///x.db"},
        "advanced": {"store": {"queue": 100}},
    }


def test_what_is_no_toml_is_said_to_be_none() -> None:
    with pytest.raises(ConfigurationError, match="not TOML"):
        upgraded("name = north")


def test_the_command_rewrites_the_file_and_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(OLD)
    path.chmod(0o640)
    run = CliRunner().invoke(config, ["upgrade", "--config", str(path), "--dry-run"])
    assert "recognition.interval: moved to [advanced]" in run.stdout
    assert path.read_text() == OLD
    run = CliRunner().invoke(config, ["upgrade", "--config", str(path)])
    assert run.exit_code == 0, run.output
    assert path.read_text() == NEW
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "gate.toml.before-upgrade").read_text() == OLD
    assert (tmp_path / "gate.toml.before-upgrade").stat().st_mode & 0o777 == 0o640
    assert outdated(path).retired == outdated(path).moved == ()
    run = CliRunner().invoke(config, ["upgrade", "--config", str(path)])
    assert "nothing to change" in run.stdout
