"""The gate as a reader: libosdp's control panel and PyPI's ``osdp`` over a pseudo-terminal."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
import tty
from contextlib import closing, suppress
from pathlib import Path

import pytest

pytest.importorskip("osdp", reason="libosdp is not installed")

from gate.readers.out.card_formats import encode, parse
from gate.readers.out.reader_out import ReaderOut
from gate.readers.out.settings import ReaderOutSettings
from gate.simulators.osdp_controller import OsdpController
from gate.simulators.port import SimulatedPort
from tests.waiting import eventually

KEY = bytes(range(16))
pytestmark = pytest.mark.slow
QUICK = (0.1, 0.2)  # seconds between attempts to open the port


def settings(port: str, **changed: object) -> ReaderOutSettings:
    values: dict[str, object] = {
        "enabled": True,
        "port": port,
        "baud": 115200,
        "key": KEY.hex(),
    }
    return ReaderOutSettings.model_validate(values | changed)


def card(form: str, number: int, facility: int = 0) -> int:
    bits = encode(parse(form), number, facility)
    assert bits is not None
    return int("".join(map(str, bits)), 2)


def shown(reader: ReaderOut, answers: queue.Queue[bool], number: int) -> bool:
    """Presented again, as people do: a busy machine loses the channel."""
    for _ in range(6):
        eventually(lambda: reader.there)
        if reader.present(number) == "":
            with suppress(queue.Empty):
                return answers.get(timeout=3)
    raise AssertionError(f"no answer about {number}")


@pytest.mark.parametrize(
    ("form", "facility"),
    [("wiegand-26", 7), ("wiegand-34", 300), ("wiegand-37", 0), ("wiegand-37-facility", 9)],
)
def test_a_number_arrives_in_its_format_and_the_light_comes_back(form: str, facility: int) -> None:
    answers: queue.Queue[bool] = queue.Queue()
    known = card(form, 4711, facility)
    with (
        closing(OsdpController(KEY, knows=lambda bits: bits == known)) as controller,
        SimulatedPort(controller) as port,
        closing(
            ReaderOut(settings(port.path, format=form, facility=facility), answers.put, retry=QUICK)
        ) as reader,
    ):
        reader.open()
        assert eventually(lambda: reader.there)
        assert eventually(lambda: controller.secure)
        assert shown(reader, answers, 4711) is True
        assert shown(reader, answers, 4712) is False
        assert controller.seen[0] == (len(parse(form).layout), known)
        assert reader.present(1 << 40) == "number"


def test_a_controller_with_another_key_gets_no_card() -> None:
    with (
        closing(OsdpController(bytes(16))) as controller,
        SimulatedPort(controller) as port,
        closing(ReaderOut(settings(port.path), lambda yes: None, retry=QUICK)) as reader,
    ):
        reader.open()
        assert not eventually(lambda: reader.there, 3)
        assert reader.present(4711) == "silent"
        assert not controller.seen


def test_cable_cut_noise_and_delay() -> None:
    answers: queue.Queue[bool] = queue.Queue()
    known = card("wiegand-26", 4711)
    with (
        closing(OsdpController(KEY, knows=lambda bits: bits == known)) as controller,
        SimulatedPort(controller) as port,
        closing(ReaderOut(settings(port.path), answers.put, retry=QUICK)) as reader,
    ):
        reader.open()
        assert eventually(lambda: reader.there)
        assert shown(reader, answers, 4711) is True
        port.faults.noise = 0.05
        time.sleep(0.5)
        port.faults.noise = 0.0
        assert shown(reader, answers, 4711) is True
        port.faults.slow = 0.05
        assert shown(reader, answers, 4712) is False
        port.faults.slow = 0.0
        port.unplug()
        assert eventually(lambda: not reader.there)
        assert reader.present(4711) == "silent"
        port.plug()
        assert eventually(lambda: reader.there)
        assert shown(reader, answers, 4711) is True
        # no noise ever made a number that was not sent
        assert {bits for _, bits in controller.seen} <= {known, card("wiegand-26", 4712)}


PANEL = """
import queue, sys
sys.path.insert(0, sys.argv[1])
from osdp import ControlPanel, LedColor, PermanentReaderControlCode, ReaderLedControl
from osdp import ReaderLedControls, SecureChannel, SerialPortOsdpConnection
from osdp import TemporaryReaderControlCode

SecureChannel.calculate_scbk = lambda self: bytes(range(16))  # a key of its own, not derived
cards = queue.Queue()
panel = ControlPanel(master_key=bytes(16))
panel.on_raw_card_data_reply_received = lambda address, data: cards.put(data)
line = SerialPortOsdpConnection(port=sys.argv[2], baud_rate=115200)
bus = panel.start_connection(line)
panel.add_device(bus, 0, True, True)
while True:
    data = cards.get()
    bits = "".join(f"{byte:08b}" for byte in data.data)[: data.bit_count]
    colour = LedColor.Green if int(bits, 2) == int(sys.argv[3]) else LedColor.Red
    print("card", len(bits), int(bits, 2), flush=True)
    light = ReaderLedControl(
        0, 0, TemporaryReaderControlCode.SetTemporaryAndStartTimer, 5, 0, colour, LedColor.Black,
        10, PermanentReaderControlCode.Nop, 0, 0, LedColor.Black, LedColor.Black)
    panel.reader_led_control(bus, 0, ReaderLedControls([light]))
"""


class Cable:
    """Two pseudo-terminals joined in the middle."""

    def __init__(self) -> None:
        self._ends = [os.openpty(), os.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.left, self.right = (os.ttyname(slave) for _, slave in self._ends)
        for a, b in ((0, 1), (1, 0)):
            threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a: int, b: int) -> None:
        with suppress(OSError):
            while data := os.read(self._ends[a][0], 4096):
                os.write(self._ends[b][0], data)


@pytest.fixture(scope="module")
def other_panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PyPI's ``osdp`` in a folder of its own: its module has the same name as libosdp's."""
    folder = tmp_path_factory.mktemp("osdp")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    done = subprocess.run([*pip, "osdp==1.6"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("the package osdp cannot be installed here")
    return folder


@pytest.mark.timeout(300)
def test_a_control_panel_nobody_here_wrote(other_panel: Path) -> None:
    answers: queue.Queue[bool] = queue.Queue()
    cable = Cable()
    known = card("wiegand-34", 4711, 5)
    panel = subprocess.Popen(
        [sys.executable, "-I", "-c", PANEL, str(other_panel), cable.right, str(known)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        made = settings(cable.left, format="wiegand-34", facility=5)
        with closing(ReaderOut(made, answers.put, retry=QUICK)) as reader:
            reader.open()
            assert eventually(lambda: reader.there)
            assert shown(reader, answers, 4711) is True
            assert shown(reader, answers, 4712) is False
    finally:
        panel.kill()
        said, _ = panel.communicate()
    assert said.splitlines()[0] == f"card 34 {known}"
