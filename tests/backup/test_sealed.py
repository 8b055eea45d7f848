"""A sealed stream: opened by its secret alone, and no byte of it may change."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.backup import sealed
from gate.errors import StoreError
from tests.effort import examples

PASSPHRASE = "four words nobody guesses"


def sealed_file(plain: bytes, header: sealed.Header) -> bytes:
    target = io.BytesIO()
    sealer = sealed.Sealer(target, header)
    for begin in range(0, len(plain), 700_001):
        sealer.write(plain[begin : begin + 700_001])
    assert sealer.tell() == len(plain)
    sealer.close()
    return target.getvalue()


def opened(file: bytes, secret: str) -> bytes:
    source = io.BytesIO(file)
    header = sealed.open_header(source, secret, "file")
    return b"".join(sealed.pieces(source, header, "file"))


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE - 1, sealed.PIECE, sealed.PIECE + 1])
@pytest.mark.slow
def test_what_was_sealed_comes_back(size: int) -> None:
    plain = bytes(i % 251 for i in range(size))
    assert opened(sealed_file(plain, sealed.with_passphrase(PASSPHRASE)), PASSPHRASE) == plain


def test_the_recovery_key_opens_what_was_sealed_for_its_public_half() -> None:
    private, public = sealed.new_recovery_key()
    file = sealed_file(b"register", sealed.for_recovery_key(public))
    assert opened(file, private) == b"register"
    assert opened(file, private.lower().replace("-", " ")) == b"register"


@pytest.mark.slow
def test_another_secret_opens_nothing() -> None:
    file = sealed_file(b"register", sealed.with_passphrase(PASSPHRASE))
    with pytest.raises(StoreError, match="wrong passphrase"):
        opened(file, "another passphrase")
    _, public = sealed.new_recovery_key()
    other, _ = sealed.new_recovery_key()
    with pytest.raises(StoreError, match="wrong passphrase or recovery key"):
        opened(sealed_file(b"register", sealed.for_recovery_key(public)), other)


@pytest.mark.slow
def test_the_same_content_never_looks_the_same() -> None:
    files = {sealed_file(b"register", sealed.with_passphrase(PASSPHRASE)) for _ in range(2)}
    assert len(files) == 2


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_no_byte_can_be_changed_and_no_end_cut_off(data: st.DataObject) -> None:
    private, _public = SEALED_FOR
    file = bytearray(LONG)
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(file) - 1))
        file[place] ^= data.draw(st.integers(1, 255))
    else:
        del file[data.draw(st.integers(0, len(file) - 1)) :]
    with pytest.raises(StoreError):
        opened(bytes(file), private)


def test_pieces_cannot_change_places() -> None:
    private, _ = SEALED_FOR
    line, rest = LONG.split(b"\n", 1)
    size = sealed.PIECE + 16
    moved = rest[size : 2 * size] + rest[:size] + rest[2 * size :]
    with pytest.raises(StoreError):
        opened(line + b"\n" + moved, private)


def test_a_short_passphrase_and_a_foreign_file_are_refused() -> None:
    with pytest.raises(StoreError, match="shorter than"):
        sealed.with_passphrase("short")
    for foreign in (b"", b"PK\x03\x04", b'{"format": "other"}\n', b"[]\n", b"x" * 9000):
        with pytest.raises(StoreError, match="not a backup"):
            opened(foreign, PASSPHRASE)


@pytest.mark.slow
def test_a_header_that_asks_for_hours_of_work_is_refused() -> None:
    line = sealed.with_passphrase(PASSPHRASE).line.replace(b'"time_cost":3', b'"time_cost":9999')
    with pytest.raises(StoreError, match="not a backup"):
        opened(line, PASSPHRASE)


SEALED_FOR = sealed.new_recovery_key()
LONG = sealed_file(bytes(2 * sealed.PIECE + 100), sealed.for_recovery_key(SEALED_FOR[1]))
