"""The page in a real Chromium: it paints, reports, and says so when the daemon is gone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gate.clock import SystemClock
from gate.screen.message import Item, Look, Message
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as player:
        running = player.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    """One for all tests: a new one takes three quarters of a second of processor."""
    return browser.new_page()


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen(ScreenSettings(port=0), SystemClock()) as running:
        yield running


def shown(page: Any, screen: Screen, message: Message) -> None:
    page.wait_for_selector(f"body[data-painted='{screen.show(message)}']", timeout=60_000)


@pytest.mark.slow
def test_an_answer_is_painted_and_reported(page: Any, screen: Screen) -> None:
    painted = threading.Event()
    page.goto(screen.address)
    screen.on_painted = lambda number, seconds: painted.set()
    shown(
        page,
        screen,
        Message(Look.GRANT, "welcome", name="李*红", items=(Item("temperature", True, "36.5"),)),
    )
    assert painted.wait(60)
    assert page.inner_text("#head") == "请进"
    assert page.inner_text("#name") == "李*红"
    assert "36.5 °C" in page.inner_text("#items")
    assert page.get_attribute("body", "data-look") == "grant"


def test_who_was_let_in_before_stands_in_the_place_of_the_date(page: Any, screen: Screen) -> None:
    page.goto(screen.address)
    welcome = Message(Look.GRANT, "welcome", name="李*红")
    for message, headline in (
        (welcome, False),
        (Message(Look.WAIT, "one_moment", before=welcome), True),
        (Message(Look.WAIT, "one_moment"), False),
    ):
        shown(page, screen, message)
        assert page.is_visible("#before") is headline
        assert page.is_visible("#date") is not headline
        assert not headline or page.inner_text("#before").endswith("李*红")


def test_a_name_is_text_and_nothing_else(page: Any, screen: Screen) -> None:
    page.goto(screen.address)
    shown(page, screen, Message(Look.GRANT, "welcome", name="<img src=x onerror=alert(1)>"))
    assert page.inner_text("#name") == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("size", [(1280, 800), (1024, 600), (600, 1024), (800, 480)])
@pytest.mark.slow
def test_nothing_leaves_the_screen(page: Any, screen: Screen, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(screen.address)
    items = (Item("temperature", False, "37.9"), Item("code", None))
    for message in (
        Message(Look.GRANT, "welcome", ("temperature_high",), name="欧阳*", items=items),
        Message(Look.DENY, "permit_wrong_gate"),
        Message(
            Look.WAIT,
            "one_moment",
            before=Message(Look.GRANT, "welcome", name="欧阳小兰花（管家）"),
        ),
        Message(Look.GUIDE, "measuring_again"),
    ):
        shown(page, screen, message)
        outside = page.evaluate(
            "[...document.querySelectorAll('header *, main p, h1, #items li, #advice li')]"
            ".filter(e => { const r = e.getBoundingClientRect();"
            " return r.width && (r.right > innerWidth + 1"
            " || r.bottom > innerHeight + 1 || r.left < -1 || r.top < -1) }).map(e => e.outerHTML)"
        )
        assert outside == [], (size, message.code)


@pytest.mark.slow
def test_the_page_says_so_when_the_daemon_has_ended(page: Any) -> None:
    screen = Screen(ScreenSettings(port=0), SystemClock())
    screen.start()
    page.goto(screen.address)
    shown(page, screen, Message(Look.IDLE, "idle"))
    screen.stop()
    page.wait_for_selector("body[data-look='fault']", timeout=60_000)
    assert page.inner_text("#head") == "暂停使用"
