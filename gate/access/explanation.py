"""Explains a decision from its event: the request, the rule that applied and the values used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from gate.access.policy import ORDER
from gate.access.reasons import recorded, text
from gate.texts.catalogue import Language, word

_RULES = [name for name, _ in ORDER]


def retell(
    body: Mapping[str, Any],
    language: Language,
    zone: tzinfo,
    others: Sequence[Mapping[str, Any]] = (),
    codes: bool = True,
) -> list[tuple[str, str]]:
    """Label and text, line by line.

    Args:
        body: the event as it was stored.
        others: the other events of the same passage, in order.
        codes: whether the code of a reason follows its words, for somebody who looks it up.
    """
    say = _Words(language)
    values = dict((body.get("details") or {}).get("values") or {})
    person = dict(values.get("person") or {})
    lines = [
        ("answer", say("outcome", body.get("decision", ""))),
        ("when", f"{_local(body['time'], zone)}  {body['gate']} #{body.get('sequence', '?')}"),
        ("who", _who(body, person, say) or say("explain", "nobody")),
        ("how", say("method", body.get("method", "none"))),
        ("rule", _rule(str(body.get("rule", "")), say)),
    ]
    lines += [("reason", _reason(code, language, codes)) for code in body.get("reasons", ())]
    if values.get("mode", "normal") != "normal":
        lines.append(("mode", say("mode", values["mode"])))
    if person.get("valid_from") or person.get("valid_until"):
        lines.append(
            ("validity", f"{person.get('valid_from') or '…'} – {person.get('valid_until') or '…'}")
        )
    lines += _face(values.get("sight"), say)
    if values.get("shown"):
        lines.append(("shown", _shown(values["shown"], language, codes)))
    reading = body.get("temperature") or values.get("temperature")
    lines += _measured(reading, values.get("findings"), say)
    if values.get("presence"):
        way = "inward" if values.get("inward") else "outward"
        lines.append(("presence", say.line(way, presence=say("presence", values["presence"]))))
    if body.get("latency") is not None:
        queued = (body.get("details") or {}).get("queued")
        time = say.line("milliseconds", value=f"{body['latency']:.0f}")
        lines.append(("time", say.line("queued", time=time, queued=queued) if queued else time))
    versions = body.get("versions")
    if versions:
        lines.append(("made", "  ".join(f"{k} {v}" for k, v in versions.items())))
    lines += [("passage", f"{_local(o['time'], zone)}  {say('event', o['type'])}") for o in others]
    return [(say("explain", label), words) for label, words in lines]


class _Words:
    """``say(topic, code)`` and ``say.line(template, …)`` in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, topic: str, code: object) -> str:
        return word(topic, str(code), self.language)

    def line(self, template: str, **values: object) -> str:
        return word("explain", template, self.language).format(**values)


def _local(time: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(time).astimezone(zone):%Y-%m-%d %H:%M:%S%z}"


def _who(body: Mapping[str, Any], person: Mapping[str, Any], say: _Words) -> str:
    if not body.get("person"):
        return ""
    marks = [say("kind", person["kind"])] if person.get("kind") else []
    marks += person.get("groups", ())
    marks += [say("explain", "blocked")] if person.get("blocked") else []
    marks += [] if person.get("active", True) else [say("explain", "inactive")]
    marks += [] if person.get("face_alone", True) else [say("explain", "look_alike")]
    return f"{body['person']} ({', '.join(marks)})"


def _rule(name: str, say: _Words) -> str:
    if name not in _RULES:
        return name
    place = _RULES.index(name)
    before = ", ".join(say("rule", rule) for rule in _RULES[:place])
    rule, count = say("rule", name), len(_RULES)
    if not before:
        return say.line("rule_first", rule=rule, count=count)
    return say.line("rule_line", rule=rule, number=place + 1, count=count, before=before)


def _reason(code: str, language: Language, codes: bool) -> str:
    then = text(code, language).then
    said = recorded(code, language)
    # what to do next is for whoever stood there; the record of a past event says what happened
    said += f" · {then}" if then and said == text(code, language).head else ""
    return f"{said}  [{code}]" if codes else said


def _shown(shown: Mapping[str, Any], language: Language, codes: bool) -> str:
    if shown.get("problem"):
        problem = str(shown["problem"])
        head = text(problem, language).head
        return f"{head}  [{problem}]" if codes else head
    return word("explain", "shown_good", language).format(serial=shown.get("serial") or "").strip()


def _face(sight: Mapping[str, Any] | None, say: _Words) -> list[tuple[str, str]]:
    if not sight:
        return []
    compared = say.line(
        "face_line",
        verdict=say("verdict", sight["verdict"]),
        evidence=sight["evidence"],
        threshold=sight["threshold"],
        score=sight["score"],
        second=sight["second_score"],
    )
    guidance = sight.get("guidance")
    lines = [("face_values", compared + (f"; {say('reason', guidance)}" if guidance else ""))]
    method = sight.get("liveness")
    if method not in (None, "off"):
        found = {True: "live", False: "not_live"}.get(sight["live"], "live_unknown")
        lines.append(("living", say.line(found, method=method, score=sight["live_score"])))
    return lines


def _measured(
    reading: Mapping[str, Any] | None,
    findings: Sequence[Mapping[str, Any]] | None,
    say: _Words,
) -> list[tuple[str, str]]:
    lines = []
    if reading:
        given = {k: reading.get(k) for k in ("raw", "ambient", "estimated")}
        figures = {k: "–" if value is None else value for k, value in given.items()}
        validity = say("validity", reading.get("validity"))
        lines.append(("temperature", say.line("reading", validity=validity, **figures)))
    for finding in findings or ():
        label = "temperature" if finding["topic"] == "temperature" else "status"
        found = {True: "finding_good", False: "finding_bad"}.get(finding["good"], "finding_unknown")
        topic, weight = say("topic", finding["topic"]), say("weight", finding["weight"])
        words = say.line(found, topic=topic, weight=weight)
        lines.append((label, words + (f", {finding['found']}" if finding.get("found") else "")))
    return lines
