"""docs/reader-out.md: its configuration and its layouts are what they say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gate.config.settings import build
from gate.readers.out.card_formats import NAMED, encode, parse

PAGE = (Path(__file__).parents[3] / "docs" / "reader-out.md").read_text("utf-8")


def test_the_configuration_is_one() -> None:
    line, converter = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    settings = build(tomllib.loads(line)).reader_out
    assert settings.enabled
    assert settings.decides == "both"
    settings = build(tomllib.loads(converter)).reader_out
    assert (settings.driver, settings.ending) == ("converter", "\n\r")


def test_the_free_layout_is_the_named_one() -> None:
    [(layout, parity)] = re.findall(r'`format = "(P[FN]+P)"`, `parity = (\[.*?\])`', PAGE)
    free = parse(layout, tuple(tomllib.loads(f"p = {parity}")["p"]))
    assert encode(free, 1603, 118) == encode(parse("wiegand-26"), 1603, 118)


def test_every_format_is_in_the_table() -> None:
    for name in NAMED:
        assert f"| `{name}` (H103" in PAGE
