"""100,000 damaged answers of an OSDP reader: no card that was not shown.

libosdp's control panel and peripheral device, each turned by hand, on a line in memory, again for
each damage, which falls on any answer: identity, abilities, the two of the secure channel, cards.
That a damaged frame costs a moment only is tested in real time, in ``test_osdp.py``.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

pytest.importorskip("osdp", reason="libosdp is not installed")

import osdp  # type: ignore[import-untyped]

from gate.readers import wiegand
from gate.readers.claim import ClaimKind
from gate.readers.osdp import Keyed, claim_of, panel_for
from gate.readers.settings import ReaderSettings
from tests.effort import rounds
from tests.readers.test_osdp import KEY

pytestmark = pytest.mark.fuzz

FRAMES = rounds(2_000)
AT_ONCE = 500
POLL = 0.055  # seconds; libosdp asks every 50 ms
ABILITIES = osdp.PDCapabilities(
    [(osdp.Capability.CardDataFormat, 1, 1), (osdp.Capability.CommunicationSecurity, 1, 1)]
)
SETTINGS = ReaderSettings(driver="osdp", key=KEY.hex())


class End(osdp.Channel):  # type: ignore[misc]
    """One end of the line. ``carry`` makes of what is written what arrives at the other end."""

    def __init__(self, carry: Callable[[bytes], bytes] = bytes) -> None:
        super().__init__()
        self.other: End = self
        self.waiting = b""
        self.carry = carry

    def read(self, most: int) -> bytes:
        got, self.waiting = self.waiting[:most], self.waiting[most:]
        return got

    def write(self, data: bytes) -> int:
        self.other.waiting += self.carry(bytes(data))
        return len(data)

    def flush(self) -> None:
        self.waiting = b""


class Line:
    """A panel and a reader, and a line between them that damages one of the answers."""

    def __init__(self, chance: random.Random, old: list[bytes]) -> None:
        self.chance = chance
        self.answers_left = chance.randrange(1, 7)  # until the damaged one
        self.damaged = 0
        self.asked = False
        self.old = old
        panel, reader = End(), End(self.answer)
        panel.other, reader.other = reader, panel
        self.panel = panel_for(SETTINGS, panel)
        flags = [osdp.LibFlag.EnforceSecure]
        self.reader = osdp.PeripheralDevice(
            osdp.PDInfo(0, reader, scbk=KEY, name="reader", flags=flags),
            ABILITIES,
            log_level=osdp.LogLevel.Emergency,
            command_handler=lambda command: (0, None),
        )
        self.panel.lock = self.reader.lock = threading.Lock()

    def answer(self, frame: bytes) -> bytes:
        self.answers_left -= 1
        self.old.append(frame)
        del self.old[:-30]
        if self.answers_left != 0:
            return frame
        self.damaged += 1
        return self.hurt(frame)

    def hurt(self, frame: bytes) -> bytes:
        chance = self.chance
        at = chance.randrange(len(frame))
        match chance.randrange(8):
            case 0:
                return frame[:at] + bytes((frame[at] ^ chance.randrange(1, 256),)) + frame[at + 1 :]
            case 1:
                return frame[:at] + frame[at + 1 :]
            case 2:
                return frame[: at + 1] + frame[at:]
            case 3:
                return frame[:at]
            case 4:
                return chance.randbytes(chance.randrange(80))
            case 5:
                return chance.randbytes(chance.randrange(1, 5)) + frame
            case 6:  # whole, of an earlier question or an earlier channel
                return chance.choice(self.old)
            case _:  # whole, and another one behind it
                return frame + chance.choice(self.old)

    def show(self, number: int) -> None:
        self.asked = True
        bits = wiegand.encode(number, 34)
        self.reader.ctx.submit_event(
            {
                "event": osdp.Event.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": osdp.CardFormat.Wiegand,
                "length": 34,
                "data": wiegand.pack(bits),
            }
        )

    def turn(self, times: int) -> list[str]:
        """Both ends alternately; the cards that came out."""
        claimed: list[str] = []
        for _ in range(times):
            self.panel.ctx.refresh()
            self.reader.ctx.refresh()
        while (event := self.panel.get_event(0, timeout=-1)) is not None:
            _, claims = claim_of(event, Keyed(), ReaderSettings(), 0.0)
            claimed += [value for kind, value in claims if kind is ClaimKind.CARD]
        return claimed


@pytest.mark.slow
def test_damaged_answers() -> None:
    chance = random.Random(1)
    old = [b"\x53"]
    damaged = whole = 0
    while damaged < FRAMES:
        shown = [chance.getrandbits(32) for _ in range(AT_ONCE)]
        lines = [Line(chance, old) for _ in shown]
        claimed: list[list[str]] = [[] for _ in shown]
        for _ in range(3):  # the secure channel; what has been shown; nothing more
            for line, number, said in zip(lines, shown, claimed, strict=True):
                said += line.turn(12)
                if line.panel.is_sc_active(0) and not line.asked:
                    line.show(number)
            time.sleep(POLL)
        for line, number, said in zip(lines, shown, claimed, strict=True):
            assert said in ([], [f"{number:010d}"])
            damaged += line.damaged
            whole += len(said)
    assert whole > FRAMES / 20
