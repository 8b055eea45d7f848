"""Text tables: encoding and delimiter recognised by what comes out, both open to correction."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from charset_normalizer import from_bytes

from gate.errors import ConfigurationError
from gate.importing.book import MOST_COLUMN, MOST_LINES, Book, Budget, Cell, Row, Sheet

MOST_BYTES = 200 << 20
SAMPLE = 1 << 16
ENCODINGS = (
    *("utf-8", "gb18030", "big5", "cp1252", "utf-16", "shift_jis", "euc_kr", "cp1251", "mac_roman"),
)
DELIMITERS = (",", ";", "\t", "|", "，", "；", "、")
_BLANK = " "  # several of them are one delimiter
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_delimited(
    data: bytes, where: str, known: Callable[[str], bool], encoding: str = ""
) -> Book:
    """The one sheet of a .csv, .tsv or .txt file.

    Args:
        known: whether a cell is a heading people write; what decodes to headings is right.
        encoding: chosen by a person; "" to recognise it.

    Raises ConfigurationError.
    """
    if len(data) > MOST_BYTES:
        raise ConfigurationError("the table is larger than 200 MB", where=where, hint="split it")
    if _marked_wrongly(data[:SAMPLE]):
        data = data[len(codecs.BOM_UTF8) :]
    ranked = [encoding] if encoding else rank(data[:SAMPLE], known)
    text, used = _decoded(data, ranked, where)
    separator = re.match(r'"?sep=(.)"?\r?\n', text)
    skipped = 1 if separator else 0
    text = text[separator.end() :] if separator else text
    delimiter = separator[1] if separator else delimiter_of(text[:SAMPLE], known)
    rows = _rows(text, delimiter, skipped, where)
    others = tuple(name for name in dict.fromkeys([*ranked, *ENCODINGS]) if name != used)
    return Book((Sheet("", rows),), "csv", used, delimiter, others)


def _marked_wrongly(sample: bytes) -> bool:
    """Whether a program wrote the mark of UTF-8 before GB 18030."""
    rest = sample.removeprefix(codecs.BOM_UTF8)
    return rest != sample and not _decodes(sample, "utf-8") and _decodes(rest, "gb18030")


def rank(sample: bytes, known: Callable[[str], bool]) -> list[str]:
    """Encodings the bytes may be in, the likeliest first."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return [name]
    if b"\0" in sample[:2000]:
        even, odd = sample[:2000:2].count(0), sample[1:2000:2].count(0)
        return ["utf-16-le" if odd > even else "utf-16-be"]
    if sample.isascii():
        return ["utf-8"]
    if _decodes(sample, "utf-8"):
        return ["utf-8"]
    names = list(ENCODINGS[1:])
    best = from_bytes(sample[:8192]).best()
    if best is not None and best.encoding not in names:
        names.append(best.encoding)
    guessed = best.encoding if best is not None else ""
    scores = {}
    for name in names:
        text = _sample(sample, name)
        if text is not None:
            words = sum(known(cell) for cell in re.split(r"[,;\t|，；、\r\n]", text[:2000]))
            scores[name] = plausible(text) + 0.5 * min(words, 4)
            scores[name] += 0.01 * (name == guessed) + 0.02 * (name == "cp1252")
    return sorted(scores, key=lambda name: -scores[name]) or ["cp1252"]


def plausible(text: str) -> float:
    """0..1: the share of characters beyond ASCII that people write beside their neighbours."""
    good = total = 0.0
    for before, letter, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if letter.isascii():
            if not letter.isprintable() and letter not in "\r\n\t":
                total += 2
            continue
        total += 1
        good += _weight(letter, before, after)
    return good / total if total else 0.0


def _weight(letter: str, before: str, after: str) -> float:
    """How usual a letter beyond ASCII is where it is; a letter of one script among another's not.

    Hanzi count by their level in the standards that rank them by use: GB 2312 and Big5.
    """
    if "\u4e00" <= letter <= "\u9fff":
        lonely = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
        return _frequent(letter) * (0.3 if lonely else 1.0)
    if letter in "，。、；：（）“”《》·　＊★" or "\uff01" <= letter <= "\uff5e":
        return 0.9
    if "\u3040" <= letter <= "\u30ff":
        return 0.8
    if "\uac00" <= letter <= "\ud7a3":
        return 0.5
    if "\u0400" <= letter <= "\u04ff":
        around = [near for near in (before, after) if near.isalpha()]
        return 0.75 if any("\u0400" <= near <= "\u04ff" for near in around) else 0.1
    if "\u00c0" <= letter <= "\u024f" and letter not in "×÷":
        around = [near for near in (before, after) if near.isalpha()]
        plain = any(near.isascii() for near in around)
        wrong = letter.isupper() and before.islower()
        return 0.2 if wrong or not plain else 0.95 if letter <= "\u00ff" else 0.85
    return 0.0 if unicodedata.category(letter) in ("Co", "Cn", "Cc") else 0.1


