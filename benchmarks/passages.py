"""From the first usable face, and from the card, to the answer painted in a real Chromium.

    python -m benchmarks.passages [--count 500] [--ways face,card] [--browser /usr/bin/chromium]

Real: the main loop's body, the register with 7,000 people, the event written to disk before the
door moves, a status service over HTTP that answers after 50 to 300 ms (or is dead), the screen's
server, Chromium painting. Played: the recogniser (15 frames a second, known after four frames,
each 45 ms in recognition; see `gate replay` for recognition itself), the thermometer (a value
after 150 ms), the relay board. Everybody comes alone and is answered before the next comes.
"""

from __future__ import annotations

import argparse
import queue
import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from gate.access.decision import Method, Person
from gate.access.entry_status import judge, labels
from gate.access.request import Credential, Finding
from gate.access.settings import PassageSettings
from gate.access.status_http import HttpStatus
from gate.access.status_lookup import StatusLookup
from gate.access.status_settings import StatusSettings
from gate.access.temperature import temperature_finding
from gate.clock import SystemClock
from gate.daemon.event_loop import Loop
from gate.daemon.items import Item
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.passage import Context, inputs
from gate.recognition.face import Candidate, Face, Sighting, Verdict
from gate.relay.simulated import SimulatedRelay
from gate.screen.message import Look, Message
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings
from gate.sensors.reading import Reading, Validity
from gate.sensors.settings import TemperatureSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.simulators.status_service import StatusService, status_service

FRAME, RECOGNITION, FRAMES = 1 / 15, 0.045, 4
THERMOMETER = 0.150
CLOCK = SystemClock()
TEMPERATURE = TemperatureSettings(policy="advise")


