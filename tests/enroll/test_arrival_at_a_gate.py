"""From the code before a scanner to the message: a whole gate, the desk and a receiver."""

from __future__ import annotations

import re
import threading

import pytest

from enroll import visitor_link
from enroll.arrivals import ArrivalNotices
from enroll.permits import Permits
from gate.access.permit_keys import own_key
from gate.clock import SystemClock
from gate.config.settings import build
from gate.daemon.daemon import Daemon
from gate.notify.sending import AppriseSender
from gate.simulators.card import CodeScanner
from gate.simulators.port import SimulatedPort
from tests.daemon.test_daemon import FIXTURES
from tests.notify.telephone import ringing
from tests.waiting import eventually, wait_for

pytest.importorskip("apprise")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def clock():
    return SystemClock()  # the gate's permits are of now


def test_a_permit_before_the_scanner_opens_and_the_household_is_told(
    desk, clerk, tmp_path, tmp_path_factory, monkeypatch
):
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    scanner = CodeScanner()
    with ringing() as telephone, SimulatedPort(scanner) as port:
        settings = build(
            {
                "name": "east",
                "label": "东门",
                "data": str(tmp_path),
                "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
                "models": {"folder": str(tmp_path_factory.mktemp("models"))},
                "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 10}],
                "reader": [{"driver": "scanner", "port": port.path, "kind": "permit"}],
                "liveness": {"mode": "warn"},
                "mqtt": {"enabled": False},
                "screen": {"enabled": False},
                "store": {"ballast": 0},
                "notify": {"way": [{"url": f"json://127.0.0.1:{telephone.server_port}/{{to}}"}]},
            }
        )
        desk.permits = Permits.open(desk.store, own_key(tmp_path), settings.access.permit)
        desk.ways = settings.notify.way
        place = desk.store.places.household("2", "501")
        host = desk.store.people.create("张主人", household_id=place.id, birth_year=1960)
        person = f"/people/{host.id}"
        clerk.fill(f"{person}/consent", answer="agreed", language="zh", purpose="arrival")
        clerk.fill(f"{person}/arrivals", way="sms", to="13800000000")
        page = clerk.fill("/visitors", name="王客", building="2", unit="501").text
        token = re.search(r"http://desk\.test/v/([\w-]+)", page)[1]

        telephone.away = True  # the door does not wait for it
        daemon = Daemon(settings)
        gate = threading.Thread(target=daemon.run, name="main loop")
        gate.start()
        try:
            wait_for(lambda: desk.store.events.search(types=["gate.started"], limit=1))
            sender = AppriseSender((), "[[notify.way]]")
            notices = ArrivalNotices(
                desk.store, settings.notify, sender, desk.clock, {"east": "东门"}, 0.1
            )
            with notices:
                for _ in range(10):  # a scanner may begin to listen later than it says
                    scanner.show(visitor_link.text_of(token))
                    if eventually(
                        lambda: desk.store.events.search(types=["passage.granted"], limit=1), 6.0
                    ):
                        break
                (granted,) = desk.store.events.search(types=["passage.granted"], limit=1)
                assert granted.method == "permit"
                assert telephone.rings.wait(60)
                assert telephone.got == []
            telephone.away = False
            with ArrivalNotices(
                desk.store, settings.notify, sender, desk.clock, {"east": "东门"}, 0.1
            ):
                (got,) = wait_for(lambda: telephone.got)
                wait_for(lambda: "household notified" in clerk.get("/visitors").text)
            assert "东门" in got["message"]
            assert "王客" not in str(got)
        finally:
            daemon.stop()
            gate.join(60)
