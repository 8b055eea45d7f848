"""The lines of serial readers: what a card or a scanner sends, as claims."""

from __future__ import annotations

import logging
import os
import pty
import tty
from collections.abc import Iterator

import pytest

from gate.readers.claim import UNREADABLE, ClaimKind
from gate.readers.lines import CardLine, ScannerLine, lines_of
from gate.readers.rdm6300 import encode
from gate.readers.settings import ReaderSettings


def test_lines_of_a_scanner() -> None:
    assert lines_of(b"one\r\ntwo\nthr") == (["one", "two"], b"thr")
    assert lines_of(b"\xff\xfe\r\nok\r") == ([UNREADABLE, "ok"], b"")
    assert lines_of(b"a\x00b\n") == ([UNREADABLE], b"")
    assert lines_of(b"\r\n\r\n") == ([], b"")
    assert lines_of(b"x" * 2049 + b"\n")[0] == [UNREADABLE]
    assert len(lines_of(b"x" * 10_000)[1]) == 2048


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def read_all(line: CardLine | ScannerLine, values: int) -> list[tuple[ClaimKind, str]]:
    found: list[tuple[ClaimKind, str]] = []
    for _ in range(50):
        found += line.read()
        if len(found) >= values:
            break
    return found


def test_zeros_and_ones_of_an_rdm6300_are_no_card_but_logged_once(
    terminal: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    into, port = terminal
    line = CardLine(ReaderSettings(port=port))
    line.open()
    with caplog.at_level(logging.WARNING):
        for _ in range(40):
            os.write(into, encode(0) + encode(0xFFFFFFFF))
        os.write(into, encode(0x002D5C38))
        assert read_all(line, 1) == [(ClaimKind.CARD, "0002972728")]
    line.close()
    assert [record.message for record in caplog.records] == ["reader.blank_number"]


def test_a_card_reader_that_sends_the_lowest_byte_first(terminal: tuple[int, str]) -> None:
    into, port = terminal
    line = CardLine(ReaderSettings(port=port, byte_order="reversed"))
    line.open()
    os.write(into, encode(0x385C2D00))
    assert read_all(line, 1) == [(ClaimKind.CARD, "0002972728")]
    line.close()


def test_a_code_that_a_scanner_garbles_is_unreadable_and_not_lost(
    terminal: tuple[int, str],
) -> None:
    into, port = terminal
    line = ScannerLine(ReaderSettings(driver="scanner", port=port))
    line.open()
    os.write(into, b"GATE1:\xff\xfe\r\nGATE1:abc\r\n")
    assert read_all(line, 2) == [(ClaimKind.PERMIT, UNREADABLE), (ClaimKind.PERMIT, "GATE1:abc")]
    line.close()
