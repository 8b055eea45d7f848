"""The daemon: threads that end, a register that is followed, orders that are obeyed."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.camera.replay import Recording
from gate.camera.source import EndOfRecording, Frame
from gate.clock import SystemClock
from gate.config.settings import Settings, build
from gate.daemon.build import Core, Doorway, build_core, open_doorway
from gate.daemon.daemon import Daemon
from gate.daemon.orders import Order
from gate.demo.scenes import enrol_photographs
from gate.errors import StoreError
from gate.passage import Context
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.face import Image
from gate.relay.simulated import SimulatedRelay
from gate.services.enrolment import Examiner
from gate.store.engine import Database
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def settings(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    return settings_of(tmp_path, models)


def settings_of(data: Path, models: Path) -> Settings:
    return build(
        {
            "data": str(data),
            "recognition": {"detector": "hog", "encoder": "dlib", "threads": 1},
            "liveness": {"mode": "warn"},
            "models": {"folder": str(models)},
            "camera": [{"source": str(FIXTURES / "recordings" / "empty"), "fps": 10}],
            "access": {"passage": {"same_person": 1.0}},
            "mqtt": {"enabled": False},
            "screen": {"enabled": False},
            "store": {"ballast": 0},
        }
    )


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A folder with a register in which people are enrolled, to be copied."""
    folder = tmp_path_factory.mktemp("register")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GATE_MODELS_DIR", raising=False)
        settings = settings_of(folder, models)
        encoder = build_encoder(settings.recognition, settings.models)
        examiner = Examiner(build_detector(settings.recognition, settings.models), [encoder])
    with Store.open(settings.store, folder) as opened:
        enrol_photographs(opened, examiner, FIXTURES / "enrolled")
    return folder


@pytest.fixture
def store(settings: Settings, register: Path, tmp_path: Path) -> Iterator[Store]:
    """Another program's way into the same register, as the desk has it."""
    shutil.copytree(register, tmp_path, dirs_exist_ok=True)
    with Store.open(settings.store, tmp_path) as opened:
        yield opened


@dataclass
class Stage:
    """A camera that shows a resident or nobody, as the test says."""

    name: str = "main"
    shows: str = "nobody"
    frames: dict[str, list[Image]] = field(default_factory=dict)
    over: bool = False
    number: int = 0

    def open(self) -> None:
        for shows, name in (("nobody", "empty"), ("resident", "resident-walks-up.mp4")):
            recording = Recording(FIXTURES / "recordings" / name, paced=False)
            recording.open()
            images = []
            try:
                while True:
                    frame = recording.read(0.0)
                    assert frame is not None
                    images.append(frame.image)
            except EndOfRecording:
                self.frames[shows] = images[-12:]

    def read(self, timeout: float) -> Frame | None:
        if self.over:
            raise EndOfRecording
        time.sleep(0.05)
        images = self.frames[self.shows]
        self.number += 1
        return Frame(images[self.number % len(images)], time.monotonic(), self.number, self.name)

    def close(self) -> None:
        pass


@dataclass
class Running:
    daemon: Daemon
    thread: threading.Thread
    stage: Stage
    doorways: list[Doorway]
    cores: list[Core]
    store: Store
    gate: str

    @property
    def relay(self) -> SimulatedRelay:
        relay = self.doorways[0].relay
        assert isinstance(relay, SimulatedRelay)
        return relay

    @property
    def context(self) -> Context:
        """What the loop knows of people and rules at this moment."""
        return self.cores[0].loop.context

    def events(self, type: str) -> list[dict[str, Any]]:
        return [body for body in bodies(self.store) if body["type"] == type]

    def nobody_is_served(self) -> bool:
        """Whoever stood before the camera is gone and their passage is over."""
        return self.cores[0].loop.lane.serving is None

    def stop(self) -> None:
        self.daemon.stop()
        self.thread.join(PATIENCE)


def bodies(store: Store) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from gate.store.tables import EventRow

    with store.database.read() as session:
        return [row.body for row in session.scalars(select(EventRow).order_by(EventRow.sequence))]


