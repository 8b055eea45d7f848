"""Backup and restore as an installer runs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gate.backup.archive import NEWEST
from gate.commands.backup import PASSPHRASE, backup, restore
from gate.config.settings import load
from gate.errors import StoreError
from gate.store.store import Store

app = typer.Typer()
app.command("backup")(backup)
app.command("restore")(restore)
SECRET = "four words nobody guesses"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(f'name = "north"\ndata = "{tmp_path}/data"\n[store]\nballast = 0\n')
    with opened(path) as store:
        store.people.create("李红")
    return path


def opened(config: Path) -> Store:
    settings = load(config)
    return Store.open(settings.store, settings.data)


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv(PASSPHRASE, SECRET)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(config)])

    return invoke


def test_a_file_that_is_not_there_is_named_before_a_secret_is_asked_for(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    done = CliRunner().invoke(app, ["restore", "/nowhere.gatebackup", "--config", str(config)])
    assert isinstance(done.exception, StoreError)
    assert "passphrase" not in done.output


def test_a_file_that_is_no_backup_is_named_before_a_secret_is_asked_for(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    other = tmp_path / "people.xlsx"
    other.write_bytes(b"PK\x03\x04 a table")
    done = CliRunner().invoke(app, ["restore", str(other), "--config", str(config)])
    assert isinstance(done.exception, StoreError)
    assert done.exception.what == "this is not a backup of a gate"
    assert "passphrase" not in done.output


@pytest.mark.slow
def test_backup_is_made_noted_and_put_back(
    run: Callable[..., Result], config: Path, tmp_path: Path
) -> None:
    made = run("backup", str(tmp_path / "stick"))
    assert made.exit_code == 0, made.output
    assert "1 people" in made.output
    (file,) = (tmp_path / "stick").glob("*.gatebackup")
    with opened(config) as store:
        noted = store.key_values.get(NEWEST)
        assert noted is not None
        assert noted["size"] == file.stat().st_size
        store.people.create("王伟")

    refused = run("restore", str(file))
    assert isinstance(refused.exception, StoreError)
    done = run("restore", str(file), "--replace")
    assert done.exit_code == 0, done.output
    assert "lost since then: 1 people" in done.output
    with opened(config) as store:
        assert [row.name for row in store.people.find()] == ["李红"]


@pytest.mark.slow
def test_a_recovery_key_opens_what_the_box_itself_cannot(
    run: Callable[..., Result], config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("backup", str(tmp_path / "stick"), "--new-recovery-key")
    (key,) = re.findall(r"(?:[A-Z2-7]{4}-){12}[A-Z2-7]{4}", made.output)
    (file,) = (tmp_path / "stick").glob("*.gatebackup")
    wrong = run("restore", str(file), "--replace")
    assert isinstance(wrong.exception, StoreError)
    assert not any(key in p.read_text("latin1") for p in tmp_path.rglob("*") if p.is_file())
    monkeypatch.setenv(PASSPHRASE, key)
    assert run("restore", str(file), "--replace").exit_code == 0


@pytest.mark.slow
def test_a_new_box_takes_the_configuration_of_the_backup(
    run: Callable[..., Result], config: Path, tmp_path: Path
) -> None:
    assert run("backup", str(tmp_path / "stick")).exit_code == 0
    (file,) = (tmp_path / "stick").glob("*.gatebackup")
    config.unlink()
    (tmp_path / "data").rename(tmp_path / "gone")
    done = run("restore", str(file))
    assert done.exit_code == 0, done.output
    assert 'name = "north"' in config.read_text()
    with opened(config) as store:
        assert store.people.count() == 1
