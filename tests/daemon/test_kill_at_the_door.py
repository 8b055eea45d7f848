"""kill -9 of the daemon, or of the relay's guard, in each phase of an opening, and what is left.

Afterwards: the lock rests unless there is a fire, each grant is recorded once and opens at most
once, the screen shows what to do, and the next card opens.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.daemon.door_persistence import file_of, read
from gate.integrations.broker import free_port
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.gate_process import GateProcess, page_of
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
CARDS = (0x2D5C38, 0x2D5C39, 0x2D5C3A)
CONTACT, FIRE = 2, 3  # inputs of the board


@dataclass
class House:
    """A gate with a board and a card reader, and three people with a card."""

    gate: GateProcess
    device: ModbusBoard
    reader: CardReader
    screen: str

    @property
    def released(self) -> bool:
        return self.device.board.relays[0]

    @property
    def openings(self) -> int:
        return sum(on for _, _, on in self.device.board.history)

    def wire(self, number: int, level: bool) -> None:
        self.device.board.wires[number] = level

    def count(self, type: str) -> int:
        return self.gate.types().count(type)

    def ends(self, may_be_seen: bool) -> bool:
        """Whether each passage has one end, of which nothing is known."""
        events = self.gate.events()
        granted = [e["passage"] for e in events if e["type"] == "passage.granted"]
        ended = [e for e in events if e["type"] == "passage.ended"]
        assert [e["passage"] for e in ended] == granted
        known = ended[-1]["details"] == {"passed": True}
        cut = ended[-1]["details"] == {"passed": None, "interrupted": True}
        return cut or (may_be_seen and known)

    def happens(self, type: str, times: int = 1) -> None:
        wait_for(lambda: self.count(type) >= times, 60)

    def show(self, number: int) -> None:
        """Hold a card before the reader until somebody is let in by it."""
        before = self.count("passage.granted")

        def let_in() -> bool:
            self.reader.show(number)
            return self.count("passage.granted") > before

        wait_for(let_in, 60)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    device, reader = ModbusBoard(), CardReader()
    with SimulatedPort(device) as board, SimulatedPort(reader) as cards:
        screen = free_port()
        values = {
            "name": "front",
            "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 2}],
            "reader": [{"name": "door", "driver": "rdm6300", "port": cards.path}],
            "relay": {
                "driver": "modbus",
                "port": board.path,
                "inputs": {"contact": {"number": CONTACT}, "fire": {"number": FIRE}},
            },
            "door": {"contact": True, "unlock": 30},
            "screen": {"enabled": True, "port": screen, "speech": "off"},
            "advanced": {"relay": {"timeout": 2.0}, "door": {"max_unlock": 60}},
        }
        with Store.open(StoreSettings(ballast=0), tmp_path) as store:
            for name, number in zip(("Li", "Wang", "Zhao"), CARDS, strict=True):
                person = store.people.create(name)
                store.credentials.add(person.id, "card", of_number(number))
        gate = GateProcess(tmp_path, values)
        made = House(gate, device, reader, f"http://127.0.0.1:{screen}/")
        gate.start()
        yield made
        gate.stop()


def begin(house: House, phase: str, number: int) -> None:
    """Bring the door into a phase of an opening for the holder of a card."""
    if phase == "fire":
        house.wire(FIRE, True)
        latch = file_of(house.gate.folder, "front")
        wait_for(lambda: house.released and (read(latch) or {}).get("fire"))
        return
    house.show(number)
    wait_for(lambda: house.released)
    if phase in ("open", "closing"):
        opened = house.count("door.opened")
        house.wire(CONTACT, True)
        house.happens("door.opened", opened + 1)
    if phase == "closing":
        house.wire(CONTACT, False)


def test_the_daemon_is_killed_while_the_door_is_in_use(house: House) -> None:
    for grants, phase in enumerate(("released", "open", "closing", "fire")):
        begin(house, phase, CARDS[grants % len(CARDS)])
        before = house.gate.events()
        house.gate.kill()
        wait_for(lambda: not house.released)
        openings = house.openings
        if phase == "fire":
            house.wire(FIRE, False)  # over while nobody saw it: only a person ends the release
        house.gate.start()
        events = house.gate.events()
        assert events[: len(before)] == before
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        if phase == "fire":
            wait_for(lambda: house.released)
            assert page_of(house.screen)["code"] == "door_released"
            continue
        assert house.count("passage.granted") == grants + 1
        house.happens("passage.ended", grants + 1)
        assert house.ends(phase == "closing")
        assert house.openings == openings <= grants + 1  # nobody's grant opens once more
        assert not house.released
        assert page_of(house.screen)["look"] == "idle"
        if phase == "open":  # it stands open still, and is seen to close
            closed = house.count("door.closed")
            house.wire(CONTACT, False)
            house.happens("door.closed", closed + 1)


def test_the_guard_is_killed_while_the_door_is_in_use(house: House) -> None:
    for number, phase in enumerate(("released", "open", "closing", "fire")):
        begin(house, phase, CARDS[number % len(CARDS)])
        guard = guard_of(house.gate.pid)
        os.kill(guard, signal.SIGKILL)
        house.happens("door.recovered", number + 1)
        if phase != "closing":
            wait_for(lambda: house.released)  # for the rest of the time, or as long as the fire
        assert guard_of(house.gate.pid) not in (0, guard)
        assert house.count("passage.granted") == min(number + 1, 3)
        if phase == "released":
            house.wire(CONTACT, True)
            house.happens("door.opened")
        if phase != "fire":
            house.wire(CONTACT, False)
            wait_for(lambda: not house.released)
    passed = [e["details"]["passed"] for e in house.gate.events() if e["type"] == "passage.ended"]
    # whoever was in the open door was out of sight; who closed it may have been seen to
    assert passed in ([True, None, True], [True, None, None])
    assert page_of(house.screen)["code"] == "door_released"


def guard_of(daemon: int) -> int:
    """The process that drives the relay; 0 while there is none."""
    for task in Path(f"/proc/{daemon}/task").iterdir():
        with suppress(OSError):  # a thread or a process may have ended meanwhile
            for child in (task / "children").read_text().split():
                if b"guard" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    return 0
