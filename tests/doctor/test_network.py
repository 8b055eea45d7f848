"""Doctor looks whether something listens where events and alarms go, and sends nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from gate.config.settings import build
from gate.doctor import Finding, Level
from gate.doctor import network as doctor_network
from gate.texts.terminal import reworded
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


# ------------------------------------------------------------ alarms


def alarms(*addresses: str, enabled: bool = True) -> list[Finding]:
    to = [{"name": f"to{n}", "url": url} for n, url in enumerate(addresses, 1)]
    return findings("notify", build({"notify": {"enabled": enabled, "to": to}}))


@pytest.mark.slow
def test_a_service_that_listens_is_fine_and_nothing_is_sent_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"127.0.0.1:{server.getsockname()[1]}"
        (found,) = alarms(f"json://li:geheim@{where}/alarms")
        assert (found.level, found.says) == (Level.OK, f"to1: {where}: it takes connections")
        assert found.hint.endswith("`gate notify test to1`")
        wire, _ = server.accept()
        with wire:
            assert wire.recv(1) == b""
    with socket.socket() as taken:  # nothing listens there, and nobody else takes the port
        taken.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        gone, wrong, silent = alarms(f"json://{where}/", "wecom://KEY", "syslog://")
    assert (gone.level, gone.says) == (Level.BAD, f"to1: nothing listens at {where}")
    assert (wrong.level, wrong.hint[:8]) == (Level.BAD, "write it")
    assert wrong.says == "to2: the address is of no service that Apprise knows"
    assert silent.level is Level.OK
    for found in (gone, wrong, silent):
        assert reworded(found.says, "zh") != found.says
        assert "KEY" not in found.says + found.hint.replace("wecombot://KEY", "")


@pytest.mark.slow
def test_ways_to_households_are_looked_at_and_what_is_off_is_not() -> None:
    way = {"name": "sms", "url": "json://127.0.0.1:9/{to}"}
    (found,) = findings("notify", build({"notify": {"way": [way]}}))
    assert found.says == "sms: nothing listens at 127.0.0.1:9"
    assert alarms("json://127.0.0.1:9/", enabled=False) == []
    assert alarms("") == []
