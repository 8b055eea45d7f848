"""What the status service may answer, up to each limit, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from gate.access.entry_status import Answer, StatusItem
from gate.access.status_http import HttpStatus, StatusError
from gate.access.status_settings import StatusSettings

URL = "http://status.test/ask"
Handler = Callable[[httpx.Request], httpx.Response]


class Service(HttpStatus):
    """The provider with a service that runs in the test, and a clock that moves when asked."""

    def __init__(
        self, handler: Handler, monkeypatch: pytest.MonkeyPatch, *, token: str = "", step: float = 0
    ) -> None:
        client = partial(httpx.Client, transport=httpx.MockTransport(handler))
        monkeypatch.setattr(httpx, "Client", client)
        self.now, self.step = 100.0, step
        settings = {"enabled": True, "url": URL, "token": token, "items": [{"name": "code"}]}
        super().__init__(StatusSettings.model_validate({**settings, "budget": 0.5}), self._tick)
        monkeypatch.undo()

    def _tick(self) -> float:
        self.now += self.step
        return self.now


def answer(
    monkeypatch: pytest.MonkeyPatch, content: bytes | Iterator[bytes], step: float = 0
) -> Answer:
    """What is read of an answer with this body."""
    pieces = iter([content]) if isinstance(content, bytes) else content
    service = Service(lambda _: httpx.Response(200, content=pieces), monkeypatch, step=step)
    return service.ask("ab")


def refused(
    monkeypatch: pytest.MonkeyPatch, content: bytes | Iterator[bytes], step: float = 0
) -> str:
    with pytest.raises(StatusError) as caught:
        answer(monkeypatch, content, step)
    assert caught.value.where == f"[status] url {URL}"
    return caught.value.what.removeprefix("the status service cannot be used: ")


def items(**said: object) -> bytes:
    return json.dumps({"items": said}).encode()


def test_the_pseudonym_is_sent_and_the_token_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, content=iter([items()]))

    assert Service(handler, monkeypatch).ask("ab") == {}
    assert Service(handler, monkeypatch, token="secret").ask("cd") == {}
    without, with_token = requests
    assert (without.method, str(without.url), json.loads(without.content)) == (
        "POST",
        URL,
        {"person": "ab"},
    )
    assert "Authorization" not in without.headers
    assert with_token.headers["Authorization"] == "Bearer secret"


def test_closing_ends_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(lambda _: httpx.Response(200, content=items()), monkeypatch)
    service.close()
    with pytest.raises(StatusError, match="closed"):
        service.ask("ab")


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500])
def test_any_other_answer_than_200_is_named(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    service = Service(lambda _: httpx.Response(status, content=items()), monkeypatch)
    with pytest.raises(StatusError, match=f"it answered {status}"):
        service.ask("ab")


def test_an_answer_may_be_as_long_as_the_limit_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = items(code={"good": True})
    longest = whole + b" " * (16_384 - len(whole))
    assert answer(monkeypatch, longest) == {"code": StatusItem(True, "")}
    assert refused(monkeypatch, longest + b" ") == "its answer is longer than 16384 bytes"


def test_an_answer_has_to_be_complete_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (items(code={"good": True}), b" ")

    # the clock is read once before and after each piece: the second is read 2 steps later
    assert answer(monkeypatch, pieces(), step=0.25) == {"code": StatusItem(True, "")}
    assert refused(monkeypatch, pieces(), step=0.26) == "it did not finish in time"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (httpx.ReadTimeout("slow"), "it did not answer within 0.5 s"),
        (httpx.ConnectError("Connection refused"), "Connection refused"),
        (httpx.RemoteProtocolError(""), "RemoteProtocolError"),
    ],
)
def test_what_the_network_does_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(StatusError) as caught:
        Service(handler, monkeypatch).ask("ab")
    assert caught.value.what == f"the status service cannot be used: {why}"


def test_an_answer_may_list_so_many_items_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    most = {f"item{number}": {"good": True} for number in range(40)}
    assert len(answer(monkeypatch, items(**most))) == 40
    assert refused(monkeypatch, items(**most, more={"good": True})) == (
        "it lists more than 40 items"
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"good": True, "value": "green"}, StatusItem(True, "green")),
        ({"good": False, "value": 3}, StatusItem(False, "3")),
        ({"good": None, "value": 2.5}, StatusItem(None, "2.5")),
        ({"good": True}, StatusItem(True, "")),
        ({"good": True, "value": "a\nb\u200e"}, StatusItem(True, "ab")),
        ({"good": True, "value": "x" * 25}, StatusItem(True, "x" * 24)),
    ],
)
def test_an_item_is_read(
    monkeypatch: pytest.MonkeyPatch, said: object, expected: StatusItem
) -> None:
    assert answer(monkeypatch, items(code=said)) == {"code": expected}


@pytest.mark.parametrize(
    "body",
    [
        b"green",
        b"[]",
        b"{}",
        b'{"items": 3}',
        b'{"items": ["code"]}',
        items(code="green"),
        items(code={}),
        items(code={"good": "true"}),
        items(code={"good": 1}),
        items(code={"good": True, "value": False}),
        items(code={"good": True, "value": None}),
        items(code={"good": True, "value": ["green"]}),
        b"[" * 16_000,
    ],
)
def test_an_answer_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    assert refused(monkeypatch, body) == "its answer does not have the agreed form"
