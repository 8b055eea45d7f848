"""Whoever has no certificate of the hub cannot keep its boxes from it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx
import pytest

from gate import sockets
from gate.hub.server import listen_for_boxes
from gate.sockets import CONNECTIONS
from tests.hub.fleet import Fleet
from tests.test_tls_sockets import still_open
from tests.waiting import eventually, wait_for

pytestmark = pytest.mark.slow

STRANGERS = 3 * CONNECTIONS


@pytest.fixture
def strangers() -> Iterator[list[socket.socket]]:
    held: list[socket.socket] = []
    yield held
    for each in held:
        each.close()


def test_half_sent_requests_of_strangers_do_not_keep_a_box_from_its_hub(
    fleet: Fleet, strangers: list[socket.socket]
) -> None:
    box = fleet.box("north")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(STRANGERS):
        plain = socket.create_connection(("127.0.0.1", fleet.server.port), 60)
        wire = context.wrap_socket(plain)
        strangers.append(wire)
        wire.sendall(b"POST /pair HTTP/1.1\r\nHost: hub\r\nX-Slow: ")
    assert eventually(lambda: closed(strangers) >= STRANGERS - CONNECTIONS)
    fleet.enrol("李红", 1)
    wait_for(lambda: box.names == {"李红"})


def test_boxes_that_all_come_back_at_once_are_let_in(
    strangers: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart of the hub: none has shaken hands, and all may be behind one address."""
    monkeypatch.setattr(sockets, "_is_this_machine", lambda address: False)
    with listen_for_boxes("127.0.0.1", 0) as listening:
        accepted = []
        for _ in range(2 * CONNECTIONS):
            strangers.append(socket.create_connection(listening.getsockname(), 60))
            accepted.append(listening.accept()[0])
        assert still_open(strangers) == len(accepted)
        for each in accepted:
            each.close()


def closed(held: list[socket.socket]) -> int:
    return len(held) - still_open(held)


def test_a_stranger_cannot_send_megabytes(fleet: Fleet) -> None:
    client = httpx.Client(base_url=fleet.server.url, verify=False, timeout=60)
    with client:
        assert client.get("/authority").status_code == 200
        answer = client.post("/pair", content=b'{"code": "' + b"x" * (1 << 20) + b'"}')
    assert answer.status_code == 413
