"""Explains a decision from its event: the request, the rule that applied and the values used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from gate.access.policy import ORDER
from gate.access.reasons import Language, text

_RULES = [name for name, _ in ORDER]

_WORDS: dict[str, tuple[str, str]] = {
    "grant": ("放行", "granted"),
    "deny": ("拒绝", "denied"),
    "ask": ("要求补充", "more requested"),
    "face": ("人脸", "face"),
    "card": ("卡", "card"),
    "permit": ("通行证", "permit"),
    "pin": ("密码", "PIN"),
    "face+card": ("人脸和卡", "face and card"),
    "staff": ("工作人员", "staff"),
    "none": ("无", "nothing"),
    "answer": ("结果", "Answer"),
    "when": ("时间", "When"),
    "who": ("对象", "Who"),
    "how": ("方式", "By"),
    "rule": ("规则", "Rule"),
    "reason": ("原因", "Reason"),
    "nobody": ("无人", "nobody"),
    "mode": ("门的状态", "Door mode"),
    "validity": ("有效期", "Valid"),
    "face_values": ("人脸比对", "Face"),
    "living": ("活体", "Liveness"),
    "shown": ("出示凭证", "Shown"),
    "temperature": ("体温", "Temperature"),
    "status": ("通行状态", "Status"),
    "presence": ("进出状态", "Presence"),
    "time": ("用时", "Time taken"),
    "made": ("版本", "Versions"),
    "passage": ("同次通行", "Passage"),
    "lockdown": ("封闭", "lockdown"),
    "held_open": ("常开", "held open"),
    "emergency": ("急救通道", "emergency"),
    "fire": ("消防释放", "fire release"),
}

# where the screen says what to do, the record says what happened
_RECORDED: dict[str, tuple[str, str]] = {
    "door_released": ("消防释放，门已打开", "Released by the fire input"),
}


def retell(
    body: Mapping[str, Any],
    language: Language,
    zone: tzinfo,
    others: Sequence[Mapping[str, Any]] = (),
) -> list[tuple[str, str]]:
    """Label and text, line by line.

    Args:
        body: the event as it was stored.
        others: the other events of the same passage, in order.
    """
    values = dict((body.get("details") or {}).get("values") or {})
    say = _Speaker(language)
    person = dict(values.get("person") or {})
    lines = [
        ("answer", say(str(body.get("decision", "")))),
        ("when", f"{_local(body['time'], zone)}  {body['gate']} #{body.get('sequence', '?')}"),
        ("who", _who(body, person) or say("nobody")),
        ("how", say(str(body.get("method", "none")))),
        ("rule", _rule(str(body.get("rule", "")), language)),
    ]
    lines += [("reason", _reason(code, language)) for code in body.get("reasons", ())]
    if values.get("mode", "normal") != "normal":
        lines.append(("mode", say(str(values["mode"]))))
    if person.get("valid_from") or person.get("valid_until"):
        lines.append(
            ("validity", f"{person.get('valid_from') or '…'} – {person.get('valid_until') or '…'}")
        )
    lines += _face(values.get("sight"))
    if values.get("shown"):
        shown = values["shown"]
        lines.append(("shown", shown.get("problem") or f"ok {shown.get('serial') or ''}".strip()))
    lines += _measured(body.get("temperature") or values.get("temperature"), values.get("findings"))
    if values.get("presence"):
        lines.append(("presence", f"{values['presence']} (inward: {values.get('inward')})"))
    if body.get("latency") is not None:
        queued = (body.get("details") or {}).get("queued")
        lines.append(
            ("time", f"{body['latency']:.0f} ms" + (f" (+ {queued} ms)" if queued else ""))
        )
    versions = body.get("versions") or {}
    if versions:
        lines.append(("made", "  ".join(f"{k} {v}" for k, v in versions.items())))
    lines += [("passage", f"{_local(o['time'], zone)}  {o['type']}") for o in others]
    return [(say(label), words) for label, words in lines]


class _Speaker:
    def __init__(self, language: Language) -> None:
        self._index = 0 if language == "zh" else 1

    def __call__(self, word: str) -> str:
        both = _WORDS.get(word)
        return both[self._index] if both else word


def _local(time: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(time).astimezone(zone):%Y-%m-%d %H:%M:%S%z}"


def _who(body: Mapping[str, Any], person: Mapping[str, Any]) -> str:
    if not body.get("person"):
        return ""
    marks = [str(person.get("kind", "")), *person.get("groups", ())]
    marks += ["blocked"] if person.get("blocked") else []
    marks += [] if person.get("active", True) else ["inactive"]
    marks += [] if person.get("face_alone", True) else ["look-alike"]
    return f"{body['person']} ({', '.join(filter(None, marks))})"


def _rule(name: str, language: Language) -> str:
    if name not in _RULES:
        return name
    place = _RULES.index(name)
    before = ", ".join(_RULES[:place]) or "–"
    if language == "zh":
        return f"{name}（第 {place + 1} 条，共 {len(_RULES)} 条；之前各条不适用：{before}）"
    return f"{name} ({place + 1} of {len(_RULES)}; rules that did not apply: {before})"


def _reason(code: str, language: Language) -> str:
    if code in _RECORDED:
        return f"{_RECORDED[code][language == 'en']}  [{code}]"
    words = text(code, language)
    return f"{words.head}" + (f" · {words.then}" if words.then else "") + f"  [{code}]"


def _face(sight: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if not sight:
        return []
    lines = [
        (
            "face_values",
            f"{sight['verdict']}; evidence {sight['evidence']} / {sight['threshold']}; "
            f"score {sight['score']}, second {sight['second_score']}"
            + (f"; {sight['guidance']}" if sight.get("guidance") else ""),
        )
    ]
    if sight.get("liveness") not in (None, "off"):
        lines.append(
            ("living", f"{sight['liveness']}: {sight['live']} (score {sight['live_score']})")
        )
    return lines


def _measured(
    reading: Mapping[str, Any] | None, findings: Sequence[Mapping[str, Any]] | None
) -> list[tuple[str, str]]:
    lines = []
    if reading:
        figures = [f"{k} {reading[k]}" for k in ("raw", "ambient", "estimated") if reading.get(k)]
        lines.append(("temperature", f"{'  '.join(figures)} °C, {reading.get('validity')}"))
    for finding in findings or ():
        label = "temperature" if finding["topic"] == "temperature" else "status"
        good = {True: "good", False: "not good", None: "not known"}[finding["good"]]
        words = f"{finding['topic']}: {good}, {finding['weight']}"
        lines.append((label, words + (f", {finding['found']}" if finding.get("found") else "")))
    return lines
