"""One canonical number for a card, whichever way it is printed, typed or sent.

Canonical: the card's 32-bit number (without the version byte of EM4100) as ten decimal digits, and
the whole of a 7-byte UID (ISO 14443) as seventeen. With ``bits=24`` only the low 24 bits are kept,
the part that Wiegand 26 and facility,number can carry.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gate.errors import AccessError

UID_BYTES = 7
_UID_MOST = (1 << 8 * UID_BYTES) - 1


class Form(StrEnum):
    AUTO = "auto"  # by its look, see ``canonical``
    DECIMAL = "decimal"  # 0002972728
    HEX = "hex"  # 002D5C38, with the version byte 0A002D5C38, a UID of 7 bytes 04A2245BD91290
    FACILITY = "facility"  # 045,23608 or 04523608


def canonical(
    text: str, form: Form = Form.AUTO, bits: int = 32, *, reversed_bytes: bool = False
) -> str:
    """The canonical number of a card as printed or typed.

    By its look:

    - with a comma (or one of ``.:/-`` or a blank) facility,number;
    - 14 hexadecimal digits: a UID of 7 bytes;
    - eight digits and letters A to F, or ten with at least one letter: hexadecimal;
    - up to ten digits: decimal; 11 to 13: with the version byte; 15 to 17: a UID in decimal;
    - two forms in one line, as many cards are printed: they must agree.

    Eight digits without a letter are hexadecimal when they begin with 00, since printed decimals
    have ten digits; otherwise they could be hexadecimal, decimal or facility and number, and
    ``form`` must say which.

    Args:
        text: as printed or typed.
        form: how it is written.
        bits: 24 or 32.
        reversed_bytes: the reader sends the lowest byte first.

    Raises AccessError when it is no card number, or one that no card has: zero and all ones are
    what readers send by themselves.
    """
    written = " ".join(text.upper().split())
    try:
        number, size = _read(written, form)
    except ValueError as error:
        raise AccessError(
            "not a card number",
            where=f"{len(written)} characters: {error}",
            hint="write it as printed: 0002972728, 002D5C38, 045,23608 or 04A2245BD91290",
        ) from None
    found = of_bytes(number, size, bits, reversed_bytes=reversed_bytes)
    if found is None:
        raise AccessError(
            "not a card number",
            where="all zeros or all ones, which a reader sends without a card",
            hint="read the card again, or type the number printed on it",
        )
    return found


def of_bytes(number: int, size: int, bits: int = 32, *, reversed_bytes: bool = False) -> str | None:
    """The canonical number of a card that a reader sent as ``size`` bytes.

    None for zero and all ones, in the number or in the part of it that is kept.
    """
    if reversed_bytes and size in (4, UID_BYTES):
        number = int.from_bytes(number.to_bytes(size, "big"), "little")
    if bits == 32 and size == UID_BYTES:
        kept, most, digits = number, _UID_MOST, 17
    else:
        kept, most, digits = number & ((1 << bits) - 1), (1 << min(bits, 8 * size)) - 1, 10
    return None if kept in (0, most) else f"{kept:0{digits}d}"


def of_number(number: int, bits: int = 32) -> str:
    """The canonical number of a card given as a 32-bit integer, blank or not."""
    return f"{number & ((1 << bits) - 1):010d}"


def _read(written: str, form: Form) -> tuple[int, int]:
    """The number and how many bytes it has. Raises ValueError with the reason."""
    forms = written.split(" ")
    if (
        form is Form.AUTO
        and len(forms) == 2
        and not all(re.fullmatch(r"\d{1,5}", f) for f in forms)
    ):
        return _agreed(*(_one(each, form) for each in forms))
    return _one(written, form)


def _agreed(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """The longer of two numbers that are the same as far as the shorter goes."""
    short, long = sorted((first, second), key=lambda found: found[1])
    if long[0] & ((1 << 8 * short[1]) - 1) != short[0]:
        raise ValueError("two numbers that differ")
    return long


def _one(written: str, form: Form) -> tuple[int, int]:
    form = _form(written) if form is Form.AUTO else form
    if form is Form.HEX:
        if re.fullmatch(r"[0-9A-F]{14}", written):
            return int(written, 16), UID_BYTES
        if not re.fullmatch(r"([0-9A-F]{2})?[0-9A-F]{8}|[0-9A-F]{6}", written):
            raise ValueError("not hexadecimal of 6, 8, 10 or 14 digits")
        return int(written[-8:], 16), 3 if len(written) == 6 else 4
    if form is Form.FACILITY:
        parts = re.fullmatch(r"([0-9]{1,3}) ?[,.:/ -] ?([0-9]{1,5})|([0-9]{3})([0-9]{5})", written)
        if not parts:
            raise ValueError("not facility and number")
        facility, number = (int(part) for part in parts.groups() if part)
        if facility > 0xFF or number > 0xFFFF:
            raise ValueError("facility above 255 or number above 65535")
        return facility << 16 | number, 3
    if not re.fullmatch(r"[0-9]{1,17}", written) or len(written) == 14:
        raise ValueError("not decimal of up to 13 or of 15 to 17 digits")
    return _decimal(int(written), len(written))


def _decimal(number: int, digits: int) -> tuple[int, int]:
    if digits > 13:
        if number > _UID_MOST:
            raise ValueError("more than a UID of 7 bytes")
        return number, UID_BYTES
    # EM4100 as a whole has 40 bits, 13 digits: the highest byte is the version
    if number >= 1 << (32 if digits <= 10 else 40):
        raise ValueError("more than the number of a card")
    return number & 0xFFFFFFFF, 4


def _form(written: str) -> Form:
    if re.search(r"[,.:/ -]", written):
        return Form.FACILITY
    if re.search(r"[A-F]", written) or re.fullmatch(r"00[0-9]{6}|[0-9]{14}", written):
        return Form.HEX
    if len(written) == 8:
        raise ValueError("eight digits can be hexadecimal, decimal, or facility and number")
    return Form.DECIMAL
