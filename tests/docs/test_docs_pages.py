"""Links of pages that move into the site are rewritten, and nothing else is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("docs_pages", ROOT / "packaging/docs_pages.py")
assert _spec is not None
assert _spec.loader is not None
docs_pages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(docs_pages)


@pytest.mark.parametrize(
    ("text", "source", "page", "wanted"),
    [
        ("[door](docs/door.md#table)", "README.md", "index.md", "[door](door.md#table)"),
        ("![](docs/run.jpg)", "README.md", "index.md", "![](run.jpg)"),
        ("[中文](README.zh.md)", "README.md", "index.md", "[中文](zh.md)"),
        ("[mqtt](../docs/mqtt.md)", "examples/README.md", "examples.md", "[mqtt](mqtt.md)"),
        ("[e](../examples/README.md)", "docs/mqtt.md", "mqtt.md", "[e](examples.md)"),
        ("[q](../quality.md)", "docs/api/quality.md", "api/quality.md", "[q](../quality.md)"),
        ("[schema](../gate/x.json)", "docs/events.md", "events.md", "schema"),
        ("[kept](https://example.org/a)", "README.md", "index.md", "[kept](https://example.org/a)"),
        ("[figures](#speed)", "docs/evidence.md", "evidence.md", "[figures](#speed)"),
    ],
)
def test_links(text: str, source: str, page: str, wanted: str) -> None:
    assert docs_pages.rewritten(text, source, page) == wanted


def test_every_page_of_the_root_exists() -> None:
    assert [source for source in docs_pages.PAGES if not (ROOT / source).is_file()] == []


def test_the_navigation_has_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    missing = [
        p for p in sorted(pages | set(docs_pages.PAGES.values())) if f": {p}" not in navigation
    ]
    assert not missing, missing
