"""Contrast by WCAG 2: 7 : 1 (level AAA) for every look; each look has its own symbol."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from gate.screen.app import STATIC
from gate.screen.message import Look

CSS = (STATIC / "screen.css").read_text()
COLOURS = {
    look: (ground, ink)
    for look, ground, ink in re.findall(
        r'data-look="(\w+)"\]\s*\{ --ground: (#\w+); --ink: (#\w+)', CSS
    )
}


def luminance(colour: str) -> float:
    parts = [int(a + b, 16) / 255 for a, b in list(pairwise(colour[1:]))[::2]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", Look)
def test_every_look_can_be_read(look: Look) -> None:
    assert contrast(*COLOURS[look.value]) >= 7


def test_a_warning_can_be_read() -> None:
    assert contrast("#ffc629", "#1c1400") >= 7
    assert "#ffc629; color: #1c1400" in CSS


@pytest.mark.parametrize("look", Look)
def test_every_look_has_a_symbol(look: Look) -> None:
    assert f'<symbol id="{look.value}"' in (STATIC / "symbols.svg").read_text()


def test_every_other_pair_of_the_page_can_be_read_and_none_is_made_fainter() -> None:
    pairs = re.findall(r"background: (#\w+); color: (#\w+)", CSS)
    assert len(pairs) >= 2
    for ground, ink in pairs:
        assert contrast(ground, ink) >= 7, (ground, ink)
    drawn = set(re.findall(r"#[0-9a-f]{6}\b", CSS))
    known = {colour for pair in (*COLOURS.values(), *pairs) for colour in pair}
    assert drawn == known  # no text has a colour that is not measured above
    assert not re.search(r"opacity|color-mix|rgba?\(|hsl|filter:", CSS)
