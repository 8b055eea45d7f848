"""Where a line of Chinese may end: rich knows blanks only, and Chinese is written without them.

Rules: the common part of GB/T 15834 and of JLREQ: between any two characters, but not before a mark
that closes and not after one that opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rich import _wrap
from rich.cells import cell_len

_CLOSES = frozenset("，。；：？！、）】》〉」』〕”’…—·％,.;:?!)]}%")
_OPENS = frozenset("（【《〈「『〔“‘([{")
_by_blanks = getattr(_wrap, "words", None)  # inner to rich: another version may not have it


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"


def breaks(word: str) -> Iterator[int]:
    """The places within a word, as indices of the character after, where a line may end."""
    for at in range(1, len(word)):
        before, after = word[at - 1], word[at]
        if not (_wide(before) or _wide(after)) or after.isspace() or before.isspace():
            continue
        if after not in _CLOSES and before not in _OPENS:
            yield at


def is_wide(text: str) -> bool:
    """Whether it is mostly Chinese: English with a Chinese example is not."""
    return 2 * sum(map(_wide, text)) > sum(map(str.isalpha, text)) / 2


def filled(text: str, width: int) -> Iterator[str]:
    """Lines of at most ``width`` columns, a Chinese character counting two; a piece that does not
    end anywhere may be longer."""
    line = ""
    for word in re.findall(r"\S+\s*", text):
        edges = [0, *breaks(word), len(word)]
        for begin, end in pairwise(edges):
            piece = word[begin:end]
            if line and cell_len(line + piece.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
    if line:
        yield line.rstrip()


def words(text: str) -> Iterable[tuple[int, int, str]]:
    """What rich breaks a line into: start, end and text of each piece that stays whole."""
    assert _by_blanks is not None
    for start, _, word in _by_blanks(text):
        edges = [0, *breaks(word), len(word)]
        for begin, end in pairwise(edges):
            yield start + begin, start + end, word[begin:end]


def allow() -> None:
    """Let rich end lines between Chinese characters; other text is broken as before.

    A rich that breaks lines in another way goes on as it does: a table may be cut off, no more.
    """
    if _by_blanks is not None:
        _wrap.words = words
