"""A gate whose disk cannot be written: whom the register knows gets in all the same.

A real ``gate run`` with a simulated board and card reader, on a small file system that is made
read-only, as the system does with a card that fails.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from gate.access.permit_keys import own_key, private_key
from gate.access.settings import PermitSettings
from gate.config.settings import build
from gate.daemon import daemon as daemons
from gate.daemon.daemon import Daemon
from gate.daemon.door_persistence import file_of, read
from gate.daemon.memory_run import MemoryRun, Place
from gate.errors import DeviceError
from gate.integrations.broker import free_port
from gate.readers.card_number import of_number
from gate.recognition.face import Template
from gate.services.permits import PermitBook
from gate.simulators.card import CardReader, CodeScanner
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store.engine import Database
from gate.store.orders import Orders
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.gate_process import PLAIN, GateProcess, page_of
from tests.small_disk import mounted
from tests.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EMPTY = str(Path(__file__).parents[2] / "fixtures" / "recordings" / "empty")
CARD, REVOKED = 0x2D5C38, 0x2D5C39


@dataclass
class Receiver:
    """Takes the events of a webhook, or refuses them while ``away``."""

    events: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def of(self, type: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == type]


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not receiver.away:
                receiver.events += json.loads(body)["events"]
            self.send_response(503 if receiver.away else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/events"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def tree(disk: Path) -> dict[str, bytes]:
    """Every file of the disk, for comparing."""
    return {str(file): file.read_bytes() for file in disk.rglob("*") if file.is_file()}


def types_in(folder: Path) -> list[str]:
    """What is recorded in a register, the first first."""
    with closing(sqlite3.connect(folder / "gate.db")) as connection:
        return [type for (type,) in connection.execute("SELECT type FROM events ORDER BY sequence")]


@dataclass
class House:
    """``disk``: where the register is. ``memory``: where a run from memory keeps things."""

    gate: GateProcess
    disk: Path
    memory: Path
    device: ModbusBoard
    reader: CardReader
    scanner: CodeScanner
    permit: str  # for two uses
    receiver: Receiver
    screen: str
    health: str

    def show(self, number: int, type: str) -> None:
        """Hold a card before the reader until the receiver hears ``type`` of it."""
        before = len(self.receiver.of(type))
        self.show_until(number, lambda: len(self.receiver.of(type)) > before)

    def show_until(self, number: int, condition: Callable[[], bool]) -> None:
        def met() -> bool:
            self.reader.show(number)
            return condition()

        wait_for(met)

    def present(self, reason: str) -> None:
        """Hold up the permit until the receiver hears ``reason`` of it."""

        def heard() -> bool:
            self.scanner.show(self.permit)
            decided = [event for event in self.receiver.events if event.get("method") == "permit"]
            return any(reason in event.get("reasons", []) for event in decided)

        wait_for(heard)

    @property
    def said(self) -> bytes:
        return self.gate.log.read_bytes()

    def recorded(self) -> list[tuple[int, int, str]]:
        """Epoch, number and type of each event on the disk."""
        with closing(sqlite3.connect(self.disk / "gate.db")) as connection:
            rows = connection.execute("SELECT body FROM events ORDER BY sequence").fetchall()
        bodies = [json.loads(body) for (body,) in rows]
        return [(body["epoch"], body["sequence"], body["type"]) for body in bodies]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    device, reader, scanner, receiver = ModbusBoard(), CardReader(), CodeScanner(), Receiver()
    with (
        mounted(tmp_path / "disk", "16m") as disk,
        mounted(tmp_path / "memory", "64m") as memory,
        SimulatedPort(device) as board,
        SimulatedPort(reader) as cards,
        SimulatedPort(scanner) as codes,
        listening(receiver) as url,
    ):
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(memory))
        screen, health = free_port(), free_port()
        values = {
            "name": "front",
            "camera": [{"source": EMPTY, "fps": 2}],
            "reader": [
                {"name": "door", "driver": "rdm6300", "port": cards.path},
                {"name": "codes", "driver": "scanner", "port": codes.path},
            ],
            "relay": {"driver": "modbus", "port": board.path},
            "screen": {"enabled": True, "port": screen, "speech": "off"},
            "http": {"enabled": True, "port": health},
            "webhook": {"enabled": True, "url": url, "secret": "a secret of the webhook"},
            "advanced": {"relay": {"timeout": 2.0}},
        }
        with Store.open(StoreSettings(ballast=0), disk) as store:
            person = store.people.create("Li")
            store.credentials.add(person.id, "card", of_number(CARD))
            lost = store.credentials.add(person.id, "card", of_number(REVOKED))
            store.credentials.revoke(lost.id, "lost")
            guest = store.people.create("Wang", kind="visitor")
            key, now = private_key(own_key(disk)), datetime.now(UTC)
            book = PermitBook(store, {}, PermitSettings())
            until = now + timedelta(days=1)
            permit = book.issue(key, guest.id, now - timedelta(hours=1), until, now=now, uses=2)
            store.templates.add(Template(person.id, np.eye(128, dtype=np.float32)[0], "dlib/1"))
        folder = tmp_path / "gate"
        folder.mkdir()
        gate = GateProcess(folder, values)
        gate.values["data"] = str(disk)
        addresses = (f"http://127.0.0.1:{screen}/", f"http://127.0.0.1:{health}/")
        devices = (device, reader, scanner)
        yield House(gate, disk, memory, *devices, permit.text, receiver, *addresses)


def test_whom_the_register_knows_gets_in_although_the_disk_cannot_be_written(house: House) -> None:
    remount(house.disk, "ro")
    files = tree(house.disk)
    with house.gate.running():
        house.show(CARD, "passage.granted")
        wait_for(lambda: house.receiver.of("door.unlocked"))
        house.show(REVOKED, "passage.denied")
        house.present("permit_uncounted")
        alarm = wait_for(lambda: house.receiver.of("store.memory"))
        assert [event["details"] for event in alarm] == [{"cause": "Read-only file system"}]
        assert '"people": 1,' in re.findall(r"gate\.ready.*", house.gate.log.read_text())[-1]
        notes = wait_for(lambda: page_of(house.screen)["note"])
        assert ["存储故障" in notes[0], "Storage fault" in notes[1]] == [True, True]
        health = httpx.get(house.health + "readyz")
        assert (health.status_code, health.json()) == (503, {"gate": "store.disk"})
        [copy] = house.memory.glob("*/copy/gate.db")
        for path in (copy, copy.parent, copy.parent.parent):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert not list(copy.parent.glob("*.key"))
    assert not list(house.memory.glob("*/copy"))  # gone at the stop
    assert tree(house.disk) == files


def test_what_was_recorded_in_memory_goes_on_from_the_disk(house: House) -> None:
    with house.gate.running():
        house.show(CARD, "passage.granted")
    on_disk = house.recorded()
    remount(house.disk, "ro")
    with house.gate.running():
        house.show(CARD, "passage.granted")
        house.receiver.away = True
        house.show_until(REVOKED, lambda: b"passage.denied" in house.said)
    house.gate.start()
    [copy] = house.memory.glob("*/copy")
    wait_for(lambda: types_in(copy).count("store.memory") == 2)
    house.gate.kill()  # as the watchdog does; what it left is found by the next start

    remount(house.disk, "rw")
    assert house.recorded() == on_disk
    house.receiver.away = False
    with house.gate.running():
        assert not copy.exists()
        wait_for(lambda: len({event["id"] for event in house.receiver.of("gate.started")}) == 4)
    recorded = house.recorded()
    assert recorded[: len(on_disk)] == on_disk
    assert [number for _, number, _ in recorded] == list(range(1, len(recorded) + 1))
    types = [type for _, _, type in recorded]
    assert (types.count("gate.started"), types.count("store.memory")) == (4, 2)
    assert "passage.denied" in types
    # every event came, by the number under which it is recorded
    started = max(n for n, type in enumerate(types) if type == "gate.started")
    heard = {(e["epoch"], e["sequence"], e["type"]) for e in house.receiver.events}
    assert set(recorded[: started + 1]) <= heard <= set(recorded)
    epochs = [epoch for epoch, _, _ in recorded]
    assert len(set(epochs)) == 4  # disk, memory twice, and the disk once more
    assert recorded[-1] == (max(epochs), len(recorded), "gate.stopped")
    assert not list(house.memory.rglob("*events*"))


def test_after_a_power_cut_the_disk_is_as_it_was(house: House) -> None:
    with house.gate.running():
        house.show(CARD, "passage.granted")
    on_disk = house.recorded()
    remount(house.disk, "ro")
    files = tree(house.disk)
    house.gate.start()
    house.show(CARD, "passage.granted")
    house.present("permit_uncounted")
    house.gate.kill()
    for left in house.memory.iterdir():
        shutil.rmtree(left)
    assert tree(house.disk) == files
    remount(house.disk, "rw")
    with house.gate.running():
        house.present("welcome")
    recorded = house.recorded()
    assert recorded[: len(on_disk)] == on_disk
    assert {epoch for epoch, _, _ in recorded} == {on_disk[0][0]}


def test_a_lock_down_outlasts_the_run_from_memory(house: House) -> None:
    remount(house.disk, "ro")
    house.gate.start()
    [copy] = house.memory.glob("*/copy")
    with closing(Database(f"sqlite:///{copy}/gate.db", PATIENCE)) as database:
        Orders(database).give("front", "lockdown", "boss")
    wait_for(lambda: (read(file_of(copy, "front")) or {}).get("lockdown"))
    house.gate.kill()
    house.gate.start()  # from memory again
    house.show(CARD, "passage.denied")
    house.gate.stop()
    remount(house.disk, "rw")
    with house.gate.running():
        assert (read(file_of(house.disk, "front")) or {}).get("lockdown")
        house.show(CARD, "passage.denied")
        assert not house.receiver.of("passage.granted")


def test_a_disk_without_one_free_byte_keeps_nobody_out(house: House) -> None:
    with (house.disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with house.gate.running():
        house.show(CARD, "passage.granted")
        [alarm] = wait_for(lambda: house.receiver.of("store.memory"))
        assert alarm["details"] == {"cause": "No space left on device"}
    (house.disk / "filler").unlink()
    with house.gate.running():
        house.show(CARD, "passage.granted")
    assert "store.memory" in [type for _, _, type in house.recorded()]


@pytest.mark.parametrize(("memory", "register"), [(False, True), (True, True), (True, False)])
def test_what_cannot_be_kept_is_not_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: bool, register: bool
) -> None:
    """``register``: it is a copy, too; not so on a database server."""
    told: dict[str, Any] = {}

    def heard(name: str, told_as: str, given_as: Callable[..., Any]) -> None:
        real = getattr(daemons, name)

        def made(*given: Any, **named: Any) -> Any:
            told[told_as] = given_as(*given, **named)
            return real(*given, **named)

        monkeypatch.setattr(daemons, name, made)

    heard("Integrations", "exports and orders", lambda *_, kept, **__: kept)
    heard("CredentialWorker", "permits", lambda *_, counts, **__: counts)
    heard("DeferredWrites", "head of the audit", lambda _, gate: bool(gate))

    def hub(*_: Any, lasting: bool, **__: Any) -> None:
        told["hub"] = lasting
        raise DeviceError("enough is known")

    monkeypatch.setattr(daemons, "ReplicaWorker", hub)
    settings = build({**PLAIN, "data": str(tmp_path), "camera": [{"source": EMPTY}]})
    run = MemoryRun(settings, settings, Place(tmp_path), "broken", register) if memory else None
    with pytest.raises(DeviceError, match="enough"):
        Daemon(settings, memory=run).run()
    kept = not (memory and register)
    assert told == {
        "exports and orders": kept,
        "permits": kept,
        "head of the audit": kept,
        "hub": not memory,
    }
