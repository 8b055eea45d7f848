"""Lights and outputs of controllers as yes, no or nothing; wrong settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gate.readers.out.answer import COLOURS, of_light, of_output
from gate.readers.out.settings import ReaderOutSettings

PLAIN = ReaderOutSettings()


@pytest.mark.parametrize(
    ("colour", "temporary", "said"),
    [
        ("green", True, True),
        ("green", False, True),
        ("red", True, False),
        ("red", False, None),  # how the reader looks when idle
        ("amber", True, None),
        ("black", True, None),
    ],
)
def test_lights(colour: str, temporary: bool, said: bool | None) -> None:
    command = {"on_color": COLOURS.index(colour), "temporary": temporary}
    assert of_light(command, PLAIN) is said


def test_a_site_with_other_colours() -> None:
    blue = ReaderOutSettings(grants=frozenset({"blue"}), denies=frozenset({"amber"}))
    assert of_light({"on_color": COLOURS.index("blue"), "temporary": True}, blue) is True
    assert of_light({"on_color": COLOURS.index("green"), "temporary": True}, blue) is None


def test_outputs_count_only_where_they_are_asked_for() -> None:
    on, off = {"control_code": 5, "output_no": 0}, {"control_code": 1, "output_no": 0}
    assert of_output(on, PLAIN) is None
    asked = ReaderOutSettings(output_grants=True)
    assert of_output(on, asked) is True
    assert of_output(off, asked) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"enabled": True},
        {"enabled": True, "key": "00" * 15},
        {"enabled": True, "key": "g" * 32},
        {"format": "wiegand-25"},
        {"facility": 256},
        {"grants": {"red"}},
    ],
)
def test_wrong_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReaderOutSettings.model_validate(wrong)
