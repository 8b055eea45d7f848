"""What is recorded of a request, value by value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.access.person import Method, Person
from gate.access.record import record
from gate.access.request import Credential, Finding, Mode, Presence, Request, Sight, Weight
from gate.recognition.face import Liveness, Verdict
from gate.sensors.reading import Reading, Validity

NOW = datetime(2026, 1, 7, 4, 0, 0, 125_000, tzinfo=UTC)
REF = "ab" * 16
LI = Person(1, REF, groups=frozenset({"swimming", "chess"}), name="李小红")
REQUEST = Request(Method.FACE, None, NOW)
SIGHT = Sight(Verdict.KNOWN, 1, 2, 7.5, 1.25, 12.0, 8.0, Liveness("motion", 2.5, True))


def test_an_empty_request_leaves_only_when_where_and_in_which_mode() -> None:
    assert record(REQUEST) == {
        "when": "2026-01-07T04:00:00.125+00:00",
        "gate": "main",
        "mode": "normal",
    }
    assert record(replace(REQUEST, gate="north", mode=Mode.FIRE)) == {
        "when": "2026-01-07T04:00:00.125+00:00",
        "gate": "north",
        "mode": "fire",
    }


def test_a_person_is_recorded_by_pseudonym() -> None:
    assert record(replace(REQUEST, person=LI))["person"] == {
        "ref": REF,
        "kind": "resident",
        "active": True,
        "blocked": False,
        "valid_from": None,
        "valid_until": None,
        "groups": ["chess", "swimming"],
        "face_alone": True,
    }


def test_the_limits_of_a_person_are_recorded_without_the_reason_of_a_block() -> None:
    limited = replace(
        LI, active=False, blocked="owes rent", valid_from=NOW, valid_until=NOW, face_alone=False
    )
    person = record(replace(REQUEST, person=limited))["person"]
    assert isinstance(person, dict)
    assert (person["active"], person["blocked"], person["face_alone"]) == (False, True, False)
    assert person["valid_from"] == person["valid_until"] == "2026-01-07T04:00:00.125000+00:00"


def test_what_the_camera_saw_is_recorded() -> None:
    sight = {
        "verdict": "known",
        "score": 7.5,
        "second_score": 1.25,
        "evidence": 12.0,
        "threshold": 8.0,
        "liveness": "motion",
        "live": True,
        "live_score": 2.5,
        "guidance": "",
        "encoder": "",
        "fit": "",
    }
    assert record(replace(REQUEST, sight=SIGHT))["sight"] == sight
    claimed = replace(SIGHT, claimed=1, claim_held=True)
    assert record(replace(REQUEST, sight=claimed))["sight"] == {**sight, "claim_held": True}


def test_what_was_shown_is_recorded_and_duress_only_where_it_was_given() -> None:
    shown = record(replace(REQUEST, credential=Credential("card_expired", serial="17")))
    assert shown["shown"] == {"problem": "card_expired", "serial": "17"}
    assert "duress" not in shown
    assert record(replace(REQUEST, credential=Credential(duress=True)))["duress"] is True


def test_findings_and_the_reading_are_recorded() -> None:
    hot = Finding("temperature", False, Weight.REFER, "temperature_high", "38.0")
    reading = Reading(34.1, 22.0, 38.0, 5.0, "t", Validity.VALID, 9)
    values = record(replace(REQUEST, findings=(hot,), reading=reading))
    assert values["findings"] == [
        {
            "topic": "temperature",
            "good": False,
            "weight": "refer",
            "reason": "temperature_high",
            "found": "38.0",
        }
    ]
    assert values["temperature"] == {
        "raw": 34.1,
        "ambient": 22.0,
        "estimated": 38.0,
        "validity": "valid",
        "samples": 9,
        "sensor": "t",
    }


@pytest.mark.parametrize("inward", [True, False])
def test_presence_is_recorded_at_a_gate_with_a_direction(inward: bool) -> None:
    values = record(replace(REQUEST, inward=inward, presence=Presence.INSIDE))
    assert (values["presence"], values["inward"]) == ("inside", inward)


def test_an_attack_an_order_and_a_wrong_clock_are_recorded() -> None:
    assert record(replace(REQUEST, wary=True))["wary"] is True
    assert record(replace(REQUEST, order="chen"))["order"] == "chen"
    assert record(replace(REQUEST, clock_trusted=False))["clock_trusted"] is False
