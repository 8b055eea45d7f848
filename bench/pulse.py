"""How exact a pulse is while the box is busy: ``python -m bench.pulse [PULSES] [SECONDS]``.

A daemon of its own (door controller, relay guard, and two threads of load: one finds and encodes
the faces of a recording without pause, one keeps the interpreter busy) gives pulses; the simulated
board in another process takes the time of each. Error: measured minus wanted length.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording
from gate.clock import SystemClock
from gate.models.settings import ModelsSettings
from gate.recognition.detect import build_detector
from gate.recognition.encoders import build_encoder, encode_faces
from gate.recognition.settings import RecognitionSettings
from gate.relay.controller import DoorController
from gate.relay.door_state import Grant
from gate.relay.guarded import GuardedRelay
from gate.relay.settings import DoorSettings, RelaySettings
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.numato_board import NumatoBoard
from gate.simulators.port import SimulatedPort

TICK = 0.02
RECORDING = Path(__file__).parent.parent / "fixtures" / "recordings" / "two-at-once.mp4"
DEVICES = {"modbus": ModbusBoard, "lcus": LcusBoard, "numato": NumatoBoard}


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
        controller.handle(Grant(), clock.monotonic())
        end = clock.monotonic() + unlock + 0.25
        while clock.monotonic() < end:
            controller.tick(clock.monotonic())
            time.sleep(TICK)
    controller.close()
    os._exit(0)  # the load never ends; leaving in order would wait for it


def measure(driver: str, pulses: int, unlock: float, load: bool) -> tuple[list[float], int]:
    """Errors in seconds, and how many pulses were torn in two."""
    # a real board is not slowed down by our load
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    device = DEVICES[driver]()
    with SimulatedPort(device) as port:
        settings = RelaySettings(driver=driver, port=port.path)  # type: ignore[arg-type]
        arguments = [settings.model_dump_json(), str(pulses), str(unlock), str(int(load))]
        subprocess.run([sys.executable, "-m", "bench.pulse", "--daemon", *arguments], check=True)
    history = device.board.history
    lengths = [off[0] - on[0] for on, off in zip(history[::2], history[1::2], strict=True)]
    return [length - unlock for length in lengths], len(lengths) - pulses


def main(pulses: int = 100, unlock: float = 0.7) -> None:
    print("| driver | load | pulses | error p50 | p99 | longest | torn |")
    print("|---" * 7 + "|")
    for driver in DEVICES:
        for load in (False, True):
            errors, torn = measure(driver, pulses, unlock, load)
            p50, p99, most = (np.percentile(np.abs(errors), q) * 1000 for q in (50, 99, 100))
            name = "full" if load else "none"
            print(
                f"| {driver} | {name} | {pulses} | {p50:.0f} ms | {p99:.0f} ms | {most:.0f} ms "
                f"| {torn} |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--daemon"]:
        daemon(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5] == "1")
    else:
        main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
