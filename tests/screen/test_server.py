"""The screen over HTTP, as a browser sees it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from gate.clock import SystemClock
from gate.errors import ConfigurationError
from gate.screen.message import Look, Message
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings
from tests.waiting import PATIENCE, wait_for

QUIET = ScreenSettings(port=0, speech="off")


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen(QUIET, SystemClock()) as screen:
        yield screen


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, object]]]:
    kind = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: ") and line != "data: ":
            yield kind, json.loads(line.removeprefix("data: "))


@pytest.mark.slow
def test_the_page_and_all_it_needs_come_from_here(screen: Screen) -> None:
    page = httpx.get(screen.address, timeout=PATIENCE)
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for part in ("screen.css", "screen.js", "sound.js", "symbols.svg"):
        assert part in page.text or part == "symbols.svg"
        body = httpx.get(f"{screen.address}static/{part}", timeout=PATIENCE)
        assert body.status_code == 200
        assert "http://" not in body.text.replace("http://www.w3.org", "")


def test_a_browser_gets_the_newest_page_at_once_and_each_new_one(screen: Screen) -> None:
    screen.show(Message(Look.DENY, "expired"))
    with httpx.stream("GET", screen.address + "stream", timeout=60) as response:
        stream = events(response)
        kind, page = next(stream)
        assert (kind, page["look"]) == ("offline", "fault")
        kind, page = next(stream)
        assert (kind, page["code"]) == ("page", "expired")
        before = time.monotonic()
        screen.show(Message(Look.GRANT, "welcome"))
        assert next(stream)[1]["code"] == "welcome"
        assert time.monotonic() - before < 10


@pytest.mark.slow
def test_showing_never_waits_for_a_browser(screen: Screen) -> None:
    with httpx.stream("GET", screen.address + "stream", timeout=60):  # reads nothing
        before = time.monotonic()
        for _ in range(2000):
            screen.show(Message(Look.WAIT, "one_moment"))
        assert time.monotonic() - before < 20


def test_pages_shown_from_many_threads_end_with_the_last(screen: Screen) -> None:
    threads = [
        threading.Thread(
            target=lambda: [screen.show(Message(Look.IDLE, "idle")) for _ in range(50)]
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert screen.show(Message(Look.GRANT, "welcome")) == 402


@pytest.mark.slow
def test_a_painted_page_is_reported() -> None:
    times: list[tuple[int, float]] = []
    with Screen(QUIET, SystemClock(), painted=lambda *reported: times.append(reported)) as screen:
        number = screen.show(Message(Look.GRANT, "welcome"))
        assert (
            httpx.post(f"{screen.address}painted?number={number}", timeout=PATIENCE).status_code
            == 204
        )
        assert httpx.post(f"{screen.address}painted?number=x", timeout=PATIENCE).status_code == 400
        assert (
            httpx.post(f"{screen.address}painted?number=1", timeout=PATIENCE).status_code == 204
        )  # an old one
    assert [number for number, _ in times] == [number]
    assert screen.last_painted is not None


def test_another_name_is_refused(screen: Screen) -> None:
    answer = httpx.get(screen.address, headers={"Host": "evil.example"}, timeout=PATIENCE)
    assert answer.status_code == 400


def test_there_is_no_camera_picture_unless_it_is_wanted(screen: Screen) -> None:
    assert httpx.get(screen.address + "camera.mjpg", timeout=PATIENCE).status_code == 404


def test_the_camera_picture_is_a_stream_of_jpegs() -> None:
    settings = QUIET.model_copy(update={"camera_picture": True})
    with (
        Screen(settings, SystemClock(), picture=lambda: b"\xff\xd8picture") as screen,
        httpx.stream("GET", screen.address + "camera.mjpg", timeout=60) as response,
    ):
        body = next(response.iter_raw())
        assert b"Content-Type: image/jpeg\r\n\r\n\xff\xd8picture" in body


def test_a_port_that_is_taken_is_named() -> None:
    with Screen(QUIET, SystemClock()) as screen:
        again = Screen(QUIET.model_copy(update={"port": screen.port}), SystemClock())
        with pytest.raises(ConfigurationError, match="cannot be served"):
            again.start()


def test_stopping_ends_open_streams_and_the_thread() -> None:
    screen = Screen(QUIET, SystemClock())
    screen.stop()
    screen = Screen(QUIET, SystemClock())
    screen.start()
    with httpx.stream("GET", screen.address + "stream", timeout=60) as response:
        next(events(response))
        screen.stop()
        # while the browser keeps its end open
        wait_for(lambda: not any(t.name == "screen" for t in threading.enumerate()))
    screen.stop()


@pytest.mark.slow
def test_a_page_of_another_origin_reports_nothing_as_painted() -> None:
    times: list[tuple[int, float]] = []
    with Screen(QUIET, SystemClock(), painted=lambda *reported: times.append(reported)) as screen:
        address = f"{screen.address}painted?number={screen.show(Message(Look.GRANT, 'welcome'))}"
        for foreign in ({"origin": "http://evil.test"}, {"sec-fetch-site": "cross-site"}):
            assert httpx.post(address, headers=foreign, timeout=PATIENCE).status_code == 403
        assert not times
        own = {"origin": screen.address.rstrip("/"), "sec-fetch-site": "same-origin"}
        assert httpx.post(address, headers=own, timeout=PATIENCE).status_code == 204
        assert len(times) == 1
