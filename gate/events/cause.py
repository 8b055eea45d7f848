"""Why something failed, in words of the reader: a code as events have them, or an error's text."""

from __future__ import annotations

from gate.texts.catalogue import catalogue


def in_words(cause: str, language: str) -> str:
    """``cause`` as an event or a line of the log has it; what is not known stays as it is."""
    texts = catalogue(language)
    if (known := texts.get(f"cause {cause}")) is not None:
        return known
    if language == "en":
        return cause
    from gate.texts.terminal import reworded  # imports what draws tables: not for the daemon

    return reworded(cause, language)
