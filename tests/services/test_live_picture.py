"""The camera's newest picture over a Unix socket."""

from __future__ import annotations

import logging
import socket
import stat
from pathlib import Path

import pytest

from gate.services.live_picture import LARGEST, PictureServer, _short, address, fetch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_each_asker_gets_the_newest_picture(folder: Path) -> None:
    pictures = iter([b"first", b"second"])
    server = PictureServer(folder, "gate-1", lambda: next(pictures))
    server.open()
    try:
        assert fetch(folder, "gate-1") == b"first"
        assert fetch(folder, "gate-1") == b"second"
        assert fetch(folder, "gate-2") is None
    finally:
        server.close()


def test_only_the_gate_s_own_user_may_ask(folder: Path) -> None:
    server = PictureServer(folder, "gate-1", lambda: b"x")
    server.open()
    try:
        assert stat.S_IMODE(address(folder, "gate-1").stat().st_mode) == 0o600
    finally:
        server.close()
    assert not address(folder, "gate-1").exists()
    assert fetch(folder, "gate-1") is None
    server.close()


def test_no_picture_and_one_that_is_too_large_are_none(folder: Path) -> None:
    for made in (None, b"", b"x" * (LARGEST + 1)):
        server = PictureServer(folder, "gate-1", lambda made=made: made)  # type: ignore[misc]
        server.open()
        try:
            assert fetch(folder, "gate-1") is None
        finally:
            server.close()


def test_an_asker_that_reads_nothing_ends_nothing(folder: Path) -> None:
    server = PictureServer(folder, "gate-1", lambda: b"x" * 500_000)
    server.open()
    try:
        lazy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with lazy, _short(address(folder, "gate-1")) as path:
            lazy.connect(path)
        assert fetch(folder, "gate-1") == b"x" * 500_000
    finally:
        server.close()


def test_a_socket_left_by_a_gate_that_was_killed_is_replaced(folder: Path) -> None:
    left = PictureServer(folder, "gate-1", lambda: b"old")
    left.open()
    assert left._listening is not None
    left._listening.detach()  # as after SIGKILL: the file is there and nobody listens
    server = PictureServer(folder, "gate-1", lambda: b"new")
    server.open()
    try:
        assert fetch(folder, "gate-1") == b"new"
    finally:
        server.close()


def test_a_folder_with_a_long_path_does_too(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    server = PictureServer(deep, "gate-1", lambda: b"x")
    server.open()
    try:
        assert fetch(deep, "gate-1") == b"x"
    finally:
        server.close()


def test_a_folder_that_takes_no_socket_is_logged_and_the_gate_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = PictureServer(tmp_path / "nowhere", "gate-1", lambda: b"x")
    with caplog.at_level(logging.WARNING):
        server.open()
    assert "picture.not_served" in caplog.text
    assert fetch(tmp_path / "nowhere", "gate-1") is None
    server.close()
