"""A reader as the daemon knows it: each card one claim, loss and return reported."""

from __future__ import annotations

import queue
import time

from gate.readers.claim import Claim, ClaimKind
from gate.readers.reader import Reader
from gate.readers.settings import ReaderSettings
from gate.simulators.card import CardReader, CodeScanner
from gate.simulators.port import SimulatedPort
from tests.waiting import PATIENCE, eventually


def test_a_card_lying_on_the_reader_is_one_claim() -> None:
    device = CardReader()
    claims: queue.Queue[Claim] = queue.Queue()
    with SimulatedPort(device) as port:
        reader = Reader(ReaderSettings(port=port.path), claims.put, lying=30.0)
        reader.open()
        assert eventually(lambda: reader.there)
        device.show(0x002D5C38, 0.6)  # sent again and again while it lies there
        assert eventually(lambda: claims.qsize() == 1)
        time.sleep(0.7)
        device.show(0x00000007, 0.2)
        assert eventually(lambda: claims.qsize() > 1)
        reader.close()
    values = [(c.kind, c.value, c.reader) for c in claims.queue]
    assert values == [
        (ClaimKind.CARD, "0002972728", "reader"),
        (ClaimKind.CARD, "0000000007", "reader"),
    ]


def test_lost_and_back_are_reported() -> None:
    device = CardReader()
    reported: list[tuple[str, bool]] = []
    claims: queue.Queue[Claim] = queue.Queue()
    with SimulatedPort(device) as port:
        settings = ReaderSettings(port=port.path)
        reader = Reader(
            settings,
            claims.put,
            lambda name, there, why: reported.append((name, there)),
            retry=(0.05, 30.0),
        )
        reader.open()
        assert eventually(lambda: reported == [("reader", True)])
        port.unplug()
        assert eventually(lambda: reported[-1] == ("reader", False))
        port.plug()
        assert eventually(lambda: reported[-1] == ("reader", True))
        device.show(7)
        assert claims.get(timeout=PATIENCE).value == "0000000007"
        reader.close()


def test_a_serial_scanner_gives_permits() -> None:
    device = CodeScanner()
    claims: queue.Queue[Claim] = queue.Queue()
    with SimulatedPort(device) as port:
        reader = Reader(ReaderSettings(driver="scanner", port=port.path), claims.put)
        reader.open()
        assert eventually(lambda: reader.there)
        device.show("GATE1:abc_DEF-123")
        claim = claims.get(timeout=PATIENCE)
        assert (claim.kind, claim.value) == (ClaimKind.PERMIT, "GATE1:abc_DEF-123")
        reader.close()


def test_a_claim_hides_its_number() -> None:
    assert "2972728" not in repr(Claim(ClaimKind.CARD, "0002972728", "reader", 0))
