"""The list of deletions beside the backups, and restores that obey it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from gate.backup import deletions
from gate.commands.backup import PASSPHRASE, backup, restore
from gate.config.settings import load
from gate.errors import StoreError
from gate.recognition.face import Template
from gate.store.store import Store

app = typer.Typer()
app.command("backup")(backup)
app.command("restore")(restore)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(f'name = "north"\ndata = "{tmp_path}/data"\n[store]\nballast = 0\n')
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv(PASSPHRASE, "four words nobody guesses")

    def invoke(config: Path, *arguments: str) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done

    return invoke


def opened(config: Path) -> Store:
    settings = load(config)
    return Store.open(settings.store, settings.data)


def box_without_data(like: Path, folder: Path) -> Path:
    """The configuration of a new box in ``folder`` that is to replace that of ``like``."""
    folder.mkdir()
    config = folder / "gate.toml"
    config.write_text(like.read_text().replace(f"{like.parent}/data", f"{folder}/data"))
    return config


def lost_box(config: Path, run: Callable[..., Result], stick: Path) -> Path:
    """Two people; the first backup holds both, the second was made after one had been deleted."""
    with opened(config) as store:
        store.people.create("李红")
        gone = store.people.create("王伟").id
        vector = np.full(4, 0.5, np.float32)
        store.templates.add(Template(gone, vector, "test", 0.9))
        store.credentials.add(gone, "card", "0012345678")
    run(config, "backup", str(stick))
    (first,) = stick.glob("*.gatebackup")
    old = first.rename(stick / "north-20260101T000000Z.gatebackup")
    with opened(config) as store:
        store.people.delete(gone)
    run(config, "backup", str(stick))
    return old


@pytest.mark.slow
def test_an_old_backup_on_a_new_box_brings_back_nobody_who_was_deleted(
    config: Path, run: Callable[..., Result], tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    old = lost_box(config, run, stick)
    new = box_without_data(config, tmp_path / "new")
    said = run(new, "restore", str(old)).output
    assert "deleted again, by the list beside the backup: 1 people" in said
    with opened(new) as store:
        assert [row.name for row in store.people.find()] == ["李红"]
        assert store.credentials.find("card", "0012345678") is None
        assert store.templates.load("test").people.tolist() == []
    assert "王伟".encode() not in (tmp_path / "new" / "data" / "gate.db").read_bytes()

    deletions.beside(stick, "north").unlink()  # without it nobody knows, and that is said
    third = box_without_data(config, tmp_path / "third")
    said = run(third, "restore", str(old)).output
    assert "no list of deletions lies beside the backup: north.deleted" in said
    with opened(third) as store:
        assert {row.name for row in store.people.find()} == {"李红", "王伟"}


def test_the_list_names_nobody_and_keeps_whom_it_held(tmp_path: Path, config: Path) -> None:
    with opened(config) as store:
        refs = [store.people.create(name).ref for name in ("李红", "王伟")]
        store.people.delete(store.people.by_ref(refs[0]).id)  # type: ignore[union-attr]
        path = deletions.write(store, tmp_path, "north")
        kept = path.read_text()
        assert kept == f"{store.vault.erasure(refs[0])}\n"
        assert refs[0] not in kept
        path.write_text(f"{kept}{'0' * 64}\n")  # of a register since put back from a backup
        store.people.delete(store.people.by_ref(refs[1]).id)  # type: ignore[union-attr]
        deletions.write(store, tmp_path, "north")
        listed = deletions.read(path)
    assert listed == {"0" * 64, *(store.vault.erasure(ref) for ref in refs)}
    assert path.stat().st_mode & 0o077 == 0


def test_a_list_of_another_register_deletes_nobody(tmp_path: Path, config: Path) -> None:
    with opened(config) as store:
        ref = store.people.create("李红").ref
        with Store.open(load(config).store, tmp_path / "other") as other:
            assert deletions.apply(store, {other.vault.erasure(ref)}) == 0
        assert store.people.count() == 1


def test_a_list_that_cannot_be_read_stops_the_restore(tmp_path: Path) -> None:
    path = deletions.beside(tmp_path, "north")
    assert deletions.read(path) == set()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="cannot be read"):
        deletions.read(path)
