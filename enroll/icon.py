"""Icons of the Lucide set (ISC licence, enroll/icons/LICENSE.txt), drawn into the page itself."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

FOLDER = Path(__file__).parent / "icons"
_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def _shapes(name: str) -> str:
    found = _SHAPES.search((FOLDER / f"{name}.svg").read_text("utf-8"))
    assert found is not None, f"{name}.svg is no icon"
    return " ".join(found[1].split())


def icon(name: str, label: str = "") -> Markup:
    """The icon ``name`` as inline SVG in the colour of the text around it.

    Args:
        name: a file of ``enroll/icons`` without its ending.
        label: what a screen reader says; without one the icon is decoration.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(f'<svg class="icon" viewBox="0 0 24 24" {spoken}>{_shapes(name)}</svg>')
