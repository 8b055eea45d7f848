"""Giving the data folder to the gate's user, while its services work in it."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from gate.setup import system

OTHER = "daemon"  # a user and a group of every Linux

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(system, "USER", OTHER)
    data = tmp_path / "data"
    (data / "var").mkdir(parents=True)
    (data / "var" / "gate.db").write_text("a register")
    return data


def theirs() -> str:
    return f"{pwd.getpwnam(OTHER).pw_uid}:{grp.getgrnam(OTHER).gr_gid}"


def owner(path: Path) -> str:
    status = path.lstat()
    return f"{status.st_uid}:{status.st_gid}"


def test_everything_in_it_is_the_users(data: Path, tmp_path: Path) -> None:
    system.give_data(data, tmp_path / "none.toml")
    assert {owner(path) for path in (data, *data.rglob("*"))} == {theirs()}
    assert data.stat().st_mode & 0o777 == 0o700


def test_the_folder_itself_may_be_on_another_disk(data: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(data)
    system.give_data(tmp_path / "link", tmp_path / "none.toml")
    assert owner(data / "var" / "gate.db") == theirs()


def test_what_a_link_points_to_is_given_to_nobody(data: Path, tmp_path: Path) -> None:
    """The gate's user can make links there, and must not become the owner of the system."""
    secret, folder = tmp_path / "shadow", tmp_path / "etc"
    secret.write_text("of root")
    folder.mkdir()
    (folder / "inside").write_text("of root")
    (data / "one").symlink_to(secret)
    (data / "two").symlink_to(folder)
    system.give_data(data, tmp_path / "none.toml")
    assert {owner(path) for path in (secret, folder, folder / "inside")} == {"0:0"}
    assert owner(data / "one") == theirs()


def test_a_file_that_goes_meanwhile_stops_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the write-ahead log does when a service closes the register."""
    chown, gone = os.chown, data / "var" / "gate.db"

    def goes(*given: object, **named: object) -> None:
        gone.unlink(missing_ok=True)
        chown(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "chown", goes)
    system.give_data(data, tmp_path / "none.toml")
    assert not gone.exists()
