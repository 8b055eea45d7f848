"""The daemon as it runs in a house, in a process of its own, and everything around it.

Real: `gate run` with its recognition, register of 7,000, store, relay on a pseudo-terminal, two
network cameras, thermometer and card reader on pseudo-terminals, status service over HTTP; its
screen in Chromium. Not real: what the cameras see (see stage.py), the devices behind the wires.
Needs GATE_LFW_DIR; the models are those of GATE_MODELS_DIR, without it dlib's.
"""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.people import photographs_of
from benchmarks.stage import Image, Stage, cameras
from gate.config.settings import Settings, build
from gate.demo.scenes import PEOPLE, fill
from gate.models.settings import ModelsSettings
from gate.readers.card_number import of_number
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.quality.assessment import judge
from gate.services.enrolment import Examiner, keep
from gate.services.gallery_sync import KnownFaces
from gate.simulators.card import CardReader
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.port import SimulatedPort
from gate.simulators.temperature import PointSensor
from gate.store.store import Store
from tests.simulators.status_service import StatusService, status_service

KEPT = "residents.json"  # in the data folder: the real people of its register
START = "from gate.cli import main; main()"
# what the page has painted, with the passage it belongs to, by the wall clock in milliseconds:
# the large answer and the earlier ones beside it
WATCH = """
window.pages = {}, window.paintings = [];
stream.addEventListener("page", (event) => { pages[event.lastEventId] = JSON.parse(event.data); });
new MutationObserver(() => {
  const page = pages[document.body.dataset.painted];
  const now = performance.timeOrigin + performance.now();
  if (page) paintings.push([page.passage, page.look, page.items.map((item) => item.good), now],
    ...page.earlier.map((answer) => [answer.passage, answer.look, [], now]));
}).observe(document.body, {attributeFilter: ["data-painted"]});
"""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody enrolled, or an impostor (id 0).

    Attributes:
        picture: what the cameras see: another photograph than the enrolled one.
        face: whether the face is enrolled; all but impostors hold the card of their number.
    """

    name: str
    picture: Image
    id: int = 0
    ref: str = ""
    face: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of the gate, from its event, and when it was painted.

    Attributes:
        began: first usable face, or the card shown; wall clock, seconds, as ``painted``.
        queued: seconds behind somebody else.
        status: whether the answer had an entry status, and a temperature.
    """

    type: str
    reason: str
    method: str
    person: str | None
    began: float
    decided: float
    queued: float
    painted: float | None
    status: bool
    temperature: bool


