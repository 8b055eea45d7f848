"""A permit on paper: large text, a large code, no photograph."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache
from io import BytesIO
from pathlib import Path

import segno
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from gate.access.permit import Permit

# TrueType fonts of Linux for Chinese: what is used of the first that is there is embedded
_FONTS = tuple(
    Path("/usr/share/fonts/truetype") / name
    for name in (
        "wqy/wqy-microhei.ttc",
        "wqy/wqy-zenhei.ttc",
        "droid/DroidSansFallbackFull.ttf",
    )
)
# else one that PDF readers provide
_BUILT_IN = "STSong-Light"
_LATIN = "Helvetica-Bold"
_EDGE = 11 * mm
_CODE = 82 * mm
_VALUES = 36 * mm  # from the edge to what the labels of the lines are about
_SPACING = 1.3  # times the size of the letters from one line of gates to the next
_GATES = 21 * mm  # height for them


def permit_pdf(
    permit: Permit,
    text: str,
    *,
    name: str,
    community: str,
    zone: tzinfo,
    gates: Sequence[str] = (),
) -> bytes:
    """One A5 page as PDF.

    Args:
        permit: what the signed ``text`` says.
        name: of the holder, as it shall be printed.
        community: the heading.
        zone: in which the times are printed.
        gates: those of the permit as people call them; without, as it names them.
    """
    out = BytesIO()
    page = Canvas(out, pagesize=A5, pageCompression=1)
    page.setTitle(f"Permit {permit.serial}")
    width, height = A5
    top = height - _EDGE

    _line(page, width / 2, top - 5 * mm, community or "出入证", 15, centred=True)
    _line(page, width / 2, top - 16 * mm, "电子出入证", 27, centred=True)
    _line(page, width / 2, top - 23 * mm, "Entry permit", 14, centred=True)
    _code(page, text, (width - _CODE) / 2, top - 27 * mm - _CODE)

    below = top - 27 * mm - _CODE - 11 * mm
    _line(page, width / 2, below, name, 24, centred=True)
    rows = [
        ("有效期 Valid", f"{_time(permit.valid_from, zone)} –"),
        ("", _time(permit.valid_until, zone)),
        ("次数 Uses", str(permit.uses) if permit.uses else "不限 no limit"),
        ("大门 Gates", "" if permit.gates or gates else "全部 all"),
    ]
    for row, (label, value) in enumerate(rows):
        y = below - (11 + 8.2 * row) * mm
        _line(page, _EDGE, y, label, 12)
        _line(page, _EDGE + _VALUES, y, value, 17)
    size, lines = _folded(gates or sorted(permit.gates))
    for number, line in enumerate(lines):
        _line(page, _EDGE + _VALUES, y - number * _SPACING * size, line, size)
    _line(page, width / 2, _EDGE + 6 * mm, "请将二维码对准门口镜头", 13, centred=True)
    foot = f"Hold the code in front of the camera at the gate   ·   {permit.serial}"
    _line(page, width / 2, _EDGE, foot, 9, centred=True)
    page.showPage()
    page.save()
    return out.getvalue()


@cache
def _chinese() -> str:
    """The name of the font for Chinese, registered."""
    for file in _FONTS:
        with suppress(TTFError, OSError):
            pdfmetrics.registerFont(TTFont("Chinese", file))
            return "Chinese"
    pdfmetrics.registerFont(UnicodeCIDFont(_BUILT_IN))
    return _BUILT_IN


def _time(when: datetime, zone: tzinfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}"


def _line(
    page: Canvas, x: float, y: float, words: str, size: float, *, centred: bool = False
) -> None:
    """One line in which Latin letters are set in a Latin font; shrunk when it is too wide."""
    room = A5[0] - 2 * _EDGE if centred else A5[0] - _EDGE - x
    while size > 6 and _width(words, size) > room:
        size -= 0.5
    x -= _width(words, size) / 2 if centred else 0
    for run, font in _runs(words):
        page.setFont(font, size)
        page.drawString(x, y, run)
        x += pdfmetrics.stringWidth(run, font, size)


def _folded(names: Sequence[str]) -> tuple[float, list[str]]:
    """The size in which these names fit, and the lines they take: one if it can be read well."""
    size = 17.0
    while True:
        lines = _lines(names, size)
        low = (len(lines) - 1) * _SPACING * size <= _GATES
        if len(lines) <= 1 or (size <= 12 and low) or size <= 6:
            return size, lines
        size -= 0.5


def _lines(names: Sequence[str], size: float) -> list[str]:
    """The names with commas, on as many lines of this size as they take."""
    lines: list[str] = []
    for name in names:
        longer = f"{lines[-1]}, {name}" if lines else name
        if lines and _width(f"{longer},", size) > A5[0] - 2 * _EDGE - _VALUES:
            lines[-1] += ","
            lines.append(name)
        else:
            lines[-1:] = [longer]
    return lines


def _runs(words: str) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for character in words:
        font = _LATIN if character < "\u2000" or character == "–" else _chinese()
        if runs and runs[-1][1] == font:
            runs[-1] = (runs[-1][0] + character, font)
        else:
            runs.append((character, font))
    return runs


def _width(words: str, size: float) -> float:
    return float(sum(pdfmetrics.stringWidth(run, font, size) for run, font in _runs(words)))


def _code(page: Canvas, text: str, x: float, y: float) -> None:
    """The code with its quiet zone, drawn as squares: sharp at any size."""
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    module = _CODE / len(matrix)
    for down, row in enumerate(matrix):
        for across, dark in enumerate(row):
            if dark:
                page.rect(
                    x + across * module,
                    y + _CODE - (down + 1) * module,
                    module,
                    module,
                    stroke=0,
                    fill=1,
                )
