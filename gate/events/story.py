"""What an event says, in sentences for staff: what happened, why, and what would have helped.

The desk, its export and ``gate explain`` use these words, so that a clerk on the telephone and a
technician at the box read the same. The words are in ``gate/texts/locale/*/story.po``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gate.access.reasons import recorded
from gate.events.cause import in_words
from gate.texts.catalogue import Language, catalogue, word

# how an event looks: "good", "warn", "bad" or "plain"
_TONES = {
    "passage.granted": "good",
    "passage.denied": "bad",
    "passage.asked": "warn",
    "passage.duress": "bad",
    "passage.tailgating": "bad",
    "attack.presentation": "bad",
    "attack.suspected": "warn",
    "credential.guessing": "bad",
    "door.forced": "bad",
    "door.held": "bad",
    "door.prealarm": "warn",
    "door.tamper": "bad",
    "door.unsteady": "warn",
    "door.fire": "bad",
    "door.fault": "bad",
    "door.lockdown": "warn",
    "door.emergency": "warn",
    "door.hold": "warn",
    "door.refused": "warn",
    "gate.fault": "bad",
    "camera.lost": "bad",
    "camera.covered": "bad",
    "camera.frozen": "bad",
    "camera.moved": "bad",
    "camera.slow": "warn",
    "device.lost": "bad",
    "gallery.foreign": "bad",
    "store.lost": "bad",
    "store.memory": "bad",
    "outbox.dropped": "bad",
    "clock.implausible": "bad",
    "clock.unsynchronised": "warn",
    "person.not_seen": "bad",
    "face.learnt": "good",
    "face.unlearnt": "warn",
    "face.not_learnt": "warn",
    "command.refused": "warn",
}
# details whose values are codes, and the topic of their words
_TOPICS = {
    "asked": "command",
    "command": "command",
    "family": "part",
    "input": "input",
    "kind": "credentials",
    "method": "way",
    "mode": "command",
    "order": "command",
}


@dataclass(frozen=True, slots=True)
class Story:
    """One event retold.

    Attributes:
        line: what happened, as one sentence.
        cause: why something failed or was refused, where an event says so and is no decision.
        why: the reasons of a decision, most important first; empty for other events.
        remedy: what would have let somebody in who was not, or what an alarm asks for.
        tone: "good", "warn", "bad" or "plain".
    """

    line: str
    why: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()
    tone: str = "plain"
    cause: str = ""


def tone_of(type: str) -> str:
    """How an event of ``type`` looks: "good", "warn", "bad" or "plain"."""
    return _TONES.get(type, "plain")


def tell(body: Mapping[str, Any], language: Language, who: str = "") -> Story:
    """``body``, an event as it was stored, in words.

    Args:
        who: the name of the person, or what replaces it; without one an event that concerns
            somebody speaks of "somebody" or, after a face that was not recognised, of "an
            unrecognised person".
    """
    type = str(body.get("type", ""))
    decision = body.get("decision")
    who = who or _nobody(body, language)
    if decision in ("grant", "deny", "ask"):
        return _decided(body, str(decision), language, who)
    texts = catalogue(language)
    keys = (f"todo {type} {end}".rstrip() for end in _variants(type, body.get("details") or {}))
    todo = next((texts[key] for key in keys if key in texts), "")
    line = _line(type, body, language, who)
    return Story(line, (), (todo,) if todo else (), tone_of(type), _cause(type, body, language))


def _cause(type: str, body: Mapping[str, Any], language: Language) -> str:
    details = body.get("details") or {}
    found = details.get("cause") or details.get("reason")
    # some sentences say it themselves, and staff who hold a door open write what they like
    if not isinstance(found, str) or type.startswith(("face.", "camera.covered", "door.hold")):
        return ""
    return in_words(found, language)


def why(code: str, language: Language) -> str:
    """A reason as staff read it; a screen says the same to the person themselves."""
    return catalogue(language).get(f"why {code}") or recorded(code, language)


def way(method: str | None, language: Language) -> str:
    """How somebody passed or wanted to: ``face`` as "by face"."""
    return word("way", method, language) if method else ""


def amount(seconds: float, language: Language) -> str:
    """A span in the unit a person would choose: 45 s, 20 min, 3 h."""
    size = abs(seconds)
    unit, step = "hours", 3600
    if size < 120:
        unit, step = "seconds", 1
    elif size < 7200:
        unit, step = "minutes", 60
    return word("amount", unit, language).format(count=f"{seconds / step:.0f}")


def _decided(body: Mapping[str, Any], decision: str, language: Language, who: str) -> Story:
    codes = [str(code) for code in body.get("reasons") or ()]
    reasons = tuple(why(code, language) for code in codes)
    line = word("story", decision, language).format(
        who=who,
        way=way(str(body.get("method") or "none"), language),
        why=reasons[0] if reasons else "",
    )
    remedies: tuple[str, ...] = ()
    if decision != "grant":
        texts = catalogue(language)
        found = (texts.get(f"remedy {code}", "") for code in codes)
        remedies = tuple(text for text in dict.fromkeys(found) if text not in ("", "–"))
    return Story(line.rstrip("：:， "), reasons, remedies, tone_of(f"passage.{_PAST[decision]}"))


_PAST = {"grant": "granted", "deny": "denied", "ask": "asked"}


def _line(type: str, body: Mapping[str, Any], language: Language, who: str) -> str:
    details = dict(body.get("details") or {})
    texts = catalogue(language)
    values = {key: _value(key, value, language) for key, value in details.items()}
    values |= {"who": who}
    if (device := details.get("device")) and values.get("family"):
        # what is called after its kind is named once
        values["device"] = "" if device == details["family"] else str(device)
        values["family"] = "" if values["family"] in str(device) else values["family"]
    for variant in _variants(type, details):
        form = texts.get(f"story {type} {variant}".rstrip())
        if form is None:
            continue
        try:
            return " ".join(form.format(**values).split())
        except KeyError:  # an event of another release, without a detail of today's
            continue
    return word("event", type, language)


def _variants(type: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Endings of the key of the sentence, the most telling first."""
    match type:
        case "passage.ended" if "passed" in details:
            passed = details["passed"]
            return ("unknown" if passed is None else "passed" if passed else "not_passed", "")
        case "camera.covered" if "cause" in details:
            return (str(details["cause"]), "")
        case "camera.clear" if details.get("was") == "slow":
            return ("slow", "")
        case "door.locked" if "entered" in details:
            return ("entered" if details["entered"] else "not_entered", "")
        case "door.tamper" if "open" in details:
            return ("open" if details["open"] else "closed", "")
        case "door.unlocked" if "by" in details:
            return (str(details["by"]), "")
        case "door.closed" | "door.hold" if details.get("seconds"):
            return ("seconds", "")
        case "door.refused" if "asked" in details:
            return ("asked", "")
        case "face.learnt" if "how" in details:
            return (str(details["how"]), "")
        case "face.unlearnt" | "face.not_learnt" if "cause" in details:
            return (str(details["cause"]), "")
    return ("",)


def _value(key: str, value: object, language: Language) -> str:
    if key == "seconds" and isinstance(value, int | float):
        return amount(float(value), language)
    if key == "hours" and isinstance(value, int | float):
        return f"{value:g}"
    if key == "part":
        part, _, name = str(value).partition(".")
        return f"{word('part', part, language)} {name}".strip()
    if key == "by" and not value:
        return word("story", "staff", language)
    topic = _TOPICS.get(key)
    return word(topic, str(value), language) if topic else str(value)


def _nobody(body: Mapping[str, Any], language: Language) -> str:
    if body.get("person"):
        return word("story", "hidden_person", language)
    unseen = body.get("decision") in ("deny", "ask") and body.get("method") == "face"
    return word("story", "unknown_person" if unseen else "somebody", language)
