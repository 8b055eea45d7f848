"""Text as people meant it: without marks nobody sees, with plain digits in numbers and codes."""

from __future__ import annotations

import re
import unicodedata

_CJK = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN_CJK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")


def visible(text: str) -> str:
    """Without zero-width characters, direction marks, byte order marks and control characters.

    Line ends become ``\\n``, tabs and every other kind of blank a plain blank.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    kept = []
    for letter in text:
        kind = unicodedata.category(letter)
        if letter == "\n":
            kept.append(letter)
        elif letter == "\t" or kind in ("Zs", "Zp"):
            kept.append(" ")
        elif kind in ("Cf", "Cc", "Cs", "Co", "Cn") or letter in "\u115f\u1160\u3164\ufe0e\ufe0f":
            continue
        else:
            kept.append(letter)
    return "".join(kept).strip()


def name(text: str) -> str:
    """A name: NFC, one line, one blank between words, none between Chinese characters.

    Two-character names are often spread with a blank to the width of three: 王　芳 is 王芳.
    """
    line = re.sub(r"\s+", " ", _joined(visible(text))).strip()
    return unicodedata.normalize("NFC", line)


def prose(text: str) -> str:
    """A note: NFC; line ends stay."""
    return unicodedata.normalize("NFC", visible(text))


def code(text: str) -> str:
    """A number or code: NFKC (full-width digits become plain), one line.

    Characters that are numbers by themselves (², ①) stay, for 200² is not 2002.
    """
    plain = visible(text)
    if plain.isascii():
        return " ".join(plain.split())
    folded = "".join(
        letter if unicodedata.category(letter) == "No" else unicodedata.normalize("NFKC", letter)
        for letter in plain
    )
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", folded).strip())


def compact(text: str) -> str:
    """For comparing words: ``code``, lower case, without blanks."""
    return re.sub(r"\s+", "", code(text)).casefold()


def _joined(text: str) -> str:
    return _BETWEEN_CJK.sub("", text)


_NUMERALS = "〇零一二三四五六七八九十百两壹贰叁肆伍陆柒捌玖拾廿"
_DIGITS = dict(
    zip("〇零一二三四五六七八九两壹贰叁肆伍陆柒捌玖", "001234567892123456789", strict=True)
)


def numerals(text: str) -> str:
    """Chinese numerals as digits: 二〇二六年十二月 is 2026年12月, 三号楼 is 3号楼."""
    return re.sub(f"[{_NUMERALS}]+", lambda found: _number(found[0]), text)


def _number(written: str) -> str:
    if not set(written) & set("十百拾廿"):
        return "".join(_DIGITS[letter] for letter in written)  # read digit by digit
    total = 0
    rest = written.replace("拾", "十").replace("廿", "二十")
    if not re.fullmatch(r"(?:[^十百]百)?[零〇]?(?:[^十百]?十)?[^十百]?", rest):
        return written
    for sign, worth in (("百", 100), ("十", 10)):
        if sign in rest:
            before, _, rest = rest.partition(sign)
            digits = before.strip("零〇")
            total += int(_DIGITS[digits] if digits else 1) * worth
    ones = rest.strip("零〇")
    return str(total + int(_DIGITS[ones] if ones else 0))
