"""Each line of the explanation of a decision, and when it is left out."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from gate.access.explanation import retell
from gate.access.policy import ORDER
from gate.access.reasons import text

BARE: dict[str, Any] = {
    "time": "2026-01-07T04:00:00+00:00",
    "gate": "north",
    "sequence": 7,
    "decision": "grant",
    "method": "face",
    "rule": "grant",
}
REF = "ab" * 16
FACE = {
    "verdict": "known",
    "evidence": 12.0,
    "threshold": 8.0,
    "score": 7.5,
    "second_score": 1.25,
    "liveness": "off",
    "live": None,
    "live_score": 0.0,
}


def lines(codes: bool = True, others: Any = (), **body: Any) -> list[tuple[str, str]]:
    return retell({**BARE, **body}, "en", UTC, others, codes)


def values(**values: Any) -> dict[str, str]:
    """The lines of an event with these values, by their label."""
    return dict(lines(details={"values": values}))


def test_an_event_without_values_has_five_lines() -> None:
    assert lines() == [
        ("Answer", "granted"),
        ("When", "2026-01-07 04:00:00+0000  north #7"),
        ("Who", "nobody"),
        ("By", "face"),
        ("Rule", dict(lines())["Rule"]),
    ]
    assert lines(details=None) == lines()


def test_the_rules_that_did_not_apply_are_counted_and_named() -> None:
    names = [name for name, _ in ORDER]
    assert f"({len(names)} of {len(names)}; rules that did not apply: " in dict(lines())["Rule"]
    first = dict(lines(rule=names[0]))["Rule"]
    assert first.endswith(f"(1 of {len(names)})")
    second = dict(lines(rule=names[1]))["Rule"]
    assert second.endswith(f"(2 of {len(names)}; rules that did not apply: {names[0]})")
    assert dict(lines(rule="of a newer release"))["Rule"] == "of a newer release"


@pytest.mark.parametrize(
    ("person", "marks"),
    [
        ({}, ""),
        ({"kind": "visitor"}, "visitor"),
        ({"groups": ["chess", "pool"]}, "chess, pool"),
        ({"blocked": True}, "blocked"),
        ({"blocked": False, "active": True, "face_alone": True}, ""),
        ({"active": False}, "inactive"),
        ({"face_alone": False}, "look-alike"),
    ],
)
def test_who_it_was_is_described(person: dict[str, Any], marks: str) -> None:
    reported = dict(lines(person=REF, details={"values": {"person": person}}))
    assert reported["Who"] == f"{REF} ({marks})"


def test_somebody_who_is_not_known_by_the_event_is_nobody() -> None:
    assert values(person={"kind": "visitor"})["Who"] == "nobody"


def test_a_reason_has_its_code_only_for_whoever_looks_it_up() -> None:
    head, then = text("card_expired", "en")
    said = f"{head} · {then}"
    assert dict(lines(reasons=["card_expired"]))["Reason"] == f"{said}  [card_expired]"
    assert ("Reason", said) in lines(codes=False, reasons=["card_expired"])


def test_no_next_step_follows_where_there_is_none_or_the_record_has_other_words() -> None:
    assert dict(lines(codes=False, reasons=["something_new"]))["Reason"] == "something_new"
    assert text("door_released", "en").then
    assert "·" not in dict(lines(reasons=["door_released"]))["Reason"]


def test_the_mode_of_the_door_is_named_unless_it_is_the_usual_one() -> None:
    assert "Door mode" not in values(mode="normal")
    assert "Door mode" not in values()
    assert values(mode="lockdown")["Door mode"] != ""


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"valid_from": "2026-01-01"}, "2026-01-01 – …"),
        ({"valid_until": "2026-02-01"}, "… – 2026-02-01"),
        ({"valid_from": "2026-01-01", "valid_until": "2026-02-01"}, "2026-01-01 – 2026-02-01"),
        ({"valid_from": None, "valid_until": None}, None),
    ],
)
def test_a_validity_is_named_where_there_is_one(person: dict[str, Any], said: str | None) -> None:
    assert values(person=person).get("Valid") == said


def test_a_face_is_described_with_guidance_where_there_was_some() -> None:
    assert "Face" not in values()
    known = "known; evidence 12.0 / 8.0; score 7.5, second 1.25"
    assert values(sight=FACE)["Face"] == known
    assert values(sight={**FACE, "guidance": "too_dark"})["Face"].startswith(f"{known}; ")


def test_liveness_is_described_where_it_was_looked_at() -> None:
    assert "Liveness" not in values(sight=FACE)
    assert "Liveness" not in values(sight={**FACE, "liveness": None})
    for live, word in ((True, "live"), (False, "not live"), (None, "not known")):
        sight = {**FACE, "liveness": "motion", "live": live, "live_score": 2.5}
        assert values(sight=sight)["Liveness"] == f"motion: {word} (score 2.5)"


def test_what_was_shown_is_accepted_or_has_its_problem() -> None:
    assert "Shown" not in values()
    assert values(shown={"problem": "", "serial": "17"})["Shown"] == "accepted 17"
    for nothing in ({"serial": ""}, {"serial": None}, {}):
        assert values(shown={"problem": "", **nothing})["Shown"] == "accepted"
    problem = {"values": {"shown": {"problem": "card_expired", "serial": ""}}}
    head = text("card_expired", "en").head
    assert ("Shown", f"{head}  [card_expired]") in lines(details=problem)
    assert ("Shown", head) in lines(codes=False, details=problem)


def test_nought_degrees_are_a_figure() -> None:
    reading = {"raw": 31.0, "ambient": 0.0, "estimated": 36.4, "validity": "valid"}
    assert dict(lines(temperature=reading))["Temperature"] == (
        "raw 31.0, ambient 0.0, estimated 36.4 °C, valid"
    )


def test_a_reading_is_described_from_the_event_or_its_values() -> None:
    assert "Temperature" not in values()
    reading = {"raw": 34.1, "ambient": None, "estimated": 38.0, "validity": "valid"}
    said = "raw 34.1, ambient –, estimated 38.0 °C, valid"
    assert dict(lines(temperature=reading))["Temperature"] == said
    assert values(temperature=reading)["Temperature"] == said
    other = {**reading, "raw": 30.0}
    both = lines(temperature=reading, details={"values": {"temperature": other}})
    assert dict(both)["Temperature"] == said


@pytest.mark.parametrize(
    ("good", "word"), [(True, "good"), (False, "not good"), (None, "not known")]
)
def test_a_finding_is_described_with_what_was_found(good: bool | None, word: str) -> None:
    finding = {"topic": "code", "good": good, "weight": "require", "found": ""}
    said = values(findings=[finding])["Status"]
    assert f": {word}, " in said
    assert values(findings=[{**finding, "found": "9 d"}])["Status"] == f"{said}, 9 d"
    hot = {**finding, "topic": "temperature"}
    assert "Status" not in values(findings=[hot])
    assert f": {word}, " in values(findings=[hot])["Temperature"]


def test_the_direction_is_named_with_the_side_of_the_gate() -> None:
    assert "Presence" not in values(inward=True)
    assert values(presence="inside", inward=True)["Presence"].endswith("direction: in")
    assert values(presence="inside", inward=False)["Presence"].endswith("direction: out")


def test_the_time_it_took_is_named_with_what_was_spent_waiting() -> None:
    assert "Time taken" not in dict(lines())
    assert dict(lines(latency=0.4))["Time taken"] == "0 ms"
    queued = lines(latency=410.0, details={"queued": 100.0})
    assert dict(queued)["Time taken"] == "410 ms (+ 100.0 ms queued)"
    assert dict(lines(latency=410.0, details={"queued": 0}))["Time taken"] == "410 ms"


def test_versions_are_named_where_the_event_has_them() -> None:
    assert "Versions" not in dict(lines())
    assert dict(lines(versions={"gate": "1", "encoder": "e"}))["Versions"] == "gate 1  encoder e"


def test_the_other_events_of_the_passage_follow() -> None:
    opened = {"time": "2026-01-07T04:00:01+00:00", "type": "door.opened"}
    label, said = lines(others=[opened])[-1]
    assert label == "Passage"
    assert said.startswith("2026-01-07 04:00:01+0000  ")
    assert lines(others=[opened])[:-1] == lines()
