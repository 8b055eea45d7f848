"""How exact a pulse is while the box is busy.

    python -m benchmarks.pulse [PULSES] [SECONDS] [DRIVER …]

A daemon of its own (door controller, relay guard, and two threads of load: one finds and encodes
the faces of a recording without pause, one keeps the interpreter busy) gives pulses; the simulated
board in another process takes the time of each. Error: measured minus wanted length. After end:
how long after the end the door knows of the relay fell, below zero when it fell earlier. Torn: fell
and rose again. Lost: never rose.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.safety import DEVICES, settings_for
from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording
from gate.clock import SystemClock
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import Grant
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder, encode_faces
from gate.recognition.settings import RecognitionSettings
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings
from gate.simulators.port import SimulatedPort

TICK = 0.02
RECORDING = Path(__file__).parent.parent / "fixtures" / "recordings" / "two-at-once.mp4"


def recognise() -> None:
    """The detector and encoder that are installed, as fast as they go."""
    detector = build_detector(RecognitionSettings(), ModelsSettings())
    encoder = build_encoder(RecognitionSettings(), ModelsSettings())
    while True:
        recording = Recording(RECORDING, paced=False)
        recording.open()
        with contextlib.suppress(EndOfRecording):
            while (frame := recording.read(0)) is not None:
                faces = detector.detect(frame.image)
                if faces:
                    encode_faces(encoder, frame.image, faces)


def words() -> None:
    while True:
        re.findall(r"\w+", "one two three " * 200)


def daemon(settings: str, pulses: int, unlock: float, load: bool) -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    for work in (recognise, words) if load else ():
        threading.Thread(target=work, daemon=True).start()
    clock = SystemClock()
    relay = GuardedRelay(RelaySettings.model_validate_json(settings), clock)
    controller = DoorController(relay, DoorSettings(unlock=unlock, grant_debounce=0))
    controller.open(clock.monotonic())
    for _ in range(pulses):
        granted = clock.monotonic()
        print(granted, flush=True)
        controller.handle(Grant(), granted)
        end = clock.monotonic() + unlock + 0.25
        while clock.monotonic() < end:
            controller.tick(clock.monotonic())
            time.sleep(TICK)
    controller.close()
    os._exit(0)  # the load never ends; leaving in order would wait for it


@dataclass(frozen=True, slots=True)
class Pulses:
    """All times in seconds. A torn pulse counts from its first rise to its last fall."""

    errors: list[float]
    after_end: list[float]
    torn: int
    lost: int


def measure(driver: str, pulses: int, unlock: float, load: bool) -> Pulses:
    # a real board is not slowed down by our load
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    device = DEVICES[driver]()
    with SimulatedPort(device) as port:
        settings = settings_for(driver, port.path)
        arguments = [settings.model_dump_json(), str(pulses), str(unlock), str(int(load))]
        command = [sys.executable, "-m", "benchmarks.pulse", "--daemon", *arguments]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    grants = [float(line) for line in said.splitlines()]
    return compared(grants, [(at, on) for at, _, on in device.board.history], unlock)


def compared(grants: list[float], moves: list[tuple[float, bool]], unlock: float) -> Pulses:
    """What the board did (``moves``) beside what it was to do."""
    errors, after_end = [], []
    torn = lost = 0
    for begin, following in zip(grants, [*grants[1:], float("inf")], strict=True):
        ours = [(at, on) for at, on in moves if begin <= at < following]
        if not ours:
            lost += 1
            continue
        torn += sum(on for _, on in ours) > 1
        errors.append(ours[-1][0] - ours[0][0] - unlock)
        after_end.append(ours[-1][0] - begin - unlock)
    return Pulses(errors, after_end, torn, lost)


def main(pulses: int = 100, unlock: float = 0.7, *drivers: str) -> None:
    print("| driver | load | pulses | error p50 | p99 | longest | latest after end | torn | lost |")
    print("|---" * 9 + "|")
    for driver in drivers or DEVICES:
        for load in (False, True):
            found = measure(driver, pulses, unlock, load)
            sizes = np.abs(found.errors) * 1000
            p50, p99, most = (np.percentile(sizes, q) for q in (50, 99, 100))
            name = "full" if load else "none"
            print(
                f"| {driver} | {name} | {pulses} | {p50:.0f} ms | {p99:.0f} ms | {most:.0f} ms "
                f"| {1000 * max(found.after_end):.0f} ms | {found.torn} | {found.lost} |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--daemon"]:
        daemon(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5] == "1")
    else:
        numbers = [kind(text) for kind, text in zip((int, float), sys.argv[1:3], strict=False)]
        main(*numbers, *sys.argv[3:])
