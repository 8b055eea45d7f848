"""Keys of permits: one private key a data folder, public ones as they are at each look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.access.decision import Kind
from gate.access.permit import Permit, PermitRefused, read, sign
from gate.access.permit_keys import KeyFolder, own_key, private_key
from gate.errors import AccessError

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
