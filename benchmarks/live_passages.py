"""From the first usable face, and from the card, to the answer painted, with real recognition.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m benchmarks.live_passages [--faces 500] [--cards 500]

The gate of live_gate.py; everybody comes alone and has left before the next comes. The beginning
is the daemon's own: the frame with the first usable face, the moment the card was read.

In pieces, for a machine that is quiet for minutes only: `--begin` leaves out those who came
before, `--service` takes one of `alive` and `dead`, `--keep FOLDER` uses one register for all
pieces and adds every passage to `FOLDER/passages.jsonl`, and `--sum FOLDER` prints what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

from benchmarks.live_gate import Answered, LiveGate, Resident, live_gate
from benchmarks.passages import report
from benchmarks.stage import PLACES

PATIENCE = 6.0  # seconds after which somebody gives up
THROUGH = 0.1  # seconds on the way through
GAP = 0.5  # idle seconds: with the way through longer than the screen keeps an answer
GONE = 1.6  # the same after a refusal: then the screen turns to the next
KEPT = 0.2  # show_grant: the screen keeps an answer for twice as long
SAMPLES = "passages.jsonl"
SERVICES = {"alive": "right", "dead": "hang"}
WORDS = {"alive": "answering in 50 to 300 ms", "dead": "dead"}


def comes(gate: LiveGate, resident: Resident, *, card: bool) -> None:
    """One person, until the screen has answered."""
    while not gate.shown.empty():
        gate.shown.get()
    if card:
        gate.card(resident)
    else:
        gate.stage.place(resident.id, resident.picture, PLACES[0])
    gave_up, look = time.monotonic() + PATIENCE, ""
    while time.monotonic() < gave_up and look not in ("grant", "deny", "ask"):
        gate.page.wait_for_timeout(10)
        if not gate.shown.empty():
            look = gate.shown.get()["look"]
    gate.page.wait_for_timeout(1000 * THROUGH)
    gate.stage.remove(resident.id)
    gate.page.wait_for_timeout(1000 * (GAP if look == "grant" else GONE))


def measure(
    gate: LiveGate, people: list[Resident], way: str, service: str
) -> list[dict[str, object]]:
    """Every answer these people got."""
    gate.status.mode = SERVICES[service]
    before = len(gate.answers())
    load, came = [], []
    with suppress(KeyboardInterrupt):  # Ctrl-C: what there is until now counts
        for resident in people:
            came.append((time.time(), resident.ref))
            comes(gate, resident, card=way == "card")
            load.append(os.getloadavg()[0])
    answers = gate.answers()[before:]
    print(f"{len(load)} came; load average {min(load):.1f} to {max(load):.1f}", flush=True)
    marked = mark(came, answers)
    return [{"way": way, "service": service, **mine, **asdict(a)} for mine, a in marked]


def mark(
    came: list[tuple[float, str]], answers: list[Answered]
) -> list[tuple[dict[str, object], Answered]]:
    """Each answer with whether it is its person's first, and whether it names the right one.

    ``came``: when each began to walk up (wall clock, seconds), and their pseudonym.
    """
    marked: list[tuple[dict[str, object], Answered]] = []
    answered: set[str] = set()
    for answer in answers:
        ref = next((ref for at, ref in reversed(came) if at <= answer.decided), "")
        marked.append(({"first": ref not in answered, "right": answer.person == ref}, answer))
        answered.add(ref)
    return marked


def summarise(samples: Iterable[dict[str, object]]) -> None:
    """One line for each way and service, and what became of those who came."""
    groups: dict[tuple[str, str], list[dict[str, object]]] = {}
    for sample in samples:
        groups.setdefault((str(sample["way"]), str(sample["service"])), []).append(sample)
    for (way, service), some in groups.items():
        marks = ("way", "service", "right", "first")
        first = [s for s in some if s["first"]]
        answers = [
            Answered(**{k: v for k, v in s.items() if k not in marks})  # type: ignore[arg-type]
            for s in first
        ]
        painted = [a for a in answers if a.painted is not None]
        report(
            f"{way}, status service {WORDS[service]}",
            [a.painted - a.began for a in painted if a.painted],
            sum(a.status for a in answers),
        )
        report("  of it to the decision", [a.decided - a.began for a in painted], 0)
        granted = [s for s in some if s["type"] == "passage.granted"]
        later = sum(not s["first"] for s in granted)
        right = sum(bool(s["right"]) for s in granted)
        warm = sum(a.temperature for a in answers)
        print(
            f"  answers {dict(Counter(a.reason for a in answers))}; let in {right}, {later} of "
            f"them at the second answer, somebody else {len(granted) - right}; "
            f"not painted {len(answers) - len(painted)}; with temperature {warm}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=500)
    parser.add_argument("--cards", type=int, default=500)
    parser.add_argument("--begin", type=int, default=0)
    parser.add_argument("--service", choices=[*SERVICES, "both"], default="both")
    parser.add_argument("--people", type=int, default=500, help="real faces in the register")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sum", type=Path)
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    if args.sum is not None:
        summarise(json.loads(line) for line in (args.sum / SAMPLES).read_text().splitlines())
        return
    wanted = list(SERVICES) if args.service == "both" else [args.service]
    with ExitStack() as stack:
        folder = args.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-live-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        gate = stack.enter_context(
            live_gate(
                folder,
                residents=args.people,
                strangers=0,
                fps=args.fps,
                browser=args.browser,
                passage={"show_grant": KEPT},
            )
        )
        everything = []
        for service in wanted:
            for way, count in (("face", args.faces), ("card", args.cards)):
                people = gate.residents[args.begin : args.begin + count]
                if people:
                    some = measure(gate, people, way, service)
                    with (folder / SAMPLES).open("a") as file:
                        file.writelines(json.dumps(sample) + "\n" for sample in some)
                    everything += some
        summarise(everything)


if __name__ == "__main__":
    main()
