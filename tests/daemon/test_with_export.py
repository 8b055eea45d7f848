"""``gate run`` with an ``[[export]]``: a receiver that is down, and a gate that is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.config.settings import build
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.port import SimulatedPort
from gate.store.store import Store
from tests.exporting.receiving import Host, Platform
from tests.gate_process import GateProcess
from tests.waiting import eventually, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
CARD = 0x2D5C38


def passages(gate: GateProcess) -> list[tuple[int, int, str]]:
    """Epoch, sequence and id of what the mapping calls one, in the order of the register."""
    return [
        (event["epoch"], event["sequence"], event["id"])
        for event in gate.events()
        if event["type"] in ("passage.granted", "passage.denied", "passage.ended")
    ]


def ended(gate: GateProcess) -> int:
    """The sequence of the newest end of a passage."""
    return max(e["sequence"] for e in gate.events() if e["type"] == "passage.ended")


def test_every_passage_once_and_in_order_through_a_dead_receiver_and_two_power_cuts(
    tmp_path: Path,
) -> None:
    platform = Platform(dedupes=False)
    host = Host(platform)
    host.up()  # for its port
    host.down()
    reader = CardReader()
    with SimulatedPort(reader) as port:
        gate = GateProcess(
            tmp_path,
            {
                "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 2}],
                "reader": [{"name": "door", "driver": "rdm6300", "port": port.path}],
                "access": {"passage": {"same_person": 0.5}},
                "export": [
                    {
                        "name": "site",
                        "url": platform.url,
                        "purposes": ["operation"],
                        "kinds": ["passage"],
                        "timeout": 1.0,
                        "retry_most": 0.2,
                        "batch": 3,
                    }
                ],
            },
        )
        with Store.open(build(gate.values).store, tmp_path) as store:
            person = store.people.create("Li", number="4711")
            store.credentials.add(person.id, "card", of_number(CARD))

        def come(times: int) -> None:
            for _ in range(times):
                goal = len(passages(gate)) + 1
                while not eventually(lambda: len(passages(gate)) >= goal, 3.0):  # noqa: B023
                    reader.show(CARD)

        try:
            gate.start()  # nobody listens
            come(4)
            assert not platform.kept
            gate.kill()
            gate.start()
            come(2)
            platform.moods = ["503", "kept, then cut", "", "half", "kept, then 500", "drips"]
            host.up()
            wait_for(lambda: len(platform.kept) >= 3)
            gate.kill()  # in the middle of whatever it does
            host.down()
            gate.start()
            come(2)
            host.up()
            come(1)
            # the last passage ends by itself a little later
            wait_for(lambda: passages(gate)[-1][1] == ended(gate), 120)
            wait_for(lambda: len(platform.kept) >= len(passages(gate)), 120)
        finally:
            gate.stop()
            host.down()
    wanted = passages(gate)
    assert len(wanted) >= 9
    assert [(r["epoch"], r["sequence"], r["id"]) for r in platform.kept] == wanted
