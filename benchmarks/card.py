"""From the card near the reader to the relay: ``python -m benchmarks.card [CARDS]``.

Real: ``gate run`` with 7,000 people, two network cameras each analysed 15 times a
second, the card's look-up by its keyed hash, the rules, the event on disk, door and guard.
Simulated: the reader and the Modbus board at their pseudo-terminals, which carry bytes at once; at
9600 baud the card's frame takes 15 ms more and the order to the relay 8 ms. With GATE_LFW_DIR a
person who is not enrolled is in view all the time, so that faces are detected and encoded too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.people import photographs_of
from benchmarks.stage import PLACES, Stage, cameras
from gate.config.settings import Settings, load
from gate.demo.scenes import PEOPLE, fill
from gate.readers.card_number import of_number
from gate.recognition.encoders import build_encoder
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store.store import Store

START = "from gate.cli import main; main()"
UNLOCK = 0.4
PATIENCE = 5.0  # seconds after which a card is given up
HOLDERS = 10_000_000  # the first card's number


def configure(folder: Path, addresses: list[str], relay: str, reader: str) -> Settings:
    config = folder / "gate.toml"
    looks = "".join(f'[[camera]]\nname = "c{n}"\nsource = "{a}"\n' for n, a in enumerate(addresses))
    config.write_text(
        f'name = "card"\ndata = "{folder}"\n{looks}'
        f'[relay]\ndriver = "modbus"\nport = "{relay}"\n[door]\nunlock = {UNLOCK}\n'
        f'[[reader]]\ndriver = "rdm6300"\nport = "{reader}"\n'
        '[mqtt]\nenabled = false\n[screen]\nport = 18481\nspeech = "off"\n[store]\nballast = 0\n'
    )
    return load(config)


def enrol(settings: Settings, cards: int) -> None:
    """7,000 people with a template each, the first of them with a card."""
    encoder = build_encoder(settings.recognition, settings.models)
    with Store.open(settings.store, settings.data) as store:
        fill(store, encoder.name, PEOPLE)
        for number, person in enumerate(store.people.find(limit=cards)):
            store.credentials.add(person.id, "card", of_number(HOLDERS + number))


def waits(board: ModbusBoard, reader: CardReader, cards: int) -> list[float]:
    """Seconds for each card, infinite for one the relay did not move for."""
    taken = []
    for number in range(cards):
        before = len(board.board.history)
        shown = time.monotonic()
        reader.show(HOLDERS + number, 0.2)
        while len(board.board.history) == before and time.monotonic() < shown + PATIENCE:
            time.sleep(0.002)
        moved = board.board.history[before:]
        taken.append(moved[0][0] - shown if moved else float("inf"))
        time.sleep(UNLOCK + 0.5)
    return taken


def main(cards: int) -> None:
    stage, board, reader = Stage(), ModbusBoard(), CardReader()
    with (
        tempfile.TemporaryDirectory(prefix="gate-card-") as name,
        cameras(stage, 15.0) as addresses,
        SimulatedPort(board) as relay,
        SimulatedPort(reader) as port,
    ):
        folder = Path(name)
        settings = configure(folder, list(addresses.values()), relay.path, port.path)
        enrol(settings, cards)
        if people := os.environ.get("GATE_LFW_DIR", ""):
            picture = np.asarray(cv2.imread(str(photographs_of(Path(people))[-1][0])), np.uint8)
            stage.place(1, picture, PLACES[0])
        command = [sys.executable, "-c", START, "run", "-c", str(folder / "gate.toml")]
        process = subprocess.Popen(command, stderr=(folder / "log").open("wb"))
        try:
            while "gate.ready" not in (folder / "log").read_text() and process.poll() is None:
                time.sleep(0.1)
            time.sleep(3.0)  # the cameras' processes have begun
            taken = np.array(waits(board, reader, cards))
        finally:
            process.terminate()
            process.wait(20)
    opened = taken[np.isfinite(taken)] * 1000
    p50, p95, p99, most = (np.percentile(opened, q) for q in (50, 95, 99, 100))
    print(f"{cards} cards, {len(opened)} opened, a stranger in view: {bool(people)}")
    print(f"card to relay: p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, longest {most:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
