"""The software as a folder: unpacked beside, swapped, and back."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.update.tree import Tree


def software(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3").write_text("#!/bin/sh\n")
    (folder / "version").write_text(version)
    return folder


def packed(tmp_path: Path, version: str) -> Path:
    source = software(tmp_path / f"source-{version}", version)
    file = tmp_path / f"{version}.tar"
    with tarfile.open(file, "w") as archive:
        archive.add(source, arcname=".")
    return file


def test_swapped_and_back(tmp_path: Path) -> None:
    tree = Tree(software(tmp_path / "gate", "1"))
    tree.unpack(packed(tmp_path, "2"))
    assert (tree.home / "version").read_text() == "1"
    tree.swap()
    assert (tree.home / "version").read_text() == "2"
    tree.back()
    assert (tree.home / "version").read_text() == "1"
    tree.unpack(packed(tmp_path, "3"))
    tree.swap()
    assert (tree.home / "version").read_text() == "3"
    assert (tree.previous / "version").read_text() == "1"


@pytest.mark.parametrize("content", [b"", b"not a tar file", b"\x1f\x8b broken"])
def test_what_cannot_be_unpacked_changes_nothing(tmp_path: Path, content: bytes) -> None:
    tree = Tree(software(tmp_path / "gate", "1"))
    for name in ("x.tar", "x.deb"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigurationError):
            tree.unpack(tmp_path / name)
    assert (tree.home / "version").read_text() == "1"
    assert not tree.new.exists()


def test_an_archive_of_something_else_is_no_update(tmp_path: Path) -> None:
    tree = Tree(software(tmp_path / "gate", "1"))
    (tmp_path / "letter").write_text("hello")
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(tmp_path / "letter", arcname="letter")
    with pytest.raises(ConfigurationError, match="no update"):
        tree.unpack(tmp_path / "x.tar")


def test_an_exchange_that_fails_half_way_leaves_the_version_that_runs(tmp_path: Path) -> None:
    tree = Tree(software(tmp_path / "gate", "1"))
    with pytest.raises(ConfigurationError, match="cannot be exchanged"):
        tree.swap()  # nothing was unpacked
    assert (tree.home / "version").read_text() == "1"
