"""On a box of a hub nothing changes the register; what only reads it still works."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate import cli
from gate.errors import ConfigurationError
from gate.store.key_value import JOINED
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of a box that has joined, with one person."""
    store = StoreSettings.model_validate({"ballast": 0})
    with Store.open(store, tmp_path / "data") as register:
        register.people.create("李红", number="7")
        fact = {"box": "b", "gate": "north", "urls": ["https://hub:8444"], "orders": "00"}
        register.key_values.set(JOINED, fact)
    path = tmp_path / "gate.toml"
    path.write_text(f'data = "{tmp_path}/data"\nname = "north"\nstore = {{ ballast = 0 }}\n')
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("enroll", "face.jpg", "--name", "王刚", "--agreed", "paper-2026"),
        ("people", "remove", "7", "--yes"),
        ("rules", "schedule", "office", "mon-fri 08:00-18:00"),
        ("permit", "issue", "7"),
        ("permit", "revoke", "0"),
        ("desk",),
    ],
)
def test_what_would_change_the_register_is_refused(
    config: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    result = CliRunner().invoke(cli.app, [*command, "--config", str(config)])
    assert isinstance(result.exception, ConfigurationError)
    assert "belongs to a hub" in str(result.exception)
    assert "gate leave" in str(result.exception)


@pytest.mark.slow
def test_what_only_reads_works(config: Path) -> None:
    result = CliRunner().invoke(cli.app, ["people", "show", "7", "--config", str(config)])
    assert "李红" in result.output
    assert CliRunner().invoke(cli.app, ["rules", "list", "--config", str(config)]).exit_code == 0