@lru_cache(maxsize=4096)
def _frequent(letter: str) -> float:
    """1 for the characters in daily use, less for rare ones."""
    for encoding, low, high, weight in (
        ("gb2312", 0xB0, 0xD7, 1.0),
        ("big5", 0xA4, 0xC6, 0.97),
        ("gb2312", 0xD8, 0xF7, 0.5),
        ("big5", 0xC9, 0xF9, 0.2),
    ):
        try:
            if low <= letter.encode(encoding)[0] <= high:
                return weight
        except UnicodeEncodeError:
            continue
    return 0.05


def delimiter_of(text: str, known: Callable[[str], bool]) -> str:
    """What separates the cells: by the headings it gives, then by how even it makes the lines.

    Blanks only where nothing else gives two headings.
    """
    best, score = ",", -1.0
    for delimiter in (*DELIMITERS, _BLANK):
        if delimiter == _BLANK and score >= 2:
            break
        try:
            rows = [row for row in _cells(text, delimiter) if row][:50]
        except csv.Error:
            continue
        if not rows:
            continue
        words = max(sum(known(cell) for cell in row) for row in rows[:30])
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        even = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if words + even > score + 1e-9:
            best, score = delimiter, words + even
    return best


def _cells(text: str, delimiter: str, *, strict: bool = False) -> Any:
    """A reader of cells; its ``line_num`` is the last line read."""
    if delimiter == _BLANK:
        text = re.sub("[\t\u3000\u00a0]", " ", text)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter == _BLANK,
        strict=strict,
    )


def _unclosed(text: str, delimiter: str) -> int:
    """The line of a quotation mark that is closed in another line amid a value, or never; 0."""
    if '"' not in text:
        return 0
    reader, line = _cells(text, delimiter, strict=True), 0
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error as error:
        if reader.line_num > line + 1 or "end of data" in str(error):
            return line + 1
    return 0


def _decoded(data: bytes, ranked: list[str], where: str) -> tuple[str, str]:
    for name in ranked:
        try:
            return data.decode(name), name.removesuffix("-sig")
        except (UnicodeDecodeError, LookupError):
            continue
    for name in ("gb18030", "big5", "cp1252"):  # one damaged character is not the whole table
        text = data.decode(name, "replace")
        if text.count("\ufffd") <= len(text) // 1000 + 1:
            return text, name
    raise ConfigurationError(
        "the encoding of the table is not known", where=where, hint="save it as CSV (UTF-8)"
    )


def _decodes(sample: bytes, name: str) -> bool:
    return _sample(sample, name) is not None


def _sample(sample: bytes, name: str) -> str | None:
    """A sample decoded; it may end amid a character."""
    for cut in range(4):
        try:
            return sample[: len(sample) - cut].decode(name)
        except UnicodeDecodeError:
            if len(sample) < SAMPLE:
                return None
        except LookupError:
            return None
    return None


def _rows(text: str, delimiter: str, skipped: int, where: str) -> list[Row]:
    rows, budget = [], Budget(where)
    text = text.replace("\0", "")
    if line := _unclosed(text, delimiter):
        raise ConfigurationError(
            "a quotation mark is not closed, which would swallow the lines below it",
            where=f"{where}, line {line + skipped}",
            hint='close it or write "" for one that belongs to the value',
        )
    reader = _cells(text, delimiter)
    begin = 1 + skipped
    for cells in reader:
        kept = {
            column: Cell(cell) for column, cell in enumerate(cells[:MOST_COLUMN]) if cell.strip()
        }
        budget.take(len(kept))
        if kept:
            rows.append(Row(begin, kept))
        begin = reader.line_num + 1 + skipped
        if len(rows) > MOST_LINES + 50:
            break
    return rows
