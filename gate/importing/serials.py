"""Serial numbers: days as a spreadsheet counts them, where a cell has no format of a date.

Most workbooks count from 1900, some of Excel for Mac from 1904; a file of text does not say from
which. 19876 in a column of births is 1 June 1954 by the one and 2 June 1958 by the other, and
somebody may have typed it for June 1987. Several births that can all be read as a month are no
chance: as days they would all lie between 1952 and 1955.
"""

from __future__ import annotations

import re

from gate.importing.formats import day_of
from gate.importing.text import code

SYSTEMS = ("1900", "1904", "month")
_BIRTH = re.compile(r"[1-7][0-9]{4}(?:\.[0-9]+)?")  # 1927 to 2119 as counted from 1900
# from 1954; a month such as 20271 is no day
_VALIDITY = re.compile(r"(?!20[0-2][0-9][1-9]\b)[2-7][0-9]{4}(?:\.[0-9]+)?")
_MONTH = re.compile(r"(19[0-9]{2}|20[0-2][0-9])([1-9])")


def serial(text: str, *, birth: bool) -> str:
    """The serial number of a day of birth or of validity that a text is, "" when it is none."""
    written = code(text)
    return written if (_BIRTH if birth else _VALIDITY).fullmatch(written) else ""


class Serials:
    """Those of one table: collected, and read under one answer for all of them.

    Args:
        own: the system the workbook counts by, "" where the file does not say.
        chosen: one of ``SYSTEMS``, or "".
    """

    def __init__(self, own: str, chosen: str) -> None:
        self._own, self._chosen = own, chosen
        self.examples: dict[str, dict[str, str]] = {}  # as written → system → day
        self._births: set[str] = set()
        self._open = False  # whether the file does not say by which system they count
        self.count = 0

    def collect(self, text: str, *, birth: bool, number: bool) -> None:
        """Collect a cell of a column of days, if it is a serial number.

        ``number``: whether the cell holds a number, and no text.
        """
        written = serial(text, birth=birth)
        if not written:
            return
        if birth:
            self._open |= not (number and self._own)
            self._births.add(written)
        self.count += 1
        if len(self.examples) < 500:
            self.examples[written] = {
                system: self.reading(written, system)
                for system in SYSTEMS
                if system != "month" or _MONTH.fullmatch(written)
            }

    @property
    def options(self) -> tuple[str, ...]:
        """The systems on offer: year and month only where every birth can be read so."""
        month = self._births and all(map(_MONTH.fullmatch, self._births))
        return SYSTEMS if month else SYSTEMS[:2]

    @property
    def answer(self) -> str:
        """The system they are read by; "" while that is open."""
        if self._chosen in self.options:
            return self._chosen
        months = len(self._births) > 1 and "month" in self.options
        return "" if self._open or months else self._own or "1900"

    def day(self, written: str) -> str:
        """The day of one that was collected; as written while that is open."""
        months = self.answer == "month"  # of the births only
        return self.reading(written, (self._own or "1900") if months else self.answer)

    def birth_year(self, written: str) -> str:
        """The year of one that was collected; as written while that is open."""
        return self.reading(written, self.answer)[: 4 if self.answer else None]

    @staticmethod
    def reading(written: str, system: str) -> str:
        """2026-11-23, or 1987-06 as year and month; as written under no system."""
        if system == "month":
            found = _MONTH.fullmatch(written)
            return f"{found[1]}-0{found[2]}" if found else written
        day = day_of(float(written), since_1904=system == "1904") if system else None
        return day.isoformat() if day else written
