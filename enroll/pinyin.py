"""Names by their pinyin: found by syllables, initials or beginnings, and sorted by it."""

from __future__ import annotations

import re
from functools import lru_cache

_KEPT = 50_000  # names and places whose keys are kept: more than any community has
# characters that are read otherwise where they are a family name
_FAMILY = {
    "曾": "zeng",
    "单": "shan",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "朴": "piao",
    "查": "zha",
    "盖": "ge",
    "尉": "yu",
    "乐": "yue",
    "翟": "zhai",
    "缪": "miao",
}
_QUERY = re.compile(r"[a-z]+(?:['’ ]?[a-z]+)*", re.IGNORECASE)


def is_query(text: str) -> bool:
    """Whether ``text`` may be pinyin: Latin letters only, apart from marks between syllables."""
    return _QUERY.fullmatch(text) is not None


@lru_cache(_KEPT)
def _readings(name: str) -> tuple[tuple[str, ...], ...]:
    """Every reading of each character, lower case; what is not Chinese remains as it is."""
    from pypinyin import Style, pinyin  # its dictionary is 40 MB: read when a name is asked for

    found = []
    for place, character in enumerate(name.strip()):
        readings = [text.lower() for text in pinyin(character, Style.NORMAL, heteronym=True)[0]]
        if place == 0 and character in _FAMILY:
            readings = [_FAMILY[character], *readings]
        # ü is typed as v or as u
        readings += [text.replace("v", "u") for text in readings if "v" in text]
        found.append(tuple(dict.fromkeys(readings)))
    return tuple(found)


def matches(name: str, query: str) -> bool:
    """Whether ``query`` spells a part of ``name``.

    Each character is given by its syllable or by the beginning of it, so that ``wangfang``,
    ``wfang`` and ``wf`` all find 王芳; the given name alone finds it too.
    """
    letters = re.sub(r"['’ ]", "", query.lower())
    readings = _readings(name)
    return bool(letters) and any(
        _spells(readings, begin, letters) for begin in range(len(readings))
    )


def _spells(readings: tuple[tuple[str, ...], ...], place: int, letters: str) -> bool:
    if not letters:
        return True
    if place == len(readings):
        return False
    for reading in readings[place]:
        for length in range(min(len(reading), len(letters)), 0, -1):
            if letters[:length] == reading[:length] and _spells(
                readings, place + 1, letters[length:]
            ):
                return True
    return False


@lru_cache(_KEPT)
def sort_key(name: str) -> tuple[str, ...]:
    """By syllables, as a Chinese list of names is sorted; Latin names by their letters."""
    from pypinyin import lazy_pinyin

    syllables = [text.lower() for text in lazy_pinyin(name)]
    if syllables and name[:1] in _FAMILY:
        syllables[0] = _FAMILY[name[0]]
    return (*syllables, name)


@lru_cache(_KEPT)
def natural_key(text: str) -> tuple[tuple[int, str], ...]:
    """Numbers by their value: building 2 before building 10."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() else (0, part) for part in parts
    )
