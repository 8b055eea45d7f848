"""A lost database is an error that names the backup; commands that only look create nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli import app
from gate.errors import StoreError
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def made(tmp_path: Path, settings: StoreSettings) -> Path:
    Store.open(settings, tmp_path).close()
    for name in ("gate.db-wal", "gate.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    return tmp_path


@pytest.mark.parametrize("empty", [True, False])
def test_a_key_without_its_database_is_no_first_start(
    made: Path, settings: StoreSettings, empty: bool
) -> None:
    (made / "backups").mkdir()
    (made / "backups" / "north-20260102T030405Z.gatebackup").write_bytes(b"x")
    list_of_deletions = made / "backups" / "north.deleted"  # renewed after each backup
    list_of_deletions.write_bytes(b"")
    os.utime(list_of_deletions, (2_000_000_000,) * 2)
    database = made / "gate.db"
    database.unlink()
    if empty:
        database.touch()
    with pytest.raises(StoreError, match="missing or empty") as raised:
        Store.open(settings, made)
    assert "north-20260102T030405Z.gatebackup --replace" in str(raised.value)
    assert database.exists() == empty, "the attempt created a database"


def test_an_empty_database_without_a_key_is_a_first_start(
    tmp_path: Path, settings: StoreSettings
) -> None:
    (tmp_path / "gate.db").touch(mode=0o600)
    with Store.open(settings, tmp_path) as store:
        assert store.people.count() == 0


def test_a_schema_that_is_gone_is_a_lost_database(made: Path, settings: StoreSettings) -> None:
    """On a server the file cannot be looked at; an empty database there has no schema."""
    other = settings.model_copy(update={"url": type(settings.url)("sqlite:///file::memory:")})
    with pytest.raises(StoreError, match="missing or empty"):
        Store.open(other, made)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("people", "list"),
        ("people", "show", "#1"),
        ("people", "remove", "#1", "--yes"),
        ("events", "list"),
        ("events", "export", "out.jsonl"),
        ("rules", "list"),
        ("keys", "list"),
        ("keys", "revoke", "a"),
        ("account", "list"),
        ("explain", "1"),
    ],
)
def test_a_command_that_only_looks_creates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "site" / "gate.toml"
    config.parent.mkdir()
    config.write_text('data = "var"\n[mqtt]\nenabled = false\n')
    done = CliRunner().invoke(app, [*words, "--config", str(config)])
    assert done.exit_code != 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["gate.toml", "site"]


@pytest.mark.slow
def test_doctor_reports_a_lost_database(made: Path) -> None:
    (made / "gate.db").unlink()
    config = made / "gate.toml"
    config.write_text(f'data = "{made}"\n[mqtt]\nenabled = false\n')
    done = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert "missing or empty" in done.output
    assert not (made / "gate.db").exists()
