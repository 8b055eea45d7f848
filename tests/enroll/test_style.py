"""The colours of the pages: readable in light and in dark, and the same tokens in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import enroll

CSS = (Path(enroll.__file__).parent / "static" / "desk.css").read_text("utf-8")
TEXT = [
    *((ink, ground) for ink in ("ink", "soft") for ground in ("ground", "paper", "raised")),
    *(("accent", ground) for ground in ("ground", "paper", "accent-ground", "raised")),
    ("accent-strong", "accent-ground"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad"),
    *((tone, f"{tone}-ground") for tone in ("good", "warn", "bad")),
    *((tone, "paper") for tone in ("good", "warn", "bad")),
    *(("ink", f"{tone}-ground") for tone in ("good", "warn", "bad", "accent")),
    ("rail-ink", "rail"),
    ("rail-ink", "rail-on"),
    ("rail", "rail-ink"),
]


TOKENS = CSS[CSS.index(":root {") : CSS.index("* { box-sizing")]


def tokens(theme: str) -> dict[str, str]:
    """Every colour of a theme by its name."""
    return dict(re.findall(rf"--([\w-]+): [^;]*var\(--when-{theme}, (#[0-9a-f]{{6}})\)", TOKENS))


LIGHT, DARK = tokens("light"), tokens("dark")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_guideline():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable_on_every_ground_it_stands_on(theme, ink, ground):
    assert contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("line", "ground"), [("edge", "paper"), ("focus", "paper"), ("focus", "ground")]
)
def test_edges_of_fields_and_the_focus_can_be_seen(theme, line, ground):
    assert contrast(theme[line], theme[ground]) >= 3


def test_both_themes_have_every_token_and_each_is_written_once():
    assert len(LIGHT) > 20
    assert DARK.keys() == LIGHT.keys()
    names = re.findall(r"(--[\w-]+):(?! ;| initial)", TOKENS)
    assert len(names) == len({*names})
    # the switch to dark is the same for the system's wish and for what was chosen
    dark = re.findall(r"color-scheme: dark; --when-light: ; --when-dark: initial;", TOKENS)
    assert len(dark) == 2


def test_no_colour_is_written_outside_the_tokens():
    rest = CSS[CSS.index("* { box-sizing") :]
    stage = "#10161d", "#fff", "#000", "#333", "#999"  # the camera's stage, and paper
    assert sorted(set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rest)) - set(stage)) == []


@pytest.mark.slow
def test_the_style_page_shows_every_token(clerk):
    page = clerk.get("/style").text
    assert [name for name in LIGHT if f"--{name}" not in page] == []
