"""A name in the form the house has chosen to show on the screen."""

from __future__ import annotations

import unicodedata
from typing import Literal

Form = Literal["full", "masked", "none"]

# the common family names of two characters; all others have one
_DOUBLE_NAMES = (
    "欧阳歐陽司马司馬上官诸葛諸葛东方東方皇甫尉迟尉遲公孙公孫令狐慕容宇文长孙長孫司徒司空夏侯端木"
    "百里东郭東郭南宫南宮呼延轩辕軒轅独孤獨孤拓跋申屠太史公羊澹台澹臺淳于单于單于钟离鍾離闻人聞人"
    "赫连赫連万俟萬俟西门西門"
)
_DOUBLE = frozenset(_DOUBLE_NAMES[i : i + 2] for i in range(0, len(_DOUBLE_NAMES), 2))


def shown_name(name: str, form: Form) -> str:
    """``name`` in full, masked (李小红 → 李*红, 王芳 → 王*, John Smith → J*** S***) or not at all.

    In a Chinese name the family name and, from three characters on, the last one stay. In other
    scripts each word keeps its first letter, followed by three stars whatever its length.
    """
    name = " ".join(name.split())
    if form == "none" or not name:
        return ""
    if form == "full":
        return name
    if all(_is_han(c) or c == "·" for c in name):
        return _masked_han(name)
    return " ".join(word[0] + "***" for word in name.split(" "))


def _masked_han(name: str) -> str:
    if "·" in name:  # 阿卜杜拉·买买提
        return "·".join(part[0] + "*" if part else "" for part in name.split("·"))
    family = 2 if len(name) > 2 and name[:2] in _DOUBLE else 1
    given = name[family:]
    if len(given) < 2:
        return name[:family] + "*" * len(given) if given else "*"
    return name[:family] + "*" * (len(given) - 1) + given[-1]


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED")
