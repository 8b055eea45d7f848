"""A message in words: the gate, what happened, how often, when. Nothing about a person."""

from __future__ import annotations

from datetime import datetime, tzinfo

from gate.notify.plan import Message
from gate.texts.catalogue import translator, word


def title(message: Message, gate: str, language: str) -> str:
    """``东门：门被强行打开``."""
    colon = "：" if language == "zh" else ": "
    return f"{gate}{colon}{word('event', message.kind, language)}"


def body(message: Message, language: str, zone: tzinfo | None) -> str:
    """The severity, the device, the count and the times, one line each where there is any."""
    first, last = message.first.astimezone(zone), message.last.astimezone(zone)
    lines = [word("severity", message.severity, language)]
    if message.subject:
        lines.append(message.subject)
    when = f"{first:%Y-%m-%d %H:%M:%S}"
    if message.count > 1:
        when += f" – {last:%H:%M:%S}  ×{message.count}"
    lines.append(when)
    if message.repeated:
        lines.append(word("notify", "unacknowledged", language))
    return "\n".join(lines)


def arrival(
    gate: str, at: datetime, language: str, zone: tzinfo | None, visitor: str = ""
) -> tuple[str, str]:
    """Title and text for a household whose visitor came; without ``visitor`` nobody is named."""
    _ = translator(language)
    when = f"{at.astimezone(zone):%H:%M}"
    title = _("Your visitor has arrived")
    if visitor:
        return title, _(
            "{visitor} came in at {gate} at {time}.", visitor=visitor, gate=gate, time=when
        )
    return title, _("They came in at {gate} at {time}.", gate=gate, time=when)
