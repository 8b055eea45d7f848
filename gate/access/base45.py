"""Base 45 of RFC 9285: bytes in the 45 characters of a QR code's alphanumeric mode."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def b45encode(data: bytes) -> str:
    """Two bytes become three characters, a last single one two."""
    text = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        rest = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            rest, value = divmod(rest, 45)
            text.append(_ALPHABET[value])
    return "".join(text)


def b45decode(text: str) -> bytes:
    """Raises ValueError for a character or a length that does not belong."""
    if len(text) % 3 == 1:
        raise ValueError("a base 45 text is cut")
    data = bytearray()
    for at in range(0, len(text), 3):
        triple = text[at : at + 3]
        try:
            number = sum(_VALUES[c] * 45**power for power, c in enumerate(triple))
        except KeyError:
            raise ValueError("a character that base 45 does not have") from None
        length = len(triple) - 1
        if number >= 256**length:
            raise ValueError("not base 45")
        data += number.to_bytes(length)
    return bytes(data)
