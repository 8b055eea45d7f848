"""One canonical number for a card, whichever way it is printed, typed or sent.

Canonical: the card's 32-bit number (without the version byte) as ten decimal digits. With
``bits=24`` only the low 24 bits are kept, the part that Wiegand 26 and facility,number can carry.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gate.errors import AccessError


class Form(StrEnum):
    AUTO = "auto"  # by its look, see ``canonical``
    DECIMAL = "decimal"  # 0002972728
    HEX = "hex"  # 002D5C38, or with the version byte 0A002D5C38
    FACILITY = "facility"  # 045,23608 or 04523608


def canonical(text: str, form: Form = Form.AUTO, bits: int = 32) -> str:
    """The canonical number of a card as printed.

    By its look: with a comma (or one of ``.:/-`` or a blank) it is facility,number; eight digits
    and letters A to F, or ten with at least one letter, are hexadecimal; ten digits or fewer are
    decimal. Eight digits without a letter are hexadecimal when they begin with 00, since printed
    decimals have ten digits; else they could be either, and ``form`` must say which.

    Raises AccessError when it is no card number.
    """
    written = text.strip().upper()
    try:
        number = _number(written, _form(written) if form is Form.AUTO else form)
    except ValueError:
        raise AccessError(
            "not a card number",
            where=f"{len(written)} characters",
            mend="write it as printed: 0002972728, 002D5C38 or 045,23608",
        ) from None
    return of_number(number, bits)


def of_number(number: int, bits: int = 32) -> str:
    """The canonical number of a card a reader gave as an integer."""
    return f"{number & ((1 << bits) - 1):010d}"


def _form(written: str) -> Form:
    if re.search(r"[,.:/ -]", written):
        return Form.FACILITY
    if re.search(r"[A-F]", written) or re.fullmatch(r"00[0-9]{6}", written):
        return Form.HEX
    if len(written) == 8:
        raise ValueError("eight digits: decimal or hexadecimal")
    return Form.DECIMAL


def _number(written: str, form: Form) -> int:
    if form is Form.HEX:
        if not re.fullmatch(r"([0-9A-F]{2})?[0-9A-F]{8}|[0-9A-F]{6}", written):
            raise ValueError("not hexadecimal")
        return int(written[-8:], 16)
    if form is Form.FACILITY:
        parts = re.fullmatch(r"([0-9]{1,3}) ?[,.:/ -] ?([0-9]{1,5})|([0-9]{3})([0-9]{5})", written)
        if not parts:
            raise ValueError("not facility and number")
        facility, number = (int(part) for part in parts.groups() if part)
        if facility > 0xFF or number > 0xFFFF:
            raise ValueError("too great")
        return facility << 16 | number
    if not re.fullmatch(r"[0-9]{1,10}", written) or int(written) > 0xFFFFFFFF:
        raise ValueError("not decimal")
    return int(written)
