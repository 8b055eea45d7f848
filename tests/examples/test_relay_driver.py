"""The example driver against a small web relay on the same machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from examples.relay_driver import WebRelay
from gate.errors import DeviceError
from gate.relay.driver import RelayDriver


class Board(ThreadingHTTPServer):
    """Two relays, what was asked of them, and faults to choose from."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.on = {0: True, 1: True}  # as after a crash: energised
        self.asked: list[tuple[int, dict[str, str]]] = []
        self.answer: bytes | None = None  # in place of the right one
        self.stuck = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    server: Board

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        number = int(parts.path.rsplit("/", 1)[1])
        wanted = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if wanted:
            self.server.asked.append((number, wanted))
        if "turn" in wanted and not self.server.stuck:
            self.server.on[number] = wanted["turn"] == "on"
        right = json.dumps({"ison": self.server.on[number]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(right if self.server.answer is None else self.server.answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def driver(board: Board) -> Iterator[WebRelay]:
    made = WebRelay(board.address, channels=2, timeout=5.0)
    yield made
    made.close()


def test_it_is_a_relay_driver(driver: WebRelay) -> None:
    has: RelayDriver = driver
    assert has.name == "web"


def test_opening_and_closing_rest_every_channel(board: Board, driver: WebRelay) -> None:
    driver.open()
    assert board.on == {0: False, 1: False}
    driver.set(2, True, 5)
    driver.close()
    driver.close()
    assert board.on == {0: False, 1: False}


def test_the_board_gets_the_end_with_the_beginning(board: Board, driver: WebRelay) -> None:
    driver.open()
    driver.set(1, True, 2.4)
    assert board.asked[-1] == (0, {"turn": "on", "timer": "3"})
    assert driver.state(1) is True
    driver.set(1, False, 0)
    assert board.asked[-1] == (0, {"turn": "off"})
    assert driver.state(1) is False


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"ison": 1}'])
def test_a_wrong_answer_is_an_error_with_its_place(
    board: Board, driver: WebRelay, answer: bytes
) -> None:
    board.answer = answer
    with pytest.raises(DeviceError) as caught:
        driver.state(1)
    assert caught.value.where == board.address


def test_a_relay_that_is_stuck_is_an_error(board: Board, driver: WebRelay) -> None:
    driver.open()
    board.stuck = True
    with pytest.raises(DeviceError, match="did not switch on"):
        driver.set(1, True, 1)


def test_a_board_that_is_away_is_an_error_and_closing_is_none(board: Board) -> None:
    driver = WebRelay("http://127.0.0.1:9", timeout=1.0)
    with pytest.raises(DeviceError, match="cannot be reached"):
        driver.open()
    driver.close()
