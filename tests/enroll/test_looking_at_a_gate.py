"""From the camera to the desk: a whole gate, and a clerk who looks through it."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from gate.clock import SystemClock
from gate.config.settings import build
from gate.daemon.daemon import Daemon
from gate.services.live_picture import WIDTH
from tests.daemon.test_daemon import FIXTURES
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def clock():
    return SystemClock()


def test_the_camera_of_a_running_gate_is_seen_until_the_gate_ends(
    desk, clerk, tmp_path, tmp_path_factory, monkeypatch
):
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    settings = build(
        {
            "name": "east",
            "data": str(tmp_path),
            "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
            "models": {"folder": str(tmp_path_factory.mktemp("models"))},
            "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 10}],
            "liveness": {"mode": "warn"},
            "mqtt": {"enabled": False},
            "screen": {"enabled": False},
            "store": {"ballast": 0},
            "desk": {"live_picture": True},
        }
    )
    desk.settings = desk.settings.model_copy(update={"live_picture": True})
    daemon = Daemon(settings)
    gate = threading.Thread(target=daemon.run, name="main loop")
    gate.start()
    try:
        wait_for(lambda: desk.store.events.search(types=["gate.started"], limit=1))
        clerk.fill("/live/east/picture")

        def seen() -> bytes | None:
            answer = clerk.get("/live/east/picture.jpg")
            return answer.content if answer.status_code == 200 else None

        image = cv2.imdecode(np.frombuffer(wait_for(seen), np.uint8), cv2.IMREAD_COLOR)
        assert image.shape[1] == WIDTH
        assert image.std() > 5, "the entrance, no blank picture"
    finally:
        daemon.stop()
        gate.join(60)
    assert clerk.get("/live/east/picture.jpg").status_code == 503
    assert not list(tmp_path.rglob("*.jpg"))
