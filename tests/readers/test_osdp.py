"""OSDP: our control panel against libosdp's peripheral device over a pseudo-terminal."""

from __future__ import annotations

import os
import queue
import time
from contextlib import closing, suppress

import pytest

pytest.importorskip("osdp", reason="libosdp is not installed")

from gate.readers.claim import Claim, ClaimKind
from gate.readers.osdp import PATIENCE as PIN_PATIENCE
from gate.readers.osdp import Keyed, OsdpLine, card_of, keyed
from gate.readers.reader import Reader
from gate.readers.settings import ReaderSettings
from gate.readers.wiegand import encode, pack
from gate.simulators.osdp_reader import OsdpReader
from gate.simulators.port import SimulatedPort
from tests.waiting import PATIENCE, eventually

KEY = bytes(range(16))


@pytest.fixture(autouse=True)
def _a_machine_that_does_much_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that does not run for seconds is no reader that is silent."""
    monkeypatch.setattr("gate.readers.osdp.START", PATIENCE)
    monkeypatch.setattr("gate.readers.osdp.SILENT", PATIENCE)


def shown(device: OsdpReader, claims: queue.Queue[Claim], number: int, length: int = 26) -> Claim:
    """A card, shown again as people do when nothing happens: a busy machine loses the channel."""
    for _ in range(30):
        device.show(number, length)
        with suppress(queue.Empty):
            while (claim := claims.get(timeout=2)).value != f"{number:010d}":
                pass  # the one before, shown twice
            return claim
    raise AssertionError(f"no claim of {number}")


QUICK = (0.1, 0.2)  # seconds between attempts to open the port


def settings(path: str, key: bytes = KEY) -> ReaderSettings:
    return ReaderSettings(driver="osdp", port=path, baud=115200, key=key.hex())


@pytest.mark.slow
def test_a_card_comes_through_the_secure_channel_and_the_reader_shows_the_answer() -> None:
    claims: queue.Queue[Claim] = queue.Queue()
    with (
        closing(OsdpReader(KEY)) as device,
        SimulatedPort(device) as port,
        closing(Reader(settings(port.path), claims.put, retry=QUICK)) as reader,
    ):
        reader.open()
        assert eventually(lambda: reader.there)
        assert eventually(lambda: device.secure)
        claim = shown(device, claims, 12 << 16 | 34567)
        assert (claim.kind, claim.value) == (ClaimKind.CARD, "0000820999")
        assert shown(device, claims, 0x002D5C38, 34).value == "0002972728"
        before = len(device.commands)

        def lit() -> bool:
            reader.feedback(True)  # lost with the channel when the machine is busy
            return eventually(lambda: len(device.commands) >= before + 2, 5)

        assert eventually(lit)


@pytest.mark.slow
def test_a_reader_with_another_key_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.readers.osdp.START", 2.0)  # it is never there
    claims: queue.Queue[Claim] = queue.Queue()
    with (
        closing(OsdpReader(bytes(16))) as device,
        SimulatedPort(device) as port,
        closing(Reader(settings(port.path), claims.put, retry=QUICK)) as reader,
    ):
        reader.open()
        assert not eventually(lambda: reader.there, 2)
        device.show(1)
        assert claims.empty()


@pytest.mark.slow
def test_lost_and_back() -> None:
    reported: list[bool] = []

    def tell(name: str, there: bool, why: str) -> None:
        reported.append(there)

    with (
        closing(OsdpReader(KEY)) as device,
        SimulatedPort(device) as port,
        closing(Reader(settings(port.path), lambda c: None, tell, retry=QUICK)) as reader,
    ):
        reader.open()
        assert eventually(lambda: reported == [True])
        port.unplug()
        assert eventually(lambda: reported == [True, False])
        port.plug()
        assert eventually(lambda: reported == [True, False, True])


@pytest.mark.slow
def test_one_damaged_frame_costs_a_moment_not_five_minutes() -> None:
    reported: list[bool] = []
    claims: queue.Queue[Claim] = queue.Queue()

    def tell(name: str, there: bool, why: str) -> None:
        reported.append(there)

    with (
        closing(OsdpReader(KEY)) as device,
        SimulatedPort(device) as port,
        closing(Reader(settings(port.path), claims.put, tell, retry=QUICK)) as reader,
    ):
        reader.open()
        assert eventually(lambda: reader.there)
        for card in (5, 6, 7):
            port.faults.corrupt = True
            time.sleep(0.1)
            port.faults.corrupt = False
            assert shown(device, claims, card).value == f"{card:010d}"
        assert reported == [True]


@pytest.mark.slow
def test_a_write_that_a_busy_machine_delays_is_no_lost_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = os.write

    def late(descriptor: int, data: bytes) -> int:
        written = at_once(descriptor, data)
        time.sleep(0.01)
        return written

    with closing(OsdpReader(KEY)) as device, SimulatedPort(device) as port:
        monkeypatch.setattr("os.write", late)
        with closing(OsdpLine(settings(port.path))) as line:
            line.open()
            assert eventually(lambda: device.secure)


def test_bits_with_wrong_parity_are_no_card() -> None:
    bits = encode(820999)
    plain = ReaderSettings()
    assert card_of(pack(bits), 26, plain) == "0000820999"
    flipped = (bits[0], 1 - bits[1], *bits[2:])
    assert card_of(pack(flipped), 26, plain) is None
    assert card_of(bytes.fromhex("002D5C38"), 32, plain) == "0002972728"
    assert card_of(b"\x01", 5, plain) is None
    assert card_of(bytes.fromhex("04A2245BD91290"), 56, plain) == f"{0x04A2245BD91290:017d}"
    assert card_of(bytes(4), 32, plain) is None  # zeros are nobody's card
    assert card_of(b"\x00\x2d", 32, plain) is None  # cut short
    reverse = ReaderSettings(byte_order="reversed")
    assert card_of(bytes.fromhex("385C2D00"), 32, reverse) == "0002972728"


def test_the_pad_of_a_reader_gives_pins() -> None:
    assert keyed(Keyed(), b"47", 5.0) == (Keyed("47", 5.0), [])
    assert keyed(Keyed("47", 5.0), b"11#", 6.0) == (Keyed("", 6.0), ["4711"])
    assert keyed(Keyed("47", 5.0), b"*12\r\r", 6.0) == (Keyed("", 6.0), ["12"])
    assert keyed(Keyed(), b"\x00a9", 5.0) == (Keyed("9", 5.0), [])


def test_digits_somebody_left_on_the_pad_are_not_part_of_the_next_pin() -> None:
    left = Keyed("47", 5.0)
    assert keyed(left, b"11#", 5.0 + PIN_PATIENCE)[1] == ["4711"]
    assert keyed(left, b"11#", 5.1 + PIN_PATIENCE)[1] == ["11"]
