"""A whole run of the daemon, and not one name, card number or template in what leaves it."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon.build import build_core, open_doorway
from gate.demo.scenes import enrol_photographs
from gate.readers.card_number import of_number
from gate.services.enrolment import Examiner
from gate.simulators.card import CardReader
from gate.simulators.port import SimulatedPort
from gate.store.store import Store
from tests.waiting import eventually, wait_for
from tests.warm import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
CARD = 0x2D5C38
NAMES = ("Eileen Collins", "Collins", "Barack Obama", "Obama")


@pytest.mark.slow
def test_neither_logs_nor_events_hold_anything_personal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    device = CardReader()
    with SimulatedPort(device) as port:
        values = {
            "data": str(tmp_path),
            "camera": [{"source": str(FIXTURES / "recordings" / "resident-exposure-hunts.mp4")}],
            "models": {"folder": str(tmp_path / "models")},
            "liveness": {"mode": "warn"},
            "mqtt": {"enabled": False},
            "screen": {"enabled": False},
            "reader": [{"name": "door", "driver": "rdm6300", "port": port.path}],
            "log": {"format": "json", "level": "debug"},
        }
        settings = build({**values, "reader": []})
        clock = ManualClock()
        with Store.open(settings.store, tmp_path) as store:
            core = build_core(settings, store, clock, open_doorway(settings, clock))
            examiner = Examiner(core.detector, [core.encoder])
            enrol_photographs(store, examiner, FIXTURES / "enrolled")
            holder = store.people.find("Obama")[0].id
            store.credentials.add(holder, "card", of_number(CARD))
            vectors = store.templates.load(core.encoder.name).vectors
        toml = tmp_path / "gate.toml"
        toml.write_text(_toml(values))
        log = tmp_path / "said"
        daemon = Program("run", "-c", str(toml), out=log)
        try:
            wait_for(lambda: log.exists() and b"gate.ready" in log.read_bytes(), 180)
            shown(device, CARD, lambda: "passage.granted" in types(tmp_path))
            shown(device, 0x123456, lambda: types(tmp_path) & {"passage.denied", "passage.asked"})
        finally:
            daemon.terminate()
            daemon.wait(120)
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        rows = connection.execute("select type, body from events").fetchall()
    said = log.read_text() + "".join(str(body) for _, body in rows)
    assert "gate.ready" in said
    forms = {of_number(CARD), str(CARD), f"{CARD:08X}", f"{CARD:010d}"}
    row = np.ascontiguousarray(vectors[0])
    forms |= {base64.b64encode(row.tobytes()).decode()[:24], f"{float(row[0]):.6f}"}
    found = [secret for secret in (*NAMES, *forms) if secret in said]
    assert not found


def types(folder: Path) -> set[str]:
    """The types of the events so far."""
    with sqlite3.connect(folder / "gate.db") as connection:
        return {type for (type,) in connection.execute("select distinct type from events")}


def shown(device: CardReader, card: int, answered: Callable[[], object]) -> None:
    """Hold the card to the reader again, as people do, until something comes of it."""
    for _ in range(60):
        device.show(card)
        if eventually(answered, 2.0):
            return
    pytest.fail(f"nothing came of card {card:X}")


def _toml(values: dict[str, object]) -> str:
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in values.items() if isinstance(value, str)
    ]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in value.items())]
        if isinstance(value, list):
            for one in value:
                lines += [f"[[{key}]]", *(f"{k} = {json.dumps(v)}" for k, v in one.items())]
    return "\n".join(lines)
