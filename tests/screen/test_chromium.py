"""The page in a real Chromium: it paints, reports, and says so when the daemon is gone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gate.clock import SystemClock
from gate.screen.message import Item, Look, Message
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings
from tests.waiting import PATIENCE

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
    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    return page


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen(ScreenSettings(port=0), SystemClock()) as running:
        yield running


def shown(page: Any, screen: Screen, message: Message) -> None:
    page.wait_for_selector(f"body[data-painted='{screen.show(message)}']", timeout=1000 * PATIENCE)


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
    assert painted.wait(PATIENCE)
    assert page.inner_text("#head") == "请进"
    assert page.inner_text("#name") == "李*红"
    assert "36.5 °C" in page.inner_text("#items")
    assert page.get_attribute("body", "data-look") == "grant"


WELCOME = Message(Look.GRANT, "welcome", name="李*红", passage="a")
LONG = replace(WELCOME, advice=("temperature_high",), name="欧阳·阿卜杜拉·买买提江（管家）")
UNKNOWN = Message(Look.DENY, "face_unknown", passage="b")
TOO = Message(Look.ASK, "look_alike", passage="c")


def test_earlier_answers_stand_in_the_place_of_the_date(page: Any, screen: Screen) -> None:
    page.goto(screen.address)
    for message, beside in (
        (WELCOME, False),
        (Message(Look.WAIT, "one_moment", earlier=(UNKNOWN, WELCOME)), True),
        (Message(Look.WAIT, "one_moment"), False),
    ):
        shown(page, screen, message)
        assert page.is_visible("#earlier") is page.is_visible("#whose") is beside
        assert page.is_visible("#date") is not beside


def test_an_earlier_answer_has_its_words_its_symbol_and_its_colour(
    page: Any, screen: Screen
) -> None:
    page.goto(screen.address)
    shown(page, screen, replace(WELCOME, passage="z", earlier=(UNKNOWN, TOO)))
    assert page.inner_text("#whose") == "前面的人Before you"  # side by side
    own = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for place, (look, words) in enumerate(
        (
            (
                "deny",
                "没有认出您 请刷卡或联系工作人员 Not recognised Use your card or ask the staff",
            ),
            ("ask", "请再刷卡 确认是您本人 Show your card too to confirm it is you"),
        )
    ):
        card = page.locator("#earlier li").nth(place)
        assert "".join(card.inner_text().split()) == words.replace(" ", "")
        assert card.locator("use").get_attribute("href").endswith(f"#{look}")
        ground = card.evaluate("e => getComputedStyle(e).backgroundColor")
        assert ground != own
    assert page.locator("#symbol").count() == 1


def test_a_name_is_text_and_nothing_else(page: Any, screen: Screen) -> None:
    page.goto(screen.address)
    shown(page, screen, Message(Look.GRANT, "welcome", name="<img src=x onerror=alert(1)>"))
    assert page.inner_text("#name") == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("size", [(1280, 800), (1024, 600), (600, 1024), (1080, 1920), (800, 480)])
@pytest.mark.slow
def test_nothing_leaves_the_screen(page: Any, screen: Screen, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(screen.address)
    items = (Item("temperature", False, "37.9"), Item("code", None))
    for message in (
        Message(Look.GRANT, "welcome", ("temperature_high",), name="欧阳*", items=items),
        Message(Look.DENY, "permit_wrong_gate"),
        Message(Look.GUIDE, "measuring_again"),
        replace(WELCOME, items=items, earlier=(UNKNOWN, TOO)),
        replace(LONG, items=items, earlier=(LONG, UNKNOWN)),
        Message(Look.DENY, "permit_wrong_gate", items=items, earlier=(TOO, LONG)),
    ):
        shown(page, screen, message)
        outside = page.evaluate(
            "[...document.querySelectorAll('header *, main p, h1, #items li, #advice li')]"
            ".filter(e => !e.closest('svg'))"
            ".filter(e => { const r = e.getBoundingClientRect();"
            " return r.width && (r.right > innerWidth + 1"
            " || r.bottom > innerHeight + 1 || r.left < -1 || r.top < -1) }).map(e => e.outerHTML)"
        )
        assert outside == [], (size, message.code)
        # nor does it lie upon anything else: headline, answer and values follow each other
        bottoms = page.evaluate(
            "['header', '#sign', 'section', '#items'].map(e => document.querySelector(e))"
            ".map(e => [e.offsetTop, e.offsetTop + e.offsetHeight])"
        )
        (_, header), sign, section, (values, _) = bottoms
        assert header <= min(sign[0], section[0]) + 1, (size, message.code)
        assert max(sign[1], section[1]) <= values + 1, (size, message.code)


@pytest.mark.slow
def test_the_page_says_so_when_the_daemon_has_ended(page: Any) -> None:
    screen = Screen(ScreenSettings(port=0), SystemClock())
    screen.start()
    page.goto(screen.address)
    shown(page, screen, Message(Look.IDLE, "idle"))
    screen.stop()
    page.wait_for_selector("body[data-look='fault']", timeout=1000 * PATIENCE)
    assert page.inner_text("#head") == "暂停使用"


# a browser that takes a second for each sentence, and the sounds it is asked for
VOICE = """
window.said = [], window.cut = 0;
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, "speechSynthesis", { value: {
  speak: (words) => { said.push(words.text); window.last = words; },
  cancel: () => { window.cut++; },
} });
window.starts = [];
window.AudioContext = function () {
  const param = () => ({ setValueAtTime() {}, linearRampToValueAtTime() {}, setTargetAtTime() {} });
  this.currentTime = 10;
  this.resume = () => {};
  this.createGain = () => ({ gain: param(), connect: (other) => other });
  this.createOscillator = () => ({
    frequency: {}, connect: (other) => other, start: (at) => starts.push(at), stop() {} });
};
"""


@pytest.fixture
def listener(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.add_init_script(VOICE)
    yield page
    page.close()


def test_whoever_was_refused_hears_it_to_its_end(listener: Any, screen: Screen) -> None:
    listener.goto(screen.address)
    shown(listener, screen, UNKNOWN)
    refusal = [
        "没有认出您。请刷卡或联系工作人员。",
        "Not recognised. Use your card or ask the staff.",
    ]
    assert listener.evaluate("said") == refusal
    cut = listener.evaluate("cut")
    shown(listener, screen, replace(WELCOME, earlier=(UNKNOWN,)))
    assert (listener.evaluate("said"), listener.evaluate("cut")) == (refusal, cut)
    listener.evaluate("last.onend()")
    assert listener.evaluate("said") == [*refusal, "请进。", "Welcome."]
    # the grant makes room in its turn, and is over before its words are
    shown(listener, screen, replace(TOO, earlier=(UNKNOWN, WELCOME)))
    shown(listener, screen, Message(Look.IDLE, "idle"))
    listener.evaluate("last.onend()")
    assert len(listener.evaluate("said")) == 4
    assert listener.evaluate("cut") == cut


def test_what_waits_is_said_in_its_newest_words_only(listener: Any, screen: Screen) -> None:
    listener.goto(screen.address)
    closer = replace(WELCOME, look=Look.GUIDE, code="too_far", earlier=(UNKNOWN,))
    for message in (UNKNOWN, closer, replace(WELCOME, earlier=(UNKNOWN,))):
        shown(listener, screen, message)
    listener.evaluate("last.onend()")
    assert listener.evaluate("said.slice(2)") == ["请进。", "Welcome."]
    # guidance that was followed before its turn
    moment = replace(closer, look=Look.WAIT, code="one_moment", passage="d")
    for message in (UNKNOWN, replace(closer, passage="d"), moment):
        shown(listener, screen, message)
    listener.evaluate("last.onend()")
    assert listener.evaluate("said.length") == 6


def test_an_alarm_waits_for_nobody(listener: Any, screen: Screen) -> None:
    listener.goto(screen.address)
    shown(listener, screen, UNKNOWN)
    cut = listener.evaluate("cut")
    shown(listener, screen, Message(Look.FIRE, "door_released"))
    assert listener.evaluate("cut") == cut + 1
    assert listener.evaluate("said.length") == 4
    assert listener.evaluate("Math.min(...starts.slice(2))") == 10


def test_the_sounds_of_two_answers_follow_each_other(listener: Any, screen: Screen) -> None:
    listener.goto(screen.address)
    shown(listener, screen, UNKNOWN)
    shown(listener, screen, replace(WELCOME, earlier=(UNKNOWN,)))
    assert listener.evaluate("starts") == pytest.approx([10, 10.22, 10.62, 10.75])
    for passage in "xyz":  # nobody's comes long after their answer
        shown(listener, screen, replace(WELCOME, passage=passage, earlier=(UNKNOWN,)))
    assert listener.evaluate("Math.max(...starts)") == pytest.approx(11.13)
