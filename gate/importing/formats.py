"""Numbers as a workbook shows them: dates, leading zeros, digits between separators.

Source: ECMA-376 part 1, 18.8.30 (numFmt) and 18.17.4 (dates).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from gate.importing.book import Cell, Form

GENERAL = "General"
MOST_DIGITS = 15  # a workbook keeps no more

# ECMA-376 18.8.30; 27-36 and 50-58 are dates on Chinese, Japanese and Korean systems
_BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 37: "#,##0", 38: "#,##0", 39: "#,##0.00",
    40: "#,##0.00", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
_DATES = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58}
_TIMES = {18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56}
_BUILT_IN |= dict.fromkeys(_DATES, "yyyy-mm-dd") | dict.fromkeys(_TIMES, "h:mm:ss")


def built_in(number: int) -> str:
    """The format of a built-in number; General for one nobody defined."""
    return _BUILT_IN.get(number, GENERAL)


def shown(value: float, style: str, *, since_1904: bool = False) -> Cell:
    """The cell of a number under a format."""
    if value != value or value in (float("inf"), float("-inf")):
        return Cell("#NUM!", Form.ERROR)
    first = style.split(";", 1)[0]
    if is_date(first):
        day = day_of(value, since_1904=since_1904)
        if day is not None:
            return Cell(day.isoformat(), Form.DATE, value)
    zeros = _zeros(value, first)
    if zeros is not None:
        return Cell(zeros, Form.TEXT, value)
    return Cell(plain(value), Form.NUMBER, value)


def plain(value: float) -> str:
    """All digits of a number, without an exponent where it has no more than 15 of them."""
    if value.is_integer() and abs(value) < 10**MOST_DIGITS:
        return str(int(value))
    return repr(value) if abs(value) < 10**MOST_DIGITS else f"{value:G}"


def is_date(style: str) -> bool:
    """Whether a format shows a day."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', "", style.lower())
    if bare.strip() in ("general", "@", "") or re.search(r"[0#?]", bare):
        return False
    return bool(re.search(r"[yde]|年|月|日|m(?!.*[hs])", bare)) and not re.fullmatch(
        r"[^yd]*[hs][^yd]*", bare
    )


def day_of(serial: float, *, since_1904: bool = False) -> date | None:
    """The day of a serial number; None outside 1900 to 9999.

    Day 60 is 29 February 1900 in every spreadsheet that copies Lotus; before it days are one off.
    """
    days = int(serial)
    start = date(1904, 1, 1) if since_1904 else date(1899, 12, 30 if days > 59 else 31)
    if days < (0 if since_1904 else 1):
        return None
    try:
        return start + timedelta(days=days)
    except OverflowError:
        return None


def _zeros(value: float, style: str) -> str | None:
    """Digits under a format of zeros and literals like 0000000000 or 000"-"00000; else None."""
    if not value.is_integer() or value < 0 or value >= 10**MOST_DIGITS:
        return None
    parts = re.findall(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|.', style)
    shape: list[str] = []
    for part in parts:
        if part[0] in '["_*' or part[0] == "\\":
            shape.append(part[1:-1] if part[0] == '"' else part[1] if part[0] == "\\" else "")
        elif part == "0":
            shape.append("\0")
        elif part in "-/ :":
            shape.append(part)
        else:
            return None
    places = shape.count("\0")
    if places < 2:
        return None
    digits = str(int(value)).rjust(places, "0")
    head, rest = digits[: len(digits) - places], iter(digits[len(digits) - places :])
    text = "".join(next(rest) if part == "\0" else part for part in shape)
    return head + text
