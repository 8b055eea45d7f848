"""Batches in a folder: whole or not at all, and named so that they are written once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gate.exporting.folder_target import FolderTarget
from gate.exporting.settings import ExportSettings
from gate.exporting.target import Batch, DeliveryError, Receipt


def target(folder: Path) -> FolderTarget:
    return FolderTarget(ExportSettings.model_construct(url=folder.as_uri()))


def batch(body: bytes = b"one\n", path: str = "2026/01") -> Batch:
    return Batch("passages", "key", "1-000001.csv", body, "text/csv", path, (1,))  # type: ignore[arg-type]


def test_a_batch_is_a_file_and_written_again_the_same_file(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"  # its address has a %20
    for body in (b"one\n", b"one\ntwo\n"):
        assert asyncio.run(target(folder).deliver(batch(body))) == Receipt()
        assert (folder / "2026/01/1-000001.csv").read_bytes() == body
    assert [file.name for file in (folder / "2026/01").iterdir()] == ["1-000001.csv"]


def test_what_cannot_be_written_is_certainly_not_there(tmp_path: Path) -> None:
    (tmp_path / "2026").write_text("a file in the way")
    with pytest.raises(DeliveryError, match="cannot be written") as raised:
        asyncio.run(target(tmp_path).deliver(batch()))
    assert raised.value.certain
    assert raised.value.where.endswith("2026/01/1-000001.csv")


def test_a_folder_cannot_be_asked_how_far_it_is(tmp_path: Path) -> None:
    assert asyncio.run(target(tmp_path).position()) is None