@dataclass(slots=True)
class LiveGate:
    """``shown``: every page of the screen, as a second browser would get it."""

    settings: Settings
    stage: Stage
    status: StatusService
    reader: CardReader
    page: Page
    process: subprocess.Popen[bytes]
    began: datetime
    residents: list[Resident]
    strangers: list[Resident]
    shown: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)

    def card(self, resident: Resident) -> None:
        self.reader.show(resident.id, 0.2)

    def answers(self) -> list[Answered]:
        """Everything that was decided, in order."""
        painted: dict[str, tuple[float, list[bool | None]]] = {}
        for passage, look, items, at in self.page.evaluate("paintings"):
            if look in ("grant", "deny", "ask"):
                painted.setdefault(passage, (at / 1000, items))
        with Store.open(self.settings.store, self.settings.data) as store:
            return [
                _answered(body, painted)
                for body in store.events.since(self.began)
                if body["type"] in ("passage.granted", "passage.denied", "passage.asked")
            ]

    @property
    def processor(self) -> float:
        """Seconds of processor time the daemon has used, its cameras' processes apart."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answered(
    body: Mapping[str, Any], painted: Mapping[str, tuple[float, list[bool | None]]]
) -> Answered:
    decided = datetime.fromisoformat(body["time"]).timestamp()
    when, items = painted.get(body["passage"], (None, []))
    return Answered(
        type=body["type"],
        reason=body["reasons"][0],
        method=body["method"],
        person=body.get("person"),
        began=decided - body["latency"] / 1000,
        decided=decided,
        queued=body.get("details", {}).get("queued", 0.0) / 1000,
        painted=when,
        status=len(items) == 2 and items[1] is True,
        temperature=len(items) == 2 and items[0] is True,
    )


@contextmanager
def live_gate(
    folder: Path,
    *,
    residents: int,
    strangers: int,
    fps: float,
    browser: str,
    passage: Mapping[str, float] | None = None,
    fresh: float = 0,
    photographs: int = 1,
) -> Iterator[LiveGate]:
    """A gate that runs, with ``residents`` real faces among its 7,000 people.

    A register that ``folder`` has already is used again. ``passage``: of ``[access.passage]``;
    ``fresh``: of ``[status]``, 0 where the same people come again and are to be queried again.
    ``photographs``: from how many at most each is enrolled, if LFW has as many.
    """
    began = datetime.now(UTC)
    with ExitStack() as stack:
        service = stack.enter_context(status_service())
        dice = random.Random(5)
        service.delay = lambda: dice.uniform(0.05, 0.3)
        stage, reader = Stage(), CardReader()
        addresses = stack.enter_context(cameras(stage, fps))
        ports = {
            name: stack.enter_context(SimulatedPort(device)).path
            for name, device in (
                ("temperature", PointSensor()),
                ("card", reader),
                ("relay", LcusBoard(1, readback="text")),
            )
        }
        values = _configuration(folder, addresses, ports, service.url, fps)
        values["status"]["fresh"] = fresh
        values["access"] = {"passage": dict(passage or {})}
        # the gate reads relative folders from its configuration's place: it would not find the
        # models that people are enrolled with here
        values["models"] = {"folder": str(ModelsSettings().folder.resolve())}
        settings = build(values)
        known, unknown = _register(settings, residents, strangers, photographs)
        (folder / "gate.toml").write_text(toml(values))
        command = [sys.executable, "-c", START, "run", "-c", str(folder / "gate.toml")]
        process = subprocess.Popen(command, stderr=(folder / "log").open("wb"))
        stack.callback(_end, process)
        address = f"http://127.0.0.1:{settings.screen.port}/"
        _ready(process, address)
        player = stack.enter_context(sync_playwright())
        window = player.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = window.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.evaluate(WATCH)
        gate = LiveGate(settings, stage, service, reader, page, process, began, known, unknown)
        threading.Thread(target=_listen, args=(address, gate.shown), daemon=True).start()
        time.sleep(3.0)  # the cameras' processes have begun
        yield gate


def _configuration(
    folder: Path, addresses: Mapping[str, str], ports: Mapping[str, str], url: str, fps: float
) -> dict[str, Any]:
    return {
        "name": "live",
        "data": str(folder),
        "camera": [{"name": n, "source": a, "fps": fps} for n, a in addresses.items()],
        "reader": [{"driver": "rdm6300", "port": ports["card"]}],
        "relay": {"driver": "lcus", "port": ports["relay"], "lcus": {"readback": "text"}},
        # photographs set before a drawn entrance are pictures: judged as ever, but not refused
        "liveness": {"mode": "warn"},
        "temperature": {"policy": "advise", "port": ports["temperature"]},
        "status": {"enabled": True, "url": url, "items": [{"name": "code"}]},
        "screen": {"port": 18480, "speech": "off", "names": "full"},
        "mqtt": {"enabled": False},
        "store": {"ballast": 0},
    }


def toml(values: Mapping[str, Any]) -> str:
    """Keys on one line each, tables inline."""

    def written(value: object) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{k} = {written(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return json.dumps(value)

    return "".join(f"{key} = {written(value)}\n" for key, value in values.items())


def _register(
    settings: Settings, residents: int, strangers: int, photographs: int
) -> tuple[list[Resident], list[Resident]]:
    """The real people with faces and cards, generated ones up to PEOPLE; impostors in no list."""
    people = photographs_of(Path(os.environ["GATE_LFW_DIR"]))
    several = [files for files in people if len(files) > 1]
    single = [files for files in people if len(files) == 1]
    unknown = [Resident("", _read(files[0])) for files in single[:strangers]]
    kept = settings.data / KEPT
    if not kept.exists():
        kept.write_text(json.dumps(_enrol(settings, several, residents, photographs)))
    written = json.loads(kept.read_text())
    if len(written) < residents:
        raise SystemExit(
            f"{settings.data} holds {len(written)} real residents, {residents} are needed: "
            "give --keep another folder"
        )
    known = [
        Resident(name, _read(Path(file)), number, ref, True)
        for name, file, number, ref in written[:residents]
    ]
    return known, unknown


def _enrol(
    settings: Settings, several: list[list[Path]], residents: int, photographs: int
) -> list[tuple[str, str, int, str]]:
    """Name, another photograph than the enrolled one, number and pseudonym of each."""
    detector = build_detector(settings.recognition, settings.models)
    encoder = build_encoder(settings.recognition, settings.models)
    examiner = Examiner(detector, [encoder], judge(settings.quality))
    known: list[tuple[str, str, int, str]] = []
    with Store.open(settings.store, settings.data) as store:
        for first, second, *more in several:
            shots = [examiner.shot(_read(file)) for file in (first, *more[: photographs - 1])]
            if shots[0].fault or examiner.look(_read(second)).fault:
                continue
            person = store.people.create(f"住户{len(known):04}")
            store.consents.record(person.id, "agreed", "measuring")
            keep(store, person.id, [shot for shot in shots if not shot.fault])
            store.credentials.add(person.id, "card", of_number(person.id))
            known.append((person.name, str(second), person.id, person.ref))
            if len(known) == residents:
                break
        fill(store, encoder.name, PEOPLE - store.people.count())
        KnownFaces(store, encoder.name, encoder.dimension).matcher()  # learns the site
    return known


def _read(file: Path) -> Image:
    return np.asarray(cv2.imread(str(file)), np.uint8)


def _ready(process: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            httpx.get(address, trust_env=False)
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the daemon did not start; see its log")


def _listen(address: str, shown: queue.SimpleQueue[dict[str, Any]]) -> None:
    with (
        suppress(httpx.HTTPError),
        httpx.stream("GET", address + "stream", timeout=None, trust_env=False) as answer,
    ):
        kind = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: ") and kind == "page":
                shown.put(json.loads(line[6:]))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