@pytest.fixture
def running(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    stage = Stage()
    doorways: list[Doorway] = []
    cores: list[Core] = []

    def opened(chosen: Settings, clock: SystemClock) -> Doorway:
        doorways.append(open_doorway(chosen, clock))
        return doorways[-1]

    def built(*given: Any, **named: Any) -> Core:
        cores.append(build_core(*given, **named))
        return cores[-1]

    monkeypatch.setattr("gate.daemon.recognition_worker.make_source", lambda camera, *_: stage)
    monkeypatch.setattr("gate.daemon.daemon.open_doorway", opened)
    monkeypatch.setattr("gate.daemon.daemon.build_core", built)
    daemon = Daemon(settings)
    thread = threading.Thread(target=daemon.run, name="main loop")
    thread.start()
    gate = Running(daemon, thread, stage, doorways, cores, store, settings.name)
    wait_for(lambda: gate.events("gate.started"))
    wait_for(lambda: stage.number > 2)
    yield gate
    gate.stop()


def run_for(settings: Settings, seconds: float) -> None:
    daemon = Daemon(settings)
    timer = threading.Timer(seconds, daemon.stop)
    timer.start()
    daemon.run()
    timer.join()


def test_a_gate_that_is_stopped_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    run_for(settings, 5.0)  # loads what is loaded once in a process
    threads, files = set(threading.enumerate()), open_files()
    run_for(settings, 5.0)
    wait_for(lambda: set(threading.enumerate()) <= threads)
    assert Counter(open_files()) <= Counter(files)
    with Store.open(settings.store, tmp_path) as store:
        types = [body["type"] for body in bodies(store)]
    assert types.count("gate.started") == types.count("gate.stopped") == 2
    assert types[-1] == "gate.stopped"


def test_a_holiday_put_into_the_register_closes_the_door(
    running: Running,
) -> None:
    today = SystemClock().utc().astimezone().date()
    running.store.rulebook.set_schedule("days", "mon-sun 00:00-24:00; holiday closed")
    running.store.rulebook.set_allow("household", {"schedule": "days"})
    wait_for(lambda: any(allow.schedule == "days" for allow in running.context.rules.allow))
    running.stage.shows = "resident"
    wait_for(lambda: running.events("passage.granted"))
    running.stage.shows = "nobody"
    for day in (today, today + timedelta(days=1)):  # wherever midnight is
        running.store.rulebook.set_day(day)
    wait_for(lambda: len(running.context.rules.days) == 2)
    granted = len(running.events("passage.granted"))
    running.stage.shows = "resident"
    wait_for(lambda: running.events("passage.denied"))
    assert running.events("passage.denied")[0]["reasons"] == ["not_on_holidays"]
    assert len(running.events("passage.granted")) == granted


def open_files() -> list[str]:
    """What this process holds open. Only here: SQLite keeps files of a database that another
    connection of the same process has open as well."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            links.append(str(link.readlink()).split(":")[0])
    return sorted(links)


def test_a_resident_is_let_in_and_after_deletion_no_more(
    running: Running,
) -> None:
    running.stage.shows = "resident"
    wait_for(lambda: running.events("passage.granted"))
    wait_for(lambda: any(command.on for command in running.relay.commands))  # written first
    ref = running.events("passage.granted")[0]["person"]
    running.stage.shows = "nobody"
    person = running.store.people.by_ref(ref)
    assert person is not None
    running.store.people.delete(person.id)
    wait_for(lambda: person.id not in running.context.people)
    granted = len(running.events("passage.granted"))
    answered = len(running.events("passage.denied")) + len(running.events("passage.asked"))
    wait_for(running.nobody_is_served)
    running.stage.shows = "resident"
    wait_for(
        lambda: (
            len(running.events("passage.denied")) + len(running.events("passage.asked")) > answered
        )
    )
    assert len(running.events("passage.granted")) == granted


def test_somebody_enrolled_while_it_runs_is_let_in(running: Running, settings: Settings) -> None:
    for row in running.store.people.find("Barack Obama"):
        running.store.people.delete(row.id)
    wait_for(lambda: "Barack Obama" not in {who.name for who in running.context.people.values()})
    encoder = build_encoder(settings.recognition, settings.models)
    examiner = Examiner(build_detector(settings.recognition, settings.models), [encoder])
    enrol_photographs(running.store, examiner, FIXTURES / "enrolled")

    def answers() -> int:
        return sum(len(running.events(f"passage.{way}")) for way in ("granted", "denied", "asked"))

    # whoever was refused before the gate had learnt of them walks away and comes again
    for _ in range(5):
        before = answers()
        running.stage.shows = "resident"
        wait_for(lambda before=before: answers() > before)  # type: ignore[misc]
        if running.events("passage.granted"):
            break
        running.stage.shows = "nobody"
        wait_for(running.nobody_is_served)
    assert running.events("passage.granted")


def test_an_order_of_the_desk_moves_the_relay(running: Running) -> None:
    order = running.store.orders.give(running.gate, "open", "desk:wang")
    wait_for(lambda: running.relay.state(1))
    granted = running.events("passage.granted")[0]
    assert granted["details"]["values"]["order"] == "desk:wang"
    assert running.store.orders.latest(running.gate)[0].id == order.id
    wait_for(lambda: running.store.orders.latest(running.gate)[0].result == "done")


def test_every_event_is_numbered_without_a_gap(running: Running) -> None:
    running.store.orders.give(running.gate, "open", "desk")
    wait_for(lambda: running.events("door.locked"))
    running.stop()
    sequences = [body["sequence"] for body in bodies(running.store)]
    assert sequences == list(range(1, len(sequences) + 1))
    assert bodies(running.store)[-1]["type"] == "gate.stopped"
    assert not running.relay.state(1)


def test_stopping_lets_go_of_everything_within_seconds(running: Running) -> None:
    running.stop()
    assert not running.thread.is_alive()
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"recognition", "register", "publisher", "watchdog", "mqtt-link"}


def test_a_frozen_database_does_not_keep_the_gate_from_stopping(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    thaw = threading.Event()
    asked: set[str] = set()

    @contextmanager
    def frozen(self: Database) -> Iterator[Any]:
        asked.add(name := threading.current_thread().name)
        thaw.wait(60)
        asked.discard(name)
        raise StoreError("it was frozen")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Database, "read", frozen)
        patched.setattr(Database, "write", frozen)
        running.daemon.post(Order("lockdown", "test"))
        wait_for(lambda: len(asked) >= 2)  # the writer, and whoever reads in turn
        before = time.monotonic()
        running.stop()
        assert time.monotonic() - before < 30  # the database stays frozen for a minute
        assert not running.thread.is_alive()
        assert running.daemon.overdue
        assert not running.relay.state(1)
        thaw.set()
        wait_for(lambda: not asked)


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), StoreError("the disk is full")])
def test_a_crashed_thread_is_reported_and_started_again(
    settings: Settings, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    daemon = Daemon(settings)
    runs: list[int] = []

    def body() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise error

    with ExitStack() as after:
        daemon._begin("job", body, after)
        wait_for(lambda: len(runs) == 2)
    reported = [daemon._inbox.get(timeout=PATIENCE) for _ in range(2)]
    assert [(s.name, s.there) for s in reported] == [("job", False), ("job", True)]  # type: ignore[union-attr]
    assert "thread.failed" in caplog.text


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals reach the main one"
)
def test_a_signal_that_takes_longer_than_a_tick_does_not_make_the_loop_wait(tmp_path: Path) -> None:
    """CPython's SimpleQueue then waits without an end, and a quiet gate would not stop."""
    daemon = Daemon(build({"data": str(tmp_path)}))
    before = signal.getsignal(signal.SIGUSR1)

    def end(*_: object) -> None:
        time.sleep(0.3)
        daemon.stop("SIGUSR1")

    signal.signal(signal.SIGUSR1, end)
    # so that a failure ends as well
    late = threading.Timer(30, daemon.post, [Order("open", "test")])
    late.start()
    threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGUSR1]).start()
    got: list[object] = []
    try:
        while not daemon._stopping.is_set():
            with suppress(queue.Empty):
                got.append(daemon._inbox.get(timeout=0.2))
    finally:
        late.cancel()
        signal.signal(signal.SIGUSR1, before)
    assert [one for one in got if isinstance(one, Order)] == []