class Gate:
    """The daemon's loop in a thread, with a real screen and a real status desk."""

    def __init__(self, store: Store, screen: Screen, status: StatusSettings) -> None:
        self.screen = screen
        self.inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.shown: queue.SimpleQueue[tuple[int, Message]] = queue.SimpleQueue()
        self.desk = StatusLookup(
            HttpStatus(status, time.monotonic),
            status,
            lambda *found: self.inbox.put(inputs.Answered(*found)),
            time.monotonic,
        )
        context = Context(
            people=store.people.register(),
            settings=PassageSettings(show_grant=0.1, same_claim=0.1),
            temperature=True,
            status=True,
            no_temperature=temperature_finding(None, TEMPERATURE, 0.0),
            no_status=judge(None, status),
        )
        relay = SimulatedRelay()
        controller = DoorController(relay, DoorSettings(), 1)
        controller.open(time.monotonic())
        self.people = list(context.people.values())
        self.loop = Loop(
            gate="bench",
            context=context,
            controller=controller,
            recorder=store.writer,
            clock=CLOCK,
            parts=self,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def show(self, message: Message) -> None:
        self.shown.put((self.screen.show(message), message))

    def ask_status(self, person: Person) -> None:
        self.desk.ask(person)

    def measure(self, passage: str) -> None:
        def measured() -> None:
            now = time.monotonic()
            reading = Reading(33.0, 22.0, 36.5, now, "played", Validity.VALID, 5)
            found: Finding = temperature_finding(reading, TEMPERATURE, now)
            self.inbox.put(inputs.Measured(reading, found))

        threading.Timer(THERMOMETER, measured).start()

    def measured(self, face: Sighting | None, *, behind: bool) -> inputs.Measured | None:
        return None  # it comes through the queue

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.desk.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(queue.Empty):
                self.loop.handle(self.inbox.get(timeout=0.02))
            self.loop.tick()


def sighting(track: int, person: int, frame: int, captured: float, first: float) -> Sighting:
    known = frame + 1 == FRAMES
    return Sighting(
        track=track,
        camera="main",
        first_seen=first,
        last_seen=captured,
        frame=frame,
        face=Face((200, 100, 360, 300), 0.9),
        frames=frame + 1,
        used=frame + 1,
        verdict=Verdict.KNOWN if known else Verdict.WAIT,
        best=Candidate(person, 6.0),
        evidence=3.0 * (frame + 1),
        threshold=10.0,
        first_usable=first,
    )


def by_face(gate: Gate, track: int, person: Person) -> float:
    first = time.monotonic()
    for frame in range(FRAMES):
        captured = first + frame * FRAME
        time.sleep(max(0.0, captured + RECOGNITION - time.monotonic()))
        gate.inbox.put(inputs.Seen((sighting(track, person.id, frame, captured, first),)))
    return first


def by_card(gate: Gate, track: int, person: Person) -> float:
    shown = time.monotonic()
    gate.inbox.put(inputs.Shown(Method.CARD, person, Credential(), shown))
    return shown


Way = Callable[[Gate, int, Person], float]


def measure(
    gate: Gate, way: Way, people: list[Person], painted: queue.SimpleQueue[tuple[int, float]]
) -> tuple[list[float], int]:
    """Seconds to the painted answer of each, and how many answers had a status."""
    took, with_status = [], 0
    for track, person in enumerate(people):
        while not gate.shown.empty():
            gate.shown.get()
        began = way(gate, track, person)
        number, message = gate.shown.get(timeout=5)
        while message.look is not Look.GRANT:
            number, message = gate.shown.get(timeout=5)
        seen, at = painted.get(timeout=5)
        while seen < number:
            seen, at = painted.get(timeout=5)
        took.append(at - began)
        with_status += message.items[1].good is True
        while gate.loop.lane.serving is not None:
            gate.inbox.put(inputs.Tick())
            time.sleep(0.01)
    return took, with_status


def report(name: str, took: list[float], with_status: int) -> None:
    if not took:
        print(f"{name:32} n 0", flush=True)
        return
    p50, p95, p99 = np.percentile(np.array(took) * 1000, [50, 95, 99])
    print(
        f"{name:32} n {len(took)}   p50 {p50:4.0f}   p95 {p95:4.0f}   p99 {p99:4.0f}   "
        f"longest {max(took) * 1000:4.0f} ms   with status {with_status}",
        flush=True,
    )


def watched(screen: Screen) -> queue.SimpleQueue[tuple[int, float]]:
    """(number, monotonic) of every painted page, as the browser reports it."""
    painted: queue.SimpleQueue[tuple[int, float]] = queue.SimpleQueue()
    screen.on_painted = lambda number, seconds: painted.put((number, time.monotonic()))
    return painted


def run(service: StatusService, count: int, ways: str, browser: str) -> None:
    dice = random.Random(5)
    service.delay = lambda: dice.uniform(0.05, 0.3)
    status = StatusSettings.model_validate(
        {"enabled": True, "url": service.url, "fresh": 0, "items": [{"name": "code"}]}
    )
    settings = ScreenSettings(port=0, speech="off")
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(StoreSettings(ballast=0), Path(folder)) as store,
        Screen(settings, CLOCK, labels=labels(status.items)) as screen,
        sync_playwright() as player,
    ):
        store.people.create_many([{"name": f"住户{n}"} for n in range(7000)])
        page = player.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1280, "height": 800}
        )
        page.goto(screen.address)
        painted = watched(screen)
        for name, dead in (("50 to 300 ms", False), ("dead", True)):
            gate = Gate(store, screen, status)
            service.mode = "hang" if dead else "right"
            people = dice.sample(gate.people, 2 * count)
            for way, label, some in (
                (by_face, "face", people[:count]),
                (by_card, "card", people[count:]),
            ):
                if label not in ways:
                    continue
                took, good = measure(gate, way, some, painted)
                report(f"{label}, status service {name}", took, good)
            gate.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--ways", default="face,card")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    with status_service() as service:
        run(service, args.count, args.ways, args.browser)


if __name__ == "__main__":
    main()
