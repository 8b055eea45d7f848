"""Each mistake in one line: key, value, what is allowed; never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gate.config.mistakes import mistakes_in
from gate.config.settings import Settings


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: int = Field(640, gt=0)
    password: SecretStr | None = Field(None, min_length=8)


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("a", pattern="^[a-z]+$")
    part: Part = Part()
    parts: tuple[Part, ...] = ()


def mistakes(values: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Whole(**values)
    return mistakes_in(caught.value, Whole)


def test_a_value_is_named_with_its_key_and_what_is_allowed() -> None:
    assert mistakes({"part": {"width": 0}}) == ["part.width = 0: Input should be greater than 0"]
    (long,) = mistakes({"name": "A" * 100})
    assert "A" * 40 in long
    assert "A" * 60 not in long


def test_a_key_that_does_not_exist_has_its_neighbours_named() -> None:
    assert mistakes({"parts": [{}, {"widht": 1}]}) == [
        "parts.1.widht: there is no such key; did you mean width?"
    ]
    assert mistakes({"part": {"zzz": 1}}) == [
        "part.zzz: there is no such key; known here: password, width"
    ]


def test_a_key_in_the_wrong_table_is_sent_to_its_own() -> None:
    (door,) = mistakes_in(_wrong({"relay": {"unlock": 3}}), Settings)
    assert door == "relay.unlock: there is no such key; unlock belongs in [door]"
    (camera,) = mistakes_in(_wrong({"fps": 5}), Settings)
    assert camera.endswith("fps belongs in [[camera]]")
    (top,) = mistakes_in(_wrong({"screen": {"timezone": "UTC"}}), Settings)
    assert top.endswith("timezone belongs in the top of the file")
    (advanced,) = mistakes_in(_wrong({"relay": {"max_unlock": 5}}), Settings)
    assert advanced.endswith("max_unlock belongs in [advanced], as door.max_unlock")
    (many,) = mistakes_in(_wrong({"door": {"port": "/dev/ttyUSB0"}}), Settings)
    assert "belongs" not in many


def _wrong(values: dict[str, Any]) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Settings(**values)
    return caught.value


def test_our_own_checks_speak_for_themselves() -> None:
    wires = {"driver": "lcus", "inputs": {"fire": {"number": 1}}}
    (said,) = mistakes_in(_wrong({"relay": wires}), Settings)
    assert said.startswith("relay: LCUS boards have no inputs")


def test_a_table_where_there_may_be_several_says_how_they_are_written() -> None:
    assert mistakes({"parts": {"width": 1}}) == [
        "parts: there may be several; write [[parts]] where [parts] is"
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"part": {"password": "hunter2"}},  # the secret itself is too short
        {"part": [{"password": "hunter2"}]},  # what holds it is of another kind
        {"parts": {"x": [{"password": "hunter2"}]}},
    ],
)
def test_no_mistake_prints_a_secret(values: dict[str, Any]) -> None:
    lines = mistakes(values)
    assert lines
    assert "hunter2" not in "".join(lines)


def test_every_mistake_has_a_line() -> None:
    assert len(mistakes({"name": "A", "part": {"width": -1, "heigth": 2}, "more": 1})) == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"screen": {"languages": "zh,en"}},
            'screen.languages = \'zh,en\': write a list in square brackets, such as ["a", "b"]',
        ),
        ({"screen": {"languages": ["cn"]}}, "screen.languages.0 = 'cn': not one of the languages"),
        (
            {"screen": {"quiet_from": "25:00"}},
            "screen.quiet_from = '25:00': write a time, such as \"21:00\"",
        ),
        (
            {"access": {"days": {"2026-13-01": "holiday"}}},
            "access.days.2026-13-01 = '2026-13-01': write a date, such as 2026-10-01",
        ),
        (
            {"relay": {"inputs": {"fire": 2}}},
            "relay.inputs.fire = 2: write { number = … }; known here: number, invert",
        ),
        ({"door": 3}, "door = 3: write { fail = … }; known here: fail, unlock"),
        ({"name": "North"}, "name = 'North': use only a-z, 0-9 and -, 32 characters at most"),
        (
            {"access": {"schedules": {"office": "周一"}}},
            'access.schedules: schedule office: "周一" is not valid in a schedule; write it like',
        ),
    ],
)
def test_what_is_to_be_written_is_said_in_the_words_of_the_file(
    values: dict[str, Any], said: str
) -> None:
    (only,) = mistakes_in(_wrong(values), Settings)
    assert only.startswith(said)
