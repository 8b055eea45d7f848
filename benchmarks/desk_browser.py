"""A desk that is served, and what a browser finds wrong with a page of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from enroll.app import create_app
from enroll.desk import Desk
from gate.sockets import PageServer, listen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WCAG = {"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"}  # level AA, of any impact


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The desk's address while it is served, on a free port."""
    listening = listen("desk", "desk", "127.0.0.1", 0)
    app = create_app(desk)
    server = PageServer(app, listening, "desk", lifespan=True, closing=desk.closing)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        desk.imports.close()


def sign_in(page: Any, address: str, language: str, login: str, password: str) -> None:
    """Sign in through the form, in a language."""
    page.goto(f"{address}/language/{language}?back=/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(address + "/")


def give_axe(context: Any) -> None:
    """Every page of the browser's context has axe from now on, as ``breaches`` needs it."""
    from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

    context.add_init_script(AXE_SCRIPT)


# what axe finds wrong; the nodes in which it found nothing are many, and stay in the browser
_VIOLATIONS = """async () => {
  const found = await axe.run({ resultTypes: ["violations"] });
  return found.violations.map(
    ({ id, impact, tags, nodes }) => ({ id, impact, tags, target: nodes[0].target }));
}"""


def breaches(page: Any, name: str) -> list[str]:
    """What axe finds serious, or against WCAG 2.2 AA of any impact; each begins with ``name``."""
    return [
        f"{name}: {fault['id']} {fault['target']}"
        for fault in page.evaluate(_VIOLATIONS)
        if fault["impact"] in ("serious", "critical") or WCAG & set(fault["tags"])
    ]


def too_wide(page: Any, name: str) -> list[str]:
    """A sentence when the page has to be moved sideways to be read."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{name}: {wide} pixels too wide"] if wide > 0 else []
