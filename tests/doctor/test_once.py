"""One fault is named once, and asks nothing of a camera that has refused its password."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gate import doctor
from gate.camera.capture import _REASONS
from gate.camera.judge import Ended
from gate.camera.settings import CameraSettings
from gate.config.settings import build
from gate.doctor import Level, box, examine, network
from gate.store.store import Store

pytestmark = pytest.mark.slow
OF_THE_REGISTER = ("database", "key", "rules", "gallery", "calibration", "outbox", "backup")


def _damage(data: Path) -> None:
    (data / "gate.db").write_bytes(b"not a database" * 1000)


def _newer(data: Path) -> None:
    with closing(sqlite3.connect(data / "gate.db")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9000'")


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (_damage, "database"),
        (_newer, "database"),
        (lambda data: (data / "gate.db").unlink(), "database"),
        (lambda data: (data / "gate.key").unlink(), "key"),
    ],
)
def test_a_fault_of_the_register_is_one_line(
    values: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Path], object],
    part: str,
) -> None:
    values["mqtt"] = {"enabled": True, "broker": "embedded"}
    settings = build(values)
    with Store.open(settings.store, settings.data) as store:
        store.people.create("李红")
    fault(settings.data)
    only = {name: look for name, look in doctor.PARTS.items() if name in OF_THE_REGISTER}
    monkeypatch.setattr(doctor, "PARTS", only)
    bad = [found.part for found in examine(settings) if found.level is Level.BAD]
    assert bad == [part]


class Refused:
    """A capture whose camera refuses the password."""

    def __init__(self, settings: CameraSettings, status: Callable[[str, bool, str], None]) -> None:
        self._name, self._status = settings.name, status

    def open(self) -> None:
        self._status(self._name, False, _REASONS[int(Ended.REFUSED)])

    def read(self, seconds: float) -> None:
        return None

    def close(self) -> None:
        pass


def test_a_camera_that_refuses_its_password_is_tried_once(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def connect(*given: object, **named: object) -> None:
        asked.append(f"{given}")
        raise OSError

    class Onvif:
        def __init__(self, host: str, *given: object, **named: object) -> None:
            asked.append(host)
            raise OSError

    monkeypatch.setattr("socket.create_connection", connect)
    monkeypatch.setattr(box, "Capture", Refused)
    monkeypatch.setattr(network, "Camera", Onvif)
    only = {name: doctor.PARTS[name] for name in ("camera", "network cameras")}
    monkeypatch.setattr(doctor, "PARTS", only)
    values["camera"] = [{"name": "in", "source": "rtsp://gate:wrong@192.0.2.1/live"}]
    (found,) = examine(build(values))
    assert found.level is Level.BAD
    assert "refuses this user or password" in found.says
    assert "lock an account" in found.hint
    assert "wrong" not in found.says
    assert asked == []
