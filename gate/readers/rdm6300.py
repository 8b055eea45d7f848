"""RDM6300 and EM4100 readers: a frame of fourteen characters, repeated while the card is near."""

from __future__ import annotations

START, END = 0x02, 0x03
LENGTH = 14
_HEX = frozenset(b"0123456789ABCDEFabcdef")


def parse(buffer: bytes) -> tuple[list[int], bytes]:
    """The 32-bit card numbers in ``buffer`` and the bytes to prepend to the next ones."""
    numbers: list[int] = []
    at = buffer.find(START)
    while at >= 0:
        frame = buffer[at : at + LENGTH]
        number = _number(frame)
        if number is not None:
            numbers.append(number)
            at = buffer.find(START, at + LENGTH)
        elif len(frame) < LENGTH and all(byte in _HEX for byte in frame[1:]):
            return numbers, frame
        else:
            at = buffer.find(START, at + 1)
    return numbers, b""


def encode(number: int, version: int = 0) -> bytes:
    """The frame of a card, as the reader sends it."""
    card = bytes((version,)) + number.to_bytes(4, "big")
    check = 0
    for byte in card:
        check ^= byte
    return b"\x02" + (card + bytes((check,))).hex().upper().encode() + b"\x03"


def _number(frame: bytes) -> int | None:
    if len(frame) != LENGTH or frame[-1] != END or any(byte not in _HEX for byte in frame[1:-1]):
        return None
    *card, check = bytes.fromhex(frame[1:-1].decode())
    for byte in card:
        check ^= byte
    return int.from_bytes(bytes(card[1:]), "big") if check == 0 else None
