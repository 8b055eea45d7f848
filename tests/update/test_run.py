"""Real daemons on a simulated board: a good update serves, a broken one is back by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate import __version__
from gate.config.settings import Settings, load
from gate.errors import ConfigurationError, StoreError
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.store import register_copy
from gate.store.engine import Database
from gate.store.migrate import revision
from gate.store.store import Store
from gate.update import signature
from gate.update.run import KEPT, Outcome, update
from gate.update.tree import Tree
from tests.update.forked_python import forked_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
CARD = 2972728
NEW = "9.9.9"
CHANGED = ("daemon", "store")
LONG = 300.0  # seconds for a version to serve that is never waited for as long
START = "import sys; from gate.cli import main; sys.argv = ['gate', *sys.argv[1:]]; main()"


def software(folder: Path, version: str, program: Path) -> Path:
    """A tree with a version of its own. Packages of it that a test changes are copies of this
    checkout's, the others are this checkout's; ``program`` is the interpreter."""
    code = folder / "site" / "gate"
    code.mkdir(parents=True)
    for name in CHANGED:
        # with what Python has compiled, or each start would do that again; but not while it is
        # written
        leave = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(ROOT / "gate" / name, code / name, ignore=leave)
    own = (ROOT / "gate" / "__init__.py").read_text().replace(__version__, version)
    (code / "__init__.py").write_text(f"{own}\n__path__.append({str(ROOT / 'gate')!r})\n")
    (folder / "bin").mkdir()
    python = folder / "bin" / "python3"
    here = '$(dirname "$(dirname "$(realpath "$0")")")'
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{here}/site" exec {program} "$@"\n')
    python.chmod(0o755)
    return folder


class Processes:
    """The daemon as a service: what the tree at ``home`` is when it is started."""

    def __init__(self, home: Path, config: Path) -> None:
        self._home, self._config = home, config
        self._running: subprocess.Popen[bytes] | None = None
        self.starts = self.died = 0

    def start(self) -> None:
        self.starts += 1
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        command = [self._home / "bin" / "python3", "-c", START, "run", "-c", self._config]
        self._running = subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            stderr=subprocess.DEVNULL,
            cwd=self._home,  # not where this checkout's code would be found
        )

    def deaths(self) -> int:
        """Starts it again, as its unit does."""
        if self._running is not None and self._running.poll() is not None:
            self.died += 1
            self.start()
        return self.died

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(60)
            self._running = None


class Box:
    """Args:
    program: the interpreter of its software.
    models: for encoders that are converted once.
    """

    def __init__(
        self,
        folder: Path,
        board: ModbusBoard,
        reader: CardReader,
        ports: list[str],
        program: Path,
        models: Path,
    ):
        self.folder, self.board, self.reader = folder, board, reader
        self.program = program
        self.config = folder / "gate.toml"
        camera = ROOT / "fixtures" / "recordings" / "empty"
        self.config.write_text(
            f'name = "north"\ndata = "data"\n[[camera]]\nsource = "{camera}"\n'
            f'[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
            f'[models]\nfolder = "{models}"\n'
            f'[relay]\ndriver = "modbus"\nport = "{ports[0]}"\n'
            f'[[reader]]\nname = "door"\ndriver = "rdm6300"\nport = "{ports[1]}"\n'
            "[store]\nballast = 0\n[mqtt]\nenabled = false\n[screen]\nenabled = false\n"
        )
        self.tree = Tree(software(folder / "software", __version__, program))
        self.services = Processes(self.tree.home, self.config)
        private, public = signature.key_pair()
        self.private, self.public = private, folder / "update.pub"
        self.public.write_text(public)
        with self.store() as store:
            person = store.people.create("李红").id
            store.credentials.add(person, "card", of_number(CARD))

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def store(self) -> Store:
        return Store.open(self.settings.store, self.settings.data)

    def release(self, change: Callable[[Path], None]) -> Path:
        """A signed update whose code ``change`` has changed."""
        folder = software(self.folder / "release", NEW, self.program)
        change(folder / "site" / "gate")
        file = self.folder / "update.tar"
        with tarfile.open(file, "w") as archive:
            archive.add(folder, arcname=".")
        signature.sign(file, self.private)
        return file

    def install(self, file: Path, within: float) -> Outcome:
        return update(
            file,
            self.public,
            self.tree,
            self.services,
            self.settings,
            self.config,
            ready_within=within,
        )

    def openings(self) -> int:
        return sum(on for _, _, on in self.board.board.history)

    def card_opens(self) -> None:
        before, shown = self.openings(), threading.Event()

        def show() -> None:
            while not shown.is_set():
                self.reader.show(CARD, 1.0)
                shown.wait(3.0)

        thread = threading.Thread(target=show)
        thread.start()
        try:
            while self.openings() == before:
                shown.wait(0.1)
        finally:
            shown.set()
            thread.join()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with forked_python(tmp_path_factory.mktemp("python")) as program:
        yield program


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def box(tmp_path: Path, program: Path, models: Path) -> Iterator[Box]:
    board, reader = ModbusBoard(8, 1), CardReader()
    with SimulatedPort(board) as relay, SimulatedPort(reader) as card:
        made = Box(tmp_path, board, reader, [str(relay.path), str(card.path)], program, models)
        yield made
        made.services.stop()


def test_a_good_update_serves(box: Box) -> None:
    box.services.start()
    outcome = box.install(box.release(lambda code: None), 240)
    assert outcome == Outcome(True, NEW, "", outcome.away, register_back=False)
    assert not list(box.settings.data.rglob(KEPT))  # it would keep whoever is deleted later
    box.card_opens()


def newer_schema(code: Path) -> None:
    versions = code / "store" / "migrations" / "versions"
    newest = sorted(versions.glob("0*.py"))[-1]
    head = newest.name.split("_")[0]
    (versions / "9000_next.py").write_text(
        f'from alembic import op\nrevision = "9000"\ndown_revision = "{head}"\n'
        'def upgrade():\n    op.execute("CREATE TABLE newer (x INTEGER)")\n'
    )


def test_a_good_update_that_changes_the_register_serves(box: Box) -> None:
    box.services.start()
    outcome = box.install(box.release(newer_schema), LONG)
    assert outcome == Outcome(True, NEW, "", outcome.away, register_back=False)
    database = Database(box.settings.store.address(box.settings.data))
    assert revision(database) == "9000"
    database.close()
    assert len(register_copy.copies(box.settings.data / "gate.db")) == 1
    box.card_opens()


def test_one_that_dies_is_back_by_itself_and_the_door_stayed_at_rest(box: Box) -> None:
    def dies(code: Path) -> None:
        file = code / "daemon" / "event_loop.py"
        file.write_text(file.read_text() + "\nraise RuntimeError('a mistake of the release')\n")

    box.services.start()
    outcome = box.install(box.release(dies), LONG)
    assert not outcome.done
    assert outcome.version == __version__
    assert outcome.why == "it ended 3 times by itself"
    assert not outcome.register_back
    assert box.openings() == 0  # no relay moved while versions were exchanged
    print(f"back in {outcome.away:.1f} s")
    box.card_opens()


def test_one_that_changed_the_register_and_dies_brings_the_register_back_too(box: Box) -> None:
    def dies(code: Path) -> None:
        newer_schema(code)
        file = code / "daemon" / "recognition_worker.py"
        file.write_text(file.read_text() + "\nraise RuntimeError('a mistake')\n")
        # it comes after the register was opened
        daemon = code / "daemon" / "daemon.py"
        text = daemon.read_text()
        line = "from gate.daemon.recognition_worker import RecognitionWorker\n"
        assert line in text
        text = text.replace(line, "")
        text = text.replace("            watch = ", f"            {line}            watch = ", 1)
        daemon.write_text(text)

    box.services.start()
    outcome = box.install(box.release(dies), LONG)
    assert not outcome.done
    assert outcome.register_back, outcome
    with box.store() as store:
        assert [row.name for row in store.people.find()] == ["李红"]


def test_a_disk_that_is_full_before_the_exchange_leaves_the_version_that_runs(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    software(box.tree.previous, "0.0.1", box.program)  # of an earlier update
    copy = Database.backup

    def full(database: Database, target: Path) -> None:
        if target.name == KEPT:
            raise StoreError("the backup cannot be written", where=str(target), hint="make room")
        copy(database, target)

    monkeypatch.setattr(Database, "backup", full)
    box.services.start()
    outcome = box.install(box.release(lambda code: None), 240)
    assert outcome == Outcome(
        False, __version__, "the backup cannot be written", outcome.away, register_back=False
    )
    assert "0.0.1" in (box.tree.previous / "site" / "gate" / "__init__.py").read_text()
    box.card_opens()


def test_one_that_cannot_read_the_register_is_refused_before_anything_stops(box: Box) -> None:
    def refuses(code: Path) -> None:
        file = code / "store" / "store.py"
        file.write_text(file.read_text() + "\nraise RuntimeError('no such register')\n")

    file = box.release(refuses)
    with pytest.raises(ConfigurationError, match="does not work with this register"):
        box.install(file, 15)
    assert box.services.starts == 0
    assert not box.tree.new.exists()
    assert not list(box.settings.data.rglob(KEPT))
    file.with_name("update.tar.sig").write_text("00")
    with pytest.raises(ConfigurationError, match="was not made"):
        box.install(file, 15)
