"""The words of desk, screen, explanations and entities, from gettext catalogues.

``locale/LANGUAGE/desk.po`` holds the pages' sentences, with the English sentence as its key;
``locale/LANGUAGE/gate.po`` holds the words for codes (``event door.opened``, ``reason welcome``),
in English too. A further language is one more folder: nothing in the code names the languages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

from babel import Locale
from pydantic import AfterValidator

LOCALE = Path(__file__).parent / "locale"
_FIRST = ("zh", "en")

Translate = Callable[..., str]


def _languages() -> dict[str, str]:
    found = {folder.name for folder in LOCALE.iterdir() if (folder / "gate.po").exists()}
    order = [*_FIRST, *sorted(found - {*_FIRST})]
    return {code: Locale.parse(code).get_display_name() or code for code in order}


# code → what the language calls itself
LANGUAGES = _languages()


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"not one of the languages {', '.join(LANGUAGES)}")
    return language


# a language in a configuration
Language = Annotated[str, AfterValidator(_known)]


@cache
def catalogue(language: str) -> dict[str, str]:
    """Key → words; in English without the pages' sentences, whose keys are their words."""
    found: dict[str, str] = {}
    for file in sorted((LOCALE / language).glob("*.po")):
        found |= read_catalogue(file, language)
    return found


def read_catalogue(file: Path, language: str) -> dict[str, str]:
    """Key → words of one file, without those that are left open or only guessed (fuzzy)."""
    from babel.messages.pofile import read_po  # not needed by an English terminal

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


def word(topic: str, code: str, language: str) -> str:
    """The words for a code, such as ``word("event", "door.opened", "zh")``; without any, the code.

    A code added by a newer release is shown as it is rather than not at all.
    """
    return catalogue(language).get(f"{topic} {code}", code)


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
