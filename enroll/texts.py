"""The pages' words in English and Chinese, from ``locale/zh.po``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"zh": "中文", "en": "English"}
LOCALE = Path(__file__).parent / "locale"

Translate = Callable[..., str]


@cache
def catalogue(language: str) -> dict[str, str]:
    """English text → text; empty for English, which is written in the templates themselves."""
    file = LOCALE / f"{language}.po"
    if not file.exists():
        return {}
    with file.open("rb") as stream:
        return {
            str(message.id): str(message.string)
            for message in read_po(stream, locale=language)
            if message.id and message.string and not message.fuzzy
        }


def translator(language: str) -> Translate:
    """``_("text with {name}", name=…)`` in ``language``."""
    texts = catalogue(language)

    def translate(text: str, **values: object) -> str:
        found = texts.get(text, text)
        return found.format(**values) if values else found

    return translate


def choose(cookie: str | None, account: str | None, accepted: str, default: str) -> str:
    """The language of a page: what was clicked, the account's, the browser's, the default."""
    for wish in (cookie, account):
        if wish in LANGUAGES:
            return wish
    for part in accepted.lower().split(","):
        short = part.split(";")[0].strip()[:2]
        if short in LANGUAGES:
            return short
    return default
