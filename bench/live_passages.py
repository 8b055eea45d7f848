"""From the first usable face, and from the card, to the answer painted, with real recognition.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m bench.live_passages [--faces 200] [--cards 100]

The gate of live_gate.py; everybody comes alone and has gone before the next comes. The beginning
is the daemon's own: the frame with the first usable face, the moment the card was read.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.live_gate import LiveGate, Resident, live_gate
from bench.passages import report
from bench.stage import PLACES

PATIENCE = 6.0  # seconds after which somebody gives up
GAP = 1.8  # seconds of nobody: with the way through longer than the screen keeps an answer


def comes(gate: LiveGate, resident: Resident, *, card: bool) -> None:
    """One person, until the screen has answered."""
    while not gate.shown.empty():
        gate.shown.get()
    if card:
        gate.card(resident)
    else:
        gate.stage.place(resident.id, resident.picture, PLACES[0])
    gave_up = time.monotonic() + PATIENCE
    while time.monotonic() < gave_up:
        if not gate.shown.empty() and gate.shown.get()["look"] in ("grant", "deny", "ask"):
            break
        gate.page.wait_for_timeout(10)
    gate.page.wait_for_timeout(400)  # on the way through
    gate.stage.remove(resident.id)
    gate.page.wait_for_timeout(1000 * GAP)


def measure(gate: LiveGate, people: list[Resident], label: str, *, card: bool) -> None:
    before = len(gate.answers())
    for resident in people:
        comes(gate, resident, card=card)
    answers = gate.answers()[before:]
    took = [a.painted - a.began for a in answers if a.painted is not None]
    report(label, took, sum(a.status for a in answers))
    refs = {resident.ref for resident in people}
    granted = Counter(a.person for a in answers if a.type == "passage.granted")
    print(
        f"  {len(people)} came; answers: {dict(Counter(a.reason for a in answers))}; "
        f"somebody else let in {sum(ref not in refs for ref in granted)}, twice "
        f"{sum(count > 1 for count in granted.values())}; "
        f"not painted {sum(a.painted is None for a in answers)}; with temperature "
        f"{sum(a.temperature for a in answers)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--cards", type=int, default=100)
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gate-live-") as folder,
        live_gate(
            Path(folder), residents=args.faces, strangers=0, fps=args.fps, browser=args.browser
        ) as gate,
    ):
        for name, mode in (("50 to 300 ms", "right"), ("dead", "hang")):
            gate.status.mode = mode
            faces, cards = gate.residents[: args.faces], gate.residents[: args.cards]
            measure(gate, faces, f"face, status service {name}", card=False)
            measure(gate, cards, f"card, status service {name}", card=True)


if __name__ == "__main__":
    main()
