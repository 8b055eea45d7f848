"""``gate rules``: what staff keep in the register, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gate.commands.rules import rules
from gate.config.settings import load
from gate.doctor import Level
from gate.doctor.register import rules as look
from gate.errors import AccessError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}"\n[store]\nballast = 0\n')
    return config


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(rules, [*words, "--config", str(config)], env={"COLUMNS": "160"})


@pytest.mark.slow
def test_what_is_kept_is_listed_and_can_be_taken_away(config: Path) -> None:
    assert run(config, "schedule", "work", "mon-fri 07:00-19:00; holiday closed").exit_code == 0
    words = ["allow", "cleaners", "--kind", "staff", "--group", "cleaning", "--schedule", "work"]
    assert "no schedule" not in run(config, *words).output
    assert run(config, "day", "2026-10-01", "2026-10-07", "--name", "国庆节").exit_code == 0
    assert run(config, "day", "2026-10-10", "--counts-as", "thu").exit_code == 0
    listed = run(config, "list").output
    for part in ("staff in cleaning", "mon-fri 07:00-19:00; holiday closed", "国庆节", "thu"):
        assert part in listed
    assert listed.count("国庆节") == 7
    assert run(config, "day", "2026-10-01", "2026-10-07", "--remove").exit_code == 0
    assert run(config, "allow", "cleaners", "--remove").exit_code == 0
    listed = run(config, "list").output
    assert "cleaning" not in listed
    assert "国庆节" not in listed


@pytest.mark.slow
def test_a_schedule_that_is_missing_is_reported_at_once_and_by_the_doctor(config: Path) -> None:
    assert "no schedule nights yet" in run(config, "allow", "x", "--schedule", "nights").output
    assert "no schedule nights" in run(config, "list").output
    (found,) = look(load(config))
    assert (found.level, "nights" in found.says) == (Level.BAD, True)
    run(config, "schedule", "nights", "mon-sun 22:00-06:00")
    (found,) = look(load(config))
    assert found.level is Level.OK


@pytest.mark.slow
def test_mistakes_are_named(config: Path) -> None:
    for words, named in (
        (("schedule", "work", "whenever"), "is not valid in a schedule"),
        (("schedule", "work", "--remove"), "no schedule work"),
        (("day", "2026-10-07", "2026-10-01"), "after the first"),
        (("day", "2026-10-07", "--counts-as", "feast"), "feast"),
    ):
        error = run(config, *words).exception
        assert isinstance(error, AccessError)
        assert named in str(error)
