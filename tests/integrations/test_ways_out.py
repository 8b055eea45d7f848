"""Webhook, health page, metrics, logs."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import structlog
from pydantic import ValidationError

from gate.errors import ConfigurationError
from gate.events.event import Event
from gate.integrations.health_server import HealthServer
from gate.integrations.metrics import Metrics
from gate.integrations.settings import HttpSettings, LogSettings, MqttSettings, WebhookSettings
from gate.integrations.webhook import Webhook, signature, verify
from gate.log import set_up
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECRET = "correct horse battery"


class Receiver(HTTPServer):
    """Answers what ``status`` says; keeps what it took, checked by the signature."""

    def __init__(self) -> None:
        self.status = 200
        self.sequences: list[int] = []
        self.keys: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stamp, given = self.headers["X-Gate-Timestamp"], self.headers["X-Gate-Signature"]
                assert verify(SECRET, stamp, body, given)
                owner.keys.append(self.headers["Idempotency-Key"])
                if owner.status == 200:
                    owner.sequences += [e["sequence"] for e in json.loads(body)["events"]]
                self.send_response(owner.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[Store]:
    settings = StoreSettings(ballast=0)
    with Store.open(settings, tmp_path / "data", receivers=("mqtt", "webhook")) as opened:
        yield opened


@pytest.mark.slow
def test_a_webhook_gets_every_event_in_order_in_spite_of_errors(
    hooked: Store, receiver: Receiver, eventually: Callable[..., None]
) -> None:
    receiver.status = 503
    settings = WebhookSettings.model_validate(
        {
            "enabled": True,
            "url": f"http://127.0.0.1:{receiver.server_port}/in",
            "secret": SECRET,
        }
    )
    hooked.events.append([Event.make("north", "gate.started", NOON) for _ in range(20)])
    webhook = Webhook(settings, "north", hooked, retry_most=1.0, batch=7)
    webhook.start()
    eventually(lambda: webhook.fault and "503" in webhook.fault.what)
    receiver.status = 200
    eventually(lambda: len(receiver.sequences) == 20)
    assert receiver.sequences == list(range(1, 21))
    assert receiver.keys[0] == receiver.keys[1]  # the repeated attempt can be known
    eventually(lambda: hooked.outbox.waiting("north", "webhook") == 0)
    assert hooked.outbox.waiting("north", "mqtt") == 20  # each receiver for itself
    webhook.stop()


class Endless(BaseHTTPRequestHandler):
    """Takes everything, and does not end its answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):  # the gate has hung up
            while True:
                self.wfile.write(bytes(65_536))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.slow
def test_an_answer_without_end_fills_no_memory_and_holds_nothing_back(hooked: Store) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        webhook = Webhook(
            WebhookSettings.model_validate({"url": url, "secret": "s" * 32}), "north", hooked
        )
        hooked.events.append([Event.make("north", "gate.started", NOON)])
        webhook.start()
        try:
            wait_for(lambda: webhook.delivered == 1)
            assert webhook.fault is None
        finally:
            webhook.stop()
            server.shutdown()


def test_a_webhook_signature_covers_time_and_body() -> None:
    given = signature(SECRET, "100", b"body")
    assert verify(SECRET, "100", b"body", given)
    assert not verify(SECRET, "101", b"body", given)
    assert not verify(SECRET, "100", b"bodY", given)
    assert not verify("another secret 1", "100", b"body", given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"enabled": True, "url": "ftp://x", "secret": SECRET},
        {"enabled": True, "url": "https://x", "secret": "short"},
    ],
)
def test_a_webhook_that_cannot_work_is_a_mistake_of_the_configuration(
    wrong: dict[str, object],
) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate(wrong)


@pytest.mark.slow
def test_health_ready_and_metrics() -> None:
    metrics = Metrics("north")
    metrics.count(
        Event.make(
            "north", "passage.granted", NOON, decision="grant", method="face",
            reasons=("known",), latency=312.0,
        )
    )  # fmt: skip
    metrics.device("ir", up=False)
    metrics.gauge("outbox_waiting", "Undelivered events", lambda: 42.0)
    camera = ["lost"]
    server = HealthServer(
        HttpSettings(port=0), metrics, {"loop": lambda: ""}, {"camera": lambda: camera[0]}
    )
    server.start()
    base = f"http://127.0.0.1:{server.port}"
    assert httpx.get(f"{base}/healthz", timeout=PATIENCE).json() == {"loop": "ok"}
    down = httpx.get(f"{base}/readyz", timeout=PATIENCE)
    assert (down.status_code, down.json()) == (503, {"camera": "lost"})
    camera[0] = ""
    assert httpx.get(f"{base}/readyz", timeout=PATIENCE).status_code == 200
    text = httpx.get(f"{base}/metrics", timeout=PATIENCE).text
    assert 'gate_decisions_total{method="face",outcome="grant",reason="known"} 1.0' in text
    assert 'gate_passage_latency_seconds_bucket{le="0.4",method="face"} 1.0' in text
    assert 'gate_device_up{device="ir"} 0.0' in text
    assert "gate_outbox_waiting 42.0" in text
    assert httpx.get(f"{base}/../etc/passwd", timeout=PATIENCE).status_code == 404
    assert httpx.post(f"{base}/metrics", timeout=PATIENCE).status_code == 405
    server.stop()


def test_a_port_in_use_is_named() -> None:
    first = HealthServer(HttpSettings(port=0), Metrics("a"), {}, {})
    with pytest.raises(ConfigurationError, match="health page"):
        HealthServer(HttpSettings(port=first.port), Metrics("b"), {}, {})
    first.stop()


def test_everything_is_off_and_local_by_default() -> None:
    assert not HttpSettings().enabled
    assert HttpSettings().host == "127.0.0.1"
    assert not WebhookSettings().enabled
    assert MqttSettings().host == "127.0.0.1"


@pytest.fixture
def quiet() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_log_line_is_json_with_nothing_personal(quiet: None) -> None:
    out = io.StringIO()
    set_up(LogSettings(format="json"), out)
    log = logging.getLogger("gate.test")
    extra = {"outcome": "grant", "full_name": "李红", "inner": {"card": "0012345678"}}
    log.info("decision", extra=extra)
    structlog.get_logger("gate.other").info("note", person_name="李红", score=0.5)
    log.warning("connect to postgresql://gate:geheim@db/x failed", extra={"pin": "1234"})
    first, second, _ = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["event"] == "decision"
    assert first["inner"] == {"card": "[removed]"}
    assert second["score"] == 0.5
    for secret in ("李红", "0012345678", "geheim", "1234"):
        assert secret not in out.getvalue()


def test_on_a_terminal_a_log_is_readable(quiet: None) -> None:
    out = io.StringIO()
    set_up(LogSettings(format="console"), out)
    logging.getLogger("gate.test").info("camera.lost", extra={"camera": "main"})
    assert "camera.lost" in out.getvalue()
    assert "camera=main" in out.getvalue()


@pytest.mark.parametrize("url", ["https://[fe80::1/x", "https://example.org:port/x"])
def test_an_address_of_a_webhook_that_is_none_is_refused_in_the_configuration(url: str) -> None:
    with pytest.raises(ValueError, match="url cannot be used"):
        WebhookSettings(enabled=True, url=url, secret="x" * 20)
