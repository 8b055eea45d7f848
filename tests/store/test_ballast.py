"""The reserve: urgent writes get room on a full disk, ordinary ones leave it to them."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from gate.store.ballast import PIECE, PIECES, Reserve

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the disk has free, in bytes."""
    room = [64 << 20]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, room[0]))
    return room


def pieces(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("gate-*.reserve"))


def test_pieces_are_made_where_there_is_room_and_only_there(
    tmp_path: Path, free: list[int]
) -> None:
    reserve = Reserve(tmp_path / "gate.db")
    free[0] = 3 * PIECES * PIECE - 1
    reserve.restore()
    assert pieces(tmp_path) == []
    free[0] += 1
    reserve.restore()
    assert len(pieces(tmp_path)) == PIECES
    assert all((tmp_path / name).stat().st_size == PIECE for name in pieces(tmp_path))


def test_an_urgent_write_is_given_one_piece_and_others_leave_it_alone(
    tmp_path: Path, free: list[int]
) -> None:
    reserve = Reserve(tmp_path / "gate.db")
    reserve.restore()
    free[0] = 100_000
    assert reserve.before(urgent=False)  # nothing was given back: the disk decides
    assert len(pieces(tmp_path)) == PIECES
    assert reserve.before(urgent=True)
    assert len(pieces(tmp_path)) == PIECES - 1
    free[0] += PIECE
    assert reserve.before(urgent=True)
    assert len(pieces(tmp_path)) == PIECES - 1  # there is room for it
    assert not reserve.before(urgent=False)
    free[0] = 64 << 20
    assert reserve.before(urgent=False)
    reserve.restore()
    assert len(pieces(tmp_path)) == PIECES


def test_a_piece_left_empty_by_a_power_cut_is_made_again(tmp_path: Path, free: list[int]) -> None:
    (tmp_path / "gate-3.reserve").touch()
    Reserve(tmp_path / "gate.db").restore()
    assert (tmp_path / "gate-3.reserve").stat().st_size == PIECE


def test_a_disk_that_cannot_be_asked_stops_no_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> Usage:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", failing)
    reserve = Reserve(tmp_path / "gate.db")
    reserve.restore()
    assert reserve.before(urgent=False)
    assert reserve.before(urgent=True)
