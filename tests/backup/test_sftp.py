"""Backups on an SFTP server (asyncssh's): compared there, rotated, and refused where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate import cli
from gate.backup.archive import NEWEST
from gate.backup.sftp import SftpFolder
from gate.config.backup import BackupSettings
from gate.config.settings import load
from gate.doctor.backups import backups
from gate.doctor.finding import Level
from gate.errors import ConfigurationError, StoreError
from gate.store.store import Store
from tests.simulators.sftp_server import Sftp

pytestmark = pytest.mark.skipif(find_spec("asyncssh") is None, reason="asyncssh is not installed")
WORDS = "four words nobody guesses"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sftp]:
    (tmp_path / "there").mkdir()
    made = Sftp(tmp_path / "there")
    yield made
    made.close()


@pytest.fixture
def config(server: Sftp, tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    server.known_hosts(tmp_path / "known_hosts")
    path.write_text(
        'name = "north"\ndata = "data"\n[store]\nballast = 0\n'
        '[backup]\nknown_hosts = "known_hosts"\npassword = "secret word"\n'
    )
    settings = load(path)
    with Store.open(settings.store, settings.data) as store:
        store.people.create("李红")
    return path


def run(*words: str) -> str:
    done = CliRunner().invoke(cli.app, list(words), env={"GATE_BACKUP_PASSPHRASE": WORDS})
    assert done.exit_code == 0, done.output
    return done.output


def url(server: Sftp) -> str:
    return f"sftp://gate@127.0.0.1:{server.port}/backups/north"


@pytest.mark.slow
def test_what_is_on_the_server_can_be_restored_and_doctor_is_content(
    server: Sftp, config: Path, tmp_path: Path
) -> None:
    said = run("backup", url(server), "-c", str(config))
    (file,) = (server.folder / "backups" / "north").glob("*.gatebackup")
    assert file.name in said
    assert "own disk" not in said
    settings = load(config)
    assert [path.name for path in settings.data.glob("backup-*")] == []
    (found,) = backups(settings)
    assert found.level is Level.OK
    assert "sftp://127.0.0.1" in found.says
    new = tmp_path / "new" / "gate.toml"
    new.parent.mkdir()
    run("restore", str(file), "-c", str(new))
    again = load(new)
    with Store.open(again.store, again.data, create=False) as store:
        assert store.people.count() == 1


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.slow
def test_the_list_of_deletions_is_beside_the_backups_and_takes_its_own_place(
    server: Sftp, config: Path, plain: bool
) -> None:
    server.plain = plain
    listed = server.folder / "backups" / "north" / "north.deleted"
    run("backup", url(server), "-c", str(config))
    assert listed.read_text() == ""
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        store.people.delete(store.people.find()[0].id)
    run("backup", url(server), "-c", str(config))
    assert len(listed.read_text().split()) == 1
    # in one step where the server knows how: there is no moment without a list
    assert ("north.deleted" in server.removed) == plain


@pytest.mark.slow
def test_the_oldest_are_deleted_and_nothing_else(server: Sftp, config: Path) -> None:
    folder = server.folder / "backups" / "north"
    folder.mkdir(parents=True)
    for day in (1, 2, 3):
        (folder / f"north-2026110{day}T000000Z.gatebackup").write_bytes(b"old")
    (folder / "north-east-20261101T000000Z.gatebackup").write_bytes(b"another gate's")
    assert "2 older deleted" in run("backup", url(server), "--keep", "2", "-c", str(config))
    left = sorted(path.name for path in folder.glob("*.gatebackup"))
    assert left[0] == "north-20261103T000000Z.gatebackup"
    assert left[-1].startswith("north-east-")
    assert len(left) == 3


@pytest.mark.parametrize("fault", ["full", "flips"])
@pytest.mark.slow
def test_a_backup_that_is_not_whole_there_does_not_count(
    server: Sftp, config: Path, fault: str
) -> None:
    setattr(server, fault, True)
    done = CliRunner().invoke(
        cli.app,
        ["backup", url(server), "-c", str(config)],
        env={"GATE_BACKUP_PASSPHRASE": WORDS},
    )
    assert isinstance(done.exception, StoreError)
    assert "secret" not in str(done.exception)
    assert not list(server.folder.rglob("north-*"))
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        assert store.key_values.get(NEWEST) is None


@pytest.mark.slow
def test_another_server_or_none_gets_nothing(server: Sftp, tmp_path: Path) -> None:
    file = tmp_path / "north-20261101T000000Z.gatebackup"
    file.write_bytes(b"sealed")
    other = tmp_path / "other_hosts"
    line = server.known_hosts(other).read_text()
    other.write_text(line[:-12] + "AAAAAAAAAAA\n")
    with pytest.raises(StoreError, match="does not take"):
        SftpFolder(url(server), BackupSettings(known_hosts=other, password="secret word")).send(
            file
        )
    with pytest.raises(ConfigurationError, match="not known"):
        SftpFolder(url(server), BackupSettings())
    with pytest.raises(ConfigurationError, match="not the address"):
        SftpFolder("sftp://gate:word@host/f", BackupSettings(known_hosts=other))
    assert not list(server.folder.iterdir())
