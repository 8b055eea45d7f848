"""Wiegand numbers of 26 and 34 bits: even parity before, odd parity behind the data."""

from __future__ import annotations

LENGTHS = (26, 34)


def encode(number: int, length: int = 26) -> tuple[int, ...]:
    """The bits, first sent first, of a card number of ``length`` − 2 bits."""
    size = length - 2
    data = tuple(number >> (size - 1 - i) & 1 for i in range(size))
    return (sum(data[: size // 2]) % 2, *data, 1 - sum(data[size // 2 :]) % 2)


def decode(bits: tuple[int, ...]) -> int | None:
    """The card number, or None when length or parity is wrong."""
    if len(bits) not in LENGTHS:
        return None
    half = len(bits) // 2
    if sum(bits[:half]) % 2 != 0 or sum(bits[half:]) % 2 != 1:
        return None
    number = 0
    for bit in bits[1:-1]:
        number = number << 1 | bit
    return number


def unpack(data: bytes, length: int) -> tuple[int, ...]:
    """The first ``length`` bits of ``data``, the highest bit of each byte first."""
    return tuple(data[i // 8] >> (7 - i % 8) & 1 for i in range(min(length, 8 * len(data))))


def pack(bits: tuple[int, ...]) -> bytes:
    """The reverse of ``unpack``; the last byte is filled with zeros."""
    padded = bits + (0,) * (-len(bits) % 8)
    return bytes(
        sum(bit << (7 - i) for i, bit in enumerate(padded[at : at + 8]))
        for at in range(0, len(padded), 8)
    )
