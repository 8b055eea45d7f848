"""From a message to what the page draws: all words looked up, nothing left to decide there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gate.access.reasons import text
from gate.screen.message import Item, Look, Message
from gate.screen.settings import ScreenSettings
from gate.texts.catalogue import Language, word

# looks that are heard: the others only change what is seen
_SOUNDS = {
    Look.GRANT: "grant",
    Look.DENY: "deny",
    Look.ASK: "ask",
    Look.EMERGENCY: "alarm",
    Look.FIRE: "alarm",
}
_SPOKEN_GUIDANCE = frozenset(["measuring_again", "mask", "occluded", "too_far", "cut_off"])


def render(
    message: Message,
    settings: ScreenSettings,
    now: datetime,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """JSON for the page. ``labels`` names the status items: topic → language → words."""
    lines = [_line(message, language) for language in settings.languages]
    return {
        "look": message.look.value,
        "code": message.code,
        "passage": message.passage,
        "name": message.name,
        "earlier": [_card(answer, settings.languages) for answer in message.earlier],
        "lines": lines,
        "note": _note(message.note, settings.languages),
        "items": [_item(i, settings.languages, labels or {}) for i in message.items],
        "sound": _SOUNDS.get(message.look, "") if settings.sound else "",
        "volume": settings.volume_at(now.time()),
        "speech": _speech(message, settings),
        "picture": settings.camera_picture and message.look in (Look.GUIDE, Look.WAIT, Look.IDLE),
    }


def spoken(message: Message, language: Language) -> str:
    """What the voice says: no name, and nothing that is only of the person's concern."""
    if message.look is Look.GUIDE and message.code not in _SPOKEN_GUIDANCE:
        return ""
    if message.look in (Look.IDLE, Look.WAIT, Look.FAULT, Look.LOCKDOWN):
        return ""
    words = text(message.code, language)
    comma, stop = word("speech", "comma", language), word("speech", "stop", language)
    said = [words.head]
    if message.look is not Look.GRANT and words.then:
        goes_on = words.then[0].islower() or words.then[0] == "或"
        said = [words.head + comma + words.then] if goes_on else [words.head, words.then]
    if message.look is Look.GRANT:
        said += [text(code, language).head for code in message.advice]
    return stop.join(said) + stop.strip()


def _line(message: Message, language: Language) -> dict[str, Any]:
    words = text(message.code, language)
    until = ""
    if message.until:
        until = word("screen", "until", language).format(time=f"{message.until:%H:%M}")
    return {
        "language": word("voice", "browser", language),
        "head": words.head,
        "then": words.then,
        "until": until,
        "advice": [" · ".join(filter(None, text(code, language))) for code in message.advice],
    }


def _card(answer: Message, languages: tuple[Language, ...]) -> dict[str, Any]:
    """An earlier answer in small: of a grant that it is one, of anything else what to do."""
    granted = answer.look is Look.GRANT
    name = answer.name if granted else ""
    lines = []
    for language in languages:
        words = text(answer.code, language)
        said = [word("screen", "let_in", language)] if granted else [words.head, words.then]
        advice = [text(code, language).head for code in answer.advice]
        lines.append(
            {
                "language": word("voice", "browser", language),
                "whose": word("screen", "earlier", language),
                "words": [*filter(None, said), *advice],
            }
        )
    return {
        "look": answer.look.value,
        "passage": answer.passage,
        "name": name,
        "lines": lines,
    }


def _note(code: str, languages: tuple[Language, ...]) -> list[str]:
    """One line in each language; none where nothing is out of order."""
    return [" · ".join(filter(None, text(code, language))) for language in languages if code]


def _item(
    item: Item, languages: tuple[Language, ...], labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    named = labels.get(item.topic, {})
    if item.topic == "temperature":
        named = {language: word("screen", "temperature", language) for language in languages}
    value = f"{item.value} °C" if item.topic == "temperature" and item.value else item.value
    return {
        "label": [named.get(language, item.topic) for language in languages],
        "value": value or word("screen", "no_value", languages[0]),
        "good": item.good,
    }


def _speech(message: Message, settings: ScreenSettings) -> list[dict[str, str]]:
    if settings.speech != "browser":
        return []
    said = [(language, spoken(message, language)) for language in settings.languages]
    return [
        {"language": word("voice", "browser", language), "text": words}
        for language, words in said
        if words
    ]
