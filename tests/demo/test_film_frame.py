"""One picture of the film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gate.demo.contact_sheet import COLOURS
from gate.demo.film_frame import HEIGHT, PANEL, WIDTH, Still, draw, wrap
from gate.demo.report import ASKED, GRANTED, REFUSED, Mark
from gate.screen.message import Look, Message

STILL = Still(
    "resident-walks-up", 1.2, Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128)),
    (Mark((100.0, 80.0, 200.0, 220.0), "Ann", GRANTED),), (0.5, 2.0, 6.0), 5.0,
    Message(Look.GRANT, "welcome", name="Ann"), True,
)  # fmt: skip


def share(still: Still, colour: tuple[int, int, int], left: int, right: int) -> float:
    """Of the pixels between two columns, those of a colour."""
    part = np.asarray(draw(still))[:, left:right]
    return float((part == colour).all(axis=2).mean())


def test_a_face_has_a_box_in_its_colour() -> None:
    green = COLOURS[GRANTED]
    assert share(STILL, green, 0, WIDTH) > 0.005
    assert share(replace(STILL, marks=()), green, 0, WIDTH) == 0.0


@pytest.mark.parametrize(
    ("look", "outcome"), [(Look.GRANT, GRANTED), (Look.DENY, REFUSED), (Look.ASK, ASKED)]
)
def test_the_screen_has_the_colour_of_its_look(look: Look, outcome: str) -> None:
    still = replace(STILL, message=Message(look, "welcome"), curve=(), open=False)
    assert share(still, COLOURS[outcome], WIDTH, WIDTH + PANEL) > 0.1


def test_the_curve_turns_green_when_it_reaches_the_threshold() -> None:
    below = replace(STILL, curve=(0.5, 2.0, 4.9), message=Message(Look.WAIT, "one_moment"))
    below = replace(below, open=False)
    assert share(below, COLOURS[GRANTED], WIDTH, WIDTH + PANEL) == 0.0
    assert share(below, COLOURS[ASKED], WIDTH, WIDTH + PANEL) > 0.0
    reached = replace(below, curve=(0.5, 2.0, 5.0))
    assert share(reached, COLOURS[GRANTED], WIDTH, WIDTH + PANEL) > 0.0


def test_the_door_is_seen_to_open() -> None:
    still = replace(STILL, message=Message(Look.IDLE, "idle"), curve=())
    assert share(still, COLOURS[GRANTED], WIDTH, WIDTH + PANEL) > 0.005
    assert share(replace(still, open=False), COLOURS[GRANTED], WIDTH, WIDTH + PANEL) == 0.0


def test_a_box_or_a_name_beyond_the_picture_reaches_nothing_else() -> None:
    wide = Mark((-50.0, -20.0, 900.0, 700.0), "a very long name indeed " * 4, REFUSED)
    still = replace(STILL, marks=(wide,))
    panel = np.asarray(draw(still))[:, WIDTH:]
    assert np.array_equal(panel, np.asarray(draw(replace(STILL, marks=())))[:, WIDTH:])


def test_words_are_wrapped_between_words_only() -> None:
    pen = ImageDraw.Draw(Image.new("RGB", (9, 9)))
    lines = wrap(pen, "Use your card or ask the staff", 120, 15)
    assert len(lines) > 1
    assert " ".join(lines) == "Use your card or ask the staff"
    assert wrap(pen, "", 120, 15) == []
    assert wrap(pen, "Unbreakable", 5, 15) == ["Unbreakable"]
