"""What a gate writes: ``python -m benchmarks.wear [CARDS] [SECONDS] [--sparing]``.

``gate run`` with 1,000 people, a card reader and a Modbus board at pseudo-terminals, and a
recording for a camera, on a real disk (GATE_WEAR_DIR, by default ``build``). The
kernel counts what process and guard send to the disk (``write_bytes`` of /proc/PID/io: whole pages
of 4 KiB; what the file system adds for its own journal is not among them). Measured first for
SECONDS in which nothing happens, then over CARDS passages by card, whole: granted, unlocked,
locked, ended. The log goes into a file of its own and is counted apart, since journald decides when
and where it is written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.card import HOLDERS, START
from gate.config.settings import Settings, load
from gate.demo.scenes import fill
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store.store import Store

PEOPLE = 1_000
UNLOCK = 0.4
PATIENCE = 10.0  # seconds after which a card is given up
SETTLE = 5.0  # seconds in which what a start writes is over
A_DAY = 3_000  # passages, as in docs/hardware.md
RECORDING = Path(__file__).parents[1] / "fixtures" / "recordings" / "empty"


def configure(folder: Path, relay: str, reader: str, *, sparing: bool) -> Settings:
    config = folder / "gate.toml"
    config.write_text(
        f'name = "wear"\ndata = "{folder}/data"\n[[camera]]\nsource = "{RECORDING}"\n'
        f'[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[relay]\ndriver = "modbus"\nport = "{relay}"\n[door]\nunlock = {UNLOCK}\n'
        f'[[reader]]\ndriver = "rdm6300"\nport = "{reader}"\n[http]\nport = 0\n'
        '[mqtt]\nenabled = false\n[screen]\nport = 18482\nspeech = "off"\n'
        f"[store]\nballast = 0\nsparing = {str(sparing).lower()}\n"
    )
    return load(config)


def enrol(settings: Settings, cards: int) -> None:
    with Store.open(settings.store, settings.data) as store:
        fill(store, "dlib/1", PEOPLE)
        for number, person in enumerate(store.people.find(limit=cards)):
            store.credentials.add(person.id, "card", of_number(HOLDERS + number))


def written(process: int) -> int:
    """Bytes that ``process`` and its children have sent to the disk so far."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = 0
    for one in (process, *children):
        fields = dict(line.split(": ") for line in Path(f"/proc/{one}/io").read_text().splitlines())
        total += int(fields["write_bytes"])
    return total


def pass_(board: ModbusBoard, reader: CardReader, card: int) -> bool:
    """Show a card and wait until the door is locked again. Whether it opened."""
    before = len(board.board.history)
    reader.show(HOLDERS + card, 0.2)
    end = time.monotonic() + PATIENCE
    while len(board.board.history) < before + 2:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    time.sleep(1.0)  # its last events are on the disk, and the next card is another passage
    return True


def main(cards: int, seconds: float, *, sparing: bool) -> None:
    where = Path(os.environ.get("GATE_WEAR_DIR", "build")).absolute()
    where.mkdir(parents=True, exist_ok=True)
    board, reader = ModbusBoard(), CardReader()
    with (
        tempfile.TemporaryDirectory(prefix="gate-wear-", dir=where) as name,
        SimulatedPort(board) as relay,
        SimulatedPort(reader) as port,
    ):
        folder = Path(name)
        settings = configure(folder, str(relay.path), str(port.path), sparing=sparing)
        enrol(settings, cards)
        log = folder / "log"
        command = [sys.executable, "-c", START, "run", "-c", str(folder / "gate.toml")]
        process = subprocess.Popen(command, stderr=log.open("wb"))
        try:
            while "gate.ready" not in log.read_text():
                if process.poll() is not None:
                    sys.exit(log.read_text())
                time.sleep(0.1)
            time.sleep(SETTLE)
            before = written(process.pid)
            time.sleep(seconds)
            idle = (written(process.pid) - before) / seconds
            before, lines, began = written(process.pid), log.stat().st_size, time.monotonic()
            opened = sum(pass_(board, reader, card) for card in range(cards))
            took = time.monotonic() - began
            spent = written(process.pid) - before - idle * took
            logged = log.stat().st_size - lines
        finally:
            process.terminate()
            process.wait(20)
        with Store.open(settings.store, settings.data, create=False) as store:
            events = store.events.count()
    each, log_each = spent / opened, logged / opened
    day = idle * 86_400 + each * A_DAY
    print(f"{'sparing' if sparing else 'as shipped'}: {opened} of {cards} cards, {events} events")
    print(f"  nothing happens: {idle * 86_400 / 1e6:.1f} MB a day, over {seconds:g} s")
    print(f"  a passage: {each / 1e3:.1f} kB to the disk, {log_each / 1e3:.2f} kB of log")
    print(f"  a day of {A_DAY:,} passages: {day / 1e6:.0f} MB")
    print(f"  ten years: {day * 3653 / 1e12:.2f} TB")


if __name__ == "__main__":
    plain = [text for text in sys.argv[1:] if not text.startswith("--")]
    main(
        int(plain[0]) if plain else 100,
        float(plain[1]) if plain[1:] else 60.0,
        sparing="--sparing" in sys.argv,
    )
