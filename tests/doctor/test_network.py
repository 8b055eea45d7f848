"""Doctor looks whether something listens at the webhook's address, and sends nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from gate.config.settings import build
from gate.doctor import Finding, Level
from gate.doctor import network as doctor_network
from tests.doctor.looking import findings
from tests.waiting import PATIENCE


def looked(url: str) -> Finding:
    (found,) = findings("webhook", build({"webhook": {"enabled": True, "url": url, **SECRET}}))
    return found


SECRET = {"secret": "sixteen characters"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_network, "_PATIENCE", PATIENCE)


def test_one_that_listens_is_fine_and_one_that_does_not_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"127.0.0.1:{server.getsockname()[1]}"
        found = looked(f"http://{where}/events")
        assert (found.level, found.says) == (Level.OK, f"{where}: it takes connections")
        wire, _ = server.accept()
        with wire:
            assert wire.recv(1) == b""
    found = looked(f"http://{where}/events")
    assert (found.level, found.says) == (Level.BAD, f"nothing listens at {where}")
    assert found.hint == "check [webhook] url; events wait meanwhile"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(socket.EAI_NONAME, "?"), "the name events.invalid is not known"),
        (TimeoutError(), "nothing answers at events.invalid:443"),
    ],
)
def test_a_name_that_is_not_known_and_silence_are_named(
    error: OSError, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*given: Any, **more: Any) -> socket.socket:
        raise error

    monkeypatch.setattr(socket, "create_connection", connect)
    found = looked("https://events.invalid/x")
    assert (found.level, found.says) == (Level.BAD, says)


def test_one_that_is_off_is_not_looked_for() -> None:
    assert findings("webhook", build({})) == []
