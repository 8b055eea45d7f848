"""Keys of permits: one private key a data folder, public ones as they are at each look."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gate import files
from gate.access.decision import Kind
from gate.access.permit import Permit, PermitRefused, read, sign
from gate.access.permit_keys import KeyFolder, own_key, private_key, public_keys
from gate.errors import AccessError
from tests.killed import killed_before
from tests.warm import Task

NOW = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)
PERMIT = Permit("00" * 8, "ab" * 8, Kind.VISITOR, NOW, NOW + timedelta(days=1))


def test_a_key_made_after_the_gate_started_counts_at_once(tmp_path: Path) -> None:
    gate = KeyFolder(tmp_path)
    assert len(gate) == 0
    key = private_key(own_key(tmp_path))  # the first permit of a new desk
    assert read(sign(PERMIT, key), gate).serial == PERMIT.serial
    (tmp_path / "permit-key.pub").unlink()
    with pytest.raises(PermitRefused):
        read(sign(PERMIT, key), gate)


def test_a_broken_key_takes_the_others_not_away_but_stops_a_start(tmp_path: Path) -> None:
    key = private_key(own_key(tmp_path))
    gate = KeyFolder(tmp_path)
    (tmp_path / "permit-desk2.pub").write_text("half a key")
    assert read(sign(PERMIT, key), gate).serial == PERMIT.serial
    with pytest.raises(AccessError, match="not a PEM key"):
        KeyFolder(tmp_path)


def test_a_key_under_its_former_name_is_the_one_key(tmp_path: Path) -> None:
    former = private_key(tmp_path / "permit.key")
    path = own_key(tmp_path)
    assert path == tmp_path / "permit-key.pem"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["permit-key.pem", "permit-key.pub"]
    assert private_key(path).private_bytes_raw() == former.private_bytes_raw()
    assert read(sign(PERMIT, former), KeyFolder(tmp_path)).serial == PERMIT.serial


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = X25519PrivateKey.generate()
    private, public = tmp_path / "other.pem", tmp_path / "other.pub"
    private.write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    private.chmod(0o600)
    public.write_bytes(
        other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(AccessError, match="not an Ed25519 key"):
        private_key(private)
    with pytest.raises(AccessError, match="not an Ed25519 key"):
        public_keys([public])


def test_a_key_under_its_former_name_never_replaces_the_one_in_use(tmp_path: Path) -> None:
    private_key(tmp_path / "permit.key")
    key = private_key(tmp_path / "permit-key.pem")
    path = own_key(tmp_path)
    assert private_key(path).private_bytes_raw() == key.private_bytes_raw()


def test_a_former_key_without_its_public_half_is_renamed_too(tmp_path: Path) -> None:
    private_key(tmp_path / "permit.key")
    (tmp_path / "permit.pub").unlink()
    assert own_key(tmp_path).is_file()


def test_a_broken_key_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gate = KeyFolder(tmp_path)
    (tmp_path / "permit-desk2.pub").write_text("half a key")
    assert (len(gate), len(gate)) == (0, 0)
    assert [record.getMessage() for record in caplog.records] == ["permit.key"]


def test_a_key_that_leads_nowhere_stops_a_start(tmp_path: Path) -> None:
    (tmp_path / "permit-desk2.pub").symlink_to(tmp_path / "nowhere")
    with pytest.raises(AccessError, match=r"cannot be used: No such file or directory"):
        KeyFolder(tmp_path)


def makes_and_dies(path: Path, step: int) -> None:
    """Killed before the step of that number: a file put in place."""
    counted = killed_before(step)
    files.create, files.replace = counted(files.create), counted(files.replace)
    private_key(path)


@pytest.mark.parametrize("step", range(2))
def test_a_desk_that_is_killed_while_it_makes_its_key_issues_permits_that_count(
    tmp_path: Path, step: int
) -> None:
    path = own_key(tmp_path)
    task = Task(makes_and_dies, path, step, out=tmp_path / "out")
    assert task.wait() == -signal.SIGKILL, (tmp_path / "out").read_text()
    assert read(sign(PERMIT, private_key(path)), KeyFolder(tmp_path)).serial == PERMIT.serial


def test_two_desks_that_make_the_key_at_one_moment_have_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own_key(tmp_path)
    create = files.create

    def late(file: Path, content: bytes) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(files, "create", create)
            private_key(path)  # the other desk
            files.replace(path.with_suffix(".pub"), public)  # which was a moment sooner with this
        create(file, content)

    public = b""
    replace = files.replace

    def noted(file: Path, content: bytes, **named: Any) -> None:
        nonlocal public
        public = public or content
        replace(file, content, **named)

    monkeypatch.setattr(files, "replace", noted)
    monkeypatch.setattr(files, "create", late)
    key = private_key(path)
    assert read(sign(PERMIT, key), KeyFolder(tmp_path)).serial == PERMIT.serial


@pytest.mark.parametrize("step", ["replace", "create"])
def test_half_a_key_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(path: Path, data: bytes, **named: bool) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as disk:
        disk.setattr(files, step, full)
        with pytest.raises(AccessError, match=r"cannot be used: No space left on device"):
            private_key(tmp_path / "permit-key.pem")
    assert list(tmp_path.iterdir()) == []
    assert private_key(tmp_path / "permit-key.pem")


def test_a_former_key_that_cannot_be_renamed_is_named(tmp_path: Path) -> None:
    private_key(tmp_path / "permit.key")
    (tmp_path / "permit-key.pub").mkdir()
    with pytest.raises(AccessError, match=r"cannot be used: Is a directory") as caught:
        own_key(tmp_path)
    assert caught.value.where == str(tmp_path / "permit.key")
