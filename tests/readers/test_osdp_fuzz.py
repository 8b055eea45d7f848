"""100,000 damaged answers of an OSDP reader: no card that was not shown, and soon back.

libosdp's control panel and peripheral device, each turned by hand over a line in memory; the
damage falls on any answer: identity, abilities, the three of the secure channel, and cards.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

pytest.importorskip("osdp", reason="libosdp is not installed")

import osdp  # type: ignore[import-untyped]

from gate.readers import wiegand
from gate.readers.claim import ClaimKind
from gate.readers.osdp import claim_of, panel_for
from gate.readers.settings import ReaderSettings
from tests.readers.test_osdp import KEY

FRAMES = 100_000
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
    """A panel and a reader, and a line between them that damages the answer it is told to."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.damage_in = -1  # answers until one is damaged
        self.damaged = 0
        self.old = [b"\x53"]
        panel, reader = End(), End(self.answer)
        panel.other, reader.other = reader, panel
        self.panel = panel_for(SETTINGS, panel)
        flags = [osdp.LibFlag.EnforceSecure]
        abilities = osdp.PDCapabilities(
            [
                (osdp.Capability.CardDataFormat, 1, 1),
                (osdp.Capability.CommunicationSecurity, 1, 1),
            ]
        )
        self.reader = osdp.PeripheralDevice(
            osdp.PDInfo(0, reader, scbk=KEY, name="reader", flags=flags),
            abilities,
            log_level=osdp.LogLevel.Emergency,
            command_handler=lambda command: (0, None),
        )
        self.panel.lock = self.reader.lock = threading.Lock()
        self.shown: set[str] = set()
        self.claimed: list[str] = []

    def answer(self, frame: bytes) -> bytes:
        self.damage_in -= 1
        self.old = [*self.old[-30:], frame]
        if self.damage_in != 0:
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

    def show(self) -> None:
        number = self.chance.getrandbits(32)
        bits = wiegand.encode(number, 34)
        self.shown.add(f"{number:010d}")
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

    def turn(self, times: int) -> None:
        for _ in range(times):
            self.panel.ctx.refresh()
            self.reader.ctx.refresh()
            event = self.panel.get_event(0, timeout=-1)
            if event is not None:
                _, claims = claim_of(event, "", 32)
                assert all(kind is ClaimKind.CARD for kind, _ in claims)
                self.claimed += [value for _, value in claims]

    def begin_again(self) -> None:
        """What ``OsdpLine`` does with a reader that is not heard."""
        self.panel.disable_pd(0)
        self.turn(2)
        self.panel.enable_pd(0)


@pytest.mark.slow
def test_100_000_damaged_answers() -> None:
    line = Line(1)
    tries: list[int] = []
    while line.damaged < FRAMES:
        line.begin_again()
        line.damage_in = line.chance.randrange(1, 7)
        line.show()
        line.turn(24)
        assert set(line.claimed) <= line.shown
        if len(line.shown) % 100 == 0:
            line.damage_in = -1
            tries.append(0)
            while not line.panel.is_sc_active(0) or not tries[-1]:
                tries[-1] += 1
                assert tries[-1] <= 2, "back by the second try"
                line.begin_again()
                line.turn(24)
    assert len(tries) > FRAMES / 200
    assert len(line.claimed) > FRAMES / 10
