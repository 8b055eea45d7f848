"""The daemon looks up again what was shown, for as long as its holder is asked for their face."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from gate.config.settings import build
from gate.daemon.build import Core, build_core
from gate.daemon.daemon import Daemon
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.port import SimulatedPort
from gate.store.store import Store
from tests.gate_process import PLAIN
from tests.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
CARD = 0x2D5C38


def test_a_card_revoked_while_the_face_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores: list[Core] = []

    def built(*given: Any, **named: Any) -> Core:
        cores.append(build_core(*given, **named))
        return cores[-1]

    monkeypatch.setattr("gate.daemon.daemon.build_core", built)
    # a machine that stops a thread for seconds ends the passage by neither of these
    monkeypatch.setattr("gate.daemon.claim_checks.CLAIM_AGE", PATIENCE)
    monkeypatch.setattr("gate.passage.serve.ASK_WAIT", PATIENCE)
    reader = CardReader()
    with SimulatedPort(reader) as port:
        settings = build(
            {
                **PLAIN,
                "data": str(tmp_path),
                "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 2}],
                "reader": [{"name": "door", "driver": "rdm6300", "port": port.path}],
                "access": {"allow": [{"name": "both", "both": True}]},
            }
        )
        with Store.open(settings.store, tmp_path) as store:
            person = store.people.create("Li")
            card = store.credentials.add(person.id, "card", of_number(CARD))
            daemon = Daemon(settings)
            thread = threading.Thread(target=daemon.run, name="main loop")
            thread.start()
            try:
                wait_for(lambda: cores and cores[0].loop.check is not None, 120)
                loop = cores[0].loop

                def shown() -> bool:
                    reader.show(CARD)
                    return loop.claimed == person.id

                wait_for(shown, 60)
                store.credentials.revoke(card.id, "lost")
                wait_for(lambda: loop.claimed is None, 60)
            finally:
                daemon.stop()
                thread.join(60)
            answers = [
                reason
                for event in store.events.search(gate=settings.name, limit=20)
                if event.type in ("passage.denied", "passage.asked", "passage.granted")
                for reason in event.body["reasons"]
            ]
    assert "card_revoked" in answers
