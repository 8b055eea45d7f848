"""``gate run`` as a reader of a controller: its three modes, with the cable pulled.

The controller is libosdp's control panel behind a pseudo-terminal; people come with cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("osdp", reason="libosdp is not installed")

from gate.config.settings import build
from gate.readers.card_number import of_number
from gate.readers.out.card_formats import encode, parse
from gate.simulators.card import CardReader
from gate.simulators.osdp_controller import OsdpController
from gate.simulators.port import SimulatedPort
from gate.simulators.wiegand_converter import WiegandConverter
from gate.store.store import Store
from tests.gate_process import GateProcess
from tests.waiting import eventually, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIXTURES = Path(__file__).parents[2] / "fixtures"
KEY = bytes(range(16))
KNOWN, UNKNOWN = 4711, 4712  # to the controller; the gate knows both
CARDS = {KNOWN: 0x2D5C38, UNKNOWN: 0x2D5C39}


def bits_of(number: int) -> int:
    bits = encode(parse("wiegand-34"), number, 7)
    assert bits is not None
    return int("".join(map(str, bits)), 2)


@dataclass
class Site:
    """A gate between a card reader and the site's controller."""

    gate: GateProcess
    reader: CardReader
    line: SimulatedPort

    def since(self, start: int) -> list[dict[str, Any]]:
        return self.gate.events()[start:]

    def comes(self, number: int, *until: str) -> list[str]:
        """Somebody holds the card up until one of these events is there; the types since."""
        start = len(self.gate.events())
        for _ in range(30):
            self.reader.show(CARDS[number])
            if eventually(lambda: {e["type"] for e in self.since(start)} & set(until), 6.0):
                return [e["type"] for e in self.since(start)]
        raise AssertionError(f"none of {until} in {[e['type'] for e in self.since(start)]}")

    def line_is(self, there: bool) -> None:
        """Wait until the gate knows how the line is."""
        wait_for(lambda: self.line_status() is there, 120)

    def line_status(self) -> bool | None:
        said = [
            event["type"] == "device.back"
            for event in self.gate.events()
            if event["type"] in ("device.back", "device.lost")
            and event["details"].get("device") == "controller"
        ]
        return said[-1] if said else None


def make_site(folder: Path, line: SimulatedPort, door: SimulatedPort, **out: Any) -> Site:
    values = {
        "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 2}],
        "reader": [{"name": "door", "driver": "rdm6300", "port": door.path}],
        "access": {"passage": {"same_person": 1.0}},
        "reader_out": {
            "enabled": True,
            "port": line.path,
            "baud": 115_200,
            "format": "wiegand-34",
            "facility": 7,
            **out,
        },
    }
    gate = GateProcess(folder, values)
    with Store.open(build(gate.values).store, folder) as store:
        for number, card in CARDS.items():
            person = store.people.create(f"P{number}", number=str(number))
            store.credentials.add(person.id, "card", of_number(card))
    reader = door.device
    assert isinstance(reader, CardReader)
    return Site(gate, reader, line)


@pytest.fixture
def door() -> Iterator[SimulatedPort]:
    with SimulatedPort(CardReader()) as port:
        yield port


@pytest.fixture
def controller() -> Iterator[OsdpController]:
    with closing(OsdpController(KEY, knows=lambda bits: bits == bits_of(KNOWN))) as made:
        yield made


@pytest.fixture
def line(controller: OsdpController) -> Iterator[SimulatedPort]:
    with SimulatedPort(controller) as port:
        yield port


def test_both_must_agree(
    tmp_path: Path, line: SimulatedPort, door: SimulatedPort, controller: OsdpController
) -> None:
    site = make_site(tmp_path, line, door, key=KEY.hex(), decides="both")
    with site.gate.running():
        wait_for(lambda: controller.secure, 60)
        seen = site.comes(KNOWN, "door.unlocked")
        assert seen.index("passage.granted") < seen.index("controller.granted")
        assert seen.index("controller.granted") < seen.index("door.unlocked")
        assert "door.unlocked" not in site.comes(UNKNOWN, "controller.refused")
        controller.silent = True
        assert "door.unlocked" not in site.comes(KNOWN, "controller.silent")
        controller.silent = False
        line.unplug()
        site.line_is(False)
        assert "door.unlocked" not in site.comes(KNOWN, "controller.silent")
        line.plug()
        site.line_is(True)
        assert "controller.granted" in site.comes(KNOWN, "door.unlocked")
        line.faults.noise = 0.02
        before = len(controller.seen)
        site.comes(UNKNOWN, "controller.refused", "controller.silent")
        line.faults.noise = 0.0
        site.line_is(True)
        site.comes(KNOWN, "door.unlocked")
        assert len(controller.seen) > before
    events = site.gate.events()
    opened = [event["passage"] for event in events if event["type"] == "door.unlocked"]
    agreed = [event["passage"] for event in events if event["type"] == "controller.granted"]
    assert opened
    assert set(opened) <= set(agreed)  # the door never opened without the controller
    assert {bits for _, bits in controller.seen} == {bits_of(KNOWN), bits_of(UNKNOWN)}


def test_the_controller_alone_opens(
    tmp_path: Path, line: SimulatedPort, door: SimulatedPort, controller: OsdpController
) -> None:
    site = make_site(tmp_path, line, door, key=KEY.hex(), decides="controller")
    with site.gate.running():
        wait_for(lambda: controller.secure, 60)
        site.comes(KNOWN, "controller.granted")
        site.comes(UNKNOWN, "controller.refused")
        line.unplug()
        site.line_is(False)
        site.comes(KNOWN, "controller.silent")
        line.plug()
        site.line_is(True)
        site.comes(KNOWN, "controller.granted")
    assert "door.unlocked" not in site.gate.types()


def test_the_gate_opens_and_the_controller_is_informed(
    tmp_path: Path, line: SimulatedPort, door: SimulatedPort, controller: OsdpController
) -> None:
    site = make_site(tmp_path, line, door, key=KEY.hex(), decides="gate")
    with site.gate.running():
        wait_for(lambda: controller.secure, 60)
        site.comes(UNKNOWN, "door.unlocked")
        wait_for(lambda: bits_of(UNKNOWN) in {bits for _, bits in controller.seen})
        line.unplug()
        site.line_is(False)
        site.comes(KNOWN, "door.unlocked")
    assert not {t for t in site.gate.types() if t.startswith("controller.")}


def test_a_converter_takes_the_card_and_the_gates_door_stays_shut(
    tmp_path: Path, door: SimulatedPort
) -> None:
    converter = WiegandConverter("mc-100")
    out = {"driver": "converter", "format": "wiegand-26"}
    with SimulatedPort(converter) as line:
        site = make_site(tmp_path, line, door, decides="controller", **out)
        with site.gate.running():
            site.comes(KNOWN, "passage.granted")
            wait_for(lambda: converter.sent)
            line.unplug()
            site.line_is(False)
            site.comes(UNKNOWN, "controller.silent")
    assert set(converter.sent) == {(26, 7 << 16 | KNOWN)}
    assert "door.unlocked" not in site.gate.types()
