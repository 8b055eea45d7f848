"""``gate run``: when it runs from memory, and when it refuses as always."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from gate.commands.run import _Run, alone
from gate.config.settings import Settings, build
from gate.daemon import daemon as daemons
from gate.daemon import memory_run
from gate.errors import ConfigurationError, GateError, ModelError, StoreError
from gate.events.event import Event
from gate.store import memory_events
from gate.store.database_errors import disk_full
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.small_disk import mounted


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "16m") as where:
        yield where


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with mounted(tmp_path / "memory", "32m") as where:
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(where))
        yield where


@pytest.fixture
def settings(disk: Path, memory: Path) -> Settings:
    with Store.open(StoreSettings(ballast=0), disk) as store:
        store.people.create("Li")
    return build({"name": "north", "data": str(disk), "store": {"ballast": 0}})


class Runs:
    """Stands in for the daemon: what each start found, and what becomes of it."""

    def __init__(self, disk: Path) -> None:
        self.disk = disk
        self.data: list[Path] = []
        self.begins: Callable[[], None] = lambda: None

    def __call__(self, settings: Settings, **given: object) -> Runs:
        self.again = self.overdue = False
        self._settings = settings
        return self

    def run(self) -> None:
        self.data.append(self._settings.data)
        if self._settings.data == self.disk:
            self.begins()


@pytest.fixture
def runs(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs(disk)
    monkeypatch.setattr(daemons, "Daemon", made)
    return made


def read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def serve(settings: Settings) -> None:
    _Run(settings, Path("gate.toml")).serve(memory_run.why_from_memory(settings, full=False))


def test_a_disk_that_can_be_written_is_used(settings: Settings, runs: Runs) -> None:
    serve(settings)
    assert runs.data == [settings.data]


@pytest.mark.parametrize("error", [disk_full("sqlite"), OSError(errno.ENOSPC, "full")])
def test_a_disk_that_becomes_full_during_the_start_is_left_for_memory(
    settings: Settings, runs: Runs, disk: Path, memory: Path, error: Exception
) -> None:
    def fills_up() -> None:
        with (disk / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, os.statvfs(disk).f_bavail * 4096)
        raise error

    runs.begins = fills_up
    serve(settings)
    first, second = runs.data
    assert first == disk
    assert second.is_relative_to(memory)


@pytest.mark.parametrize(
    "error",
    [
        StoreError("the database is damaged"),
        StoreError("the database is locked"),
        ModelError("a model is missing"),
    ],
)
def test_anything_else_refuses_as_always(settings: Settings, runs: Runs, error: GateError) -> None:
    def refuses() -> None:
        raise error

    runs.begins = refuses
    with pytest.raises(type(error), match=error.what):
        serve(settings)
    assert runs.data == [settings.data]


def test_what_is_no_fault_of_the_disk_refuses_on_a_disk_that_cannot_be_written(
    settings: Settings, runs: Runs, disk: Path
) -> None:
    def breaks() -> None:
        read_only(disk)
        raise ModelError("a model is missing")

    runs.begins = breaks
    with pytest.raises(ModelError):
        serve(settings)


def test_a_gate_that_is_ended_meanwhile_does_not_begin_again(
    settings: Settings, runs: Runs, disk: Path
) -> None:
    run = _Run(settings, Path("gate.toml"))

    def ended() -> None:
        read_only(disk)
        run.ended.append(15)
        raise disk_full("sqlite")

    runs.begins = ended
    run.serve("")
    assert runs.data == [disk]


@pytest.mark.parametrize("cause", ["", "Read-only file system"])
def test_a_gate_that_is_ended_while_it_is_being_loaded_does_not_begin(
    settings: Settings, runs: Runs, cause: str
) -> None:
    run = _Run(settings, Path("gate.toml"))
    run.end(15, None)
    run.serve(cause)
    assert runs.data == []
    assert not run.again
    assert not run.overdue


def test_a_damaged_register_refuses_on_a_disk_that_cannot_be_written(
    settings: Settings, runs: Runs, disk: Path, memory: Path
) -> None:
    (disk / "gate.db").write_bytes(b"no database at all" * 1000)
    read_only(disk)
    with pytest.raises(StoreError, match="the database is damaged"):
        serve(settings)
    assert not runs.data
    assert not list(memory.rglob("*.db"))


def test_a_register_that_is_missing_refuses_too(settings: Settings, runs: Runs, disk: Path) -> None:
    (disk / "gate.db").unlink()
    read_only(disk)
    with pytest.raises(StoreError, match="missing or empty, but its key is there"):
        serve(settings)
    assert not runs.data


def test_a_disk_that_was_not_mounted_is_not_a_first_start(
    settings: Settings, runs: Runs, disk: Path
) -> None:
    for file in ("gate.db", "gate.key"):
        (disk / file).unlink()
    read_only(disk)
    with pytest.raises(StoreError, match="there is no register on it") as caught:
        serve(settings)
    assert "findmnt" in caught.value.hint


def test_a_register_on_another_disk_is_used_as_always(
    settings: Settings, runs: Runs, disk: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    shutil.move(disk / "gate.db", other)
    store = settings.store.model_copy(update={"url": SecretStr(f"sqlite:///{other}")})
    read_only(disk)
    run = memory_run.begin(settings.model_copy(update={"store": store}), "Read-only file system")
    assert not run.register
    assert run.settings.store.address(run.settings.data) == f"sqlite:///{other}"
    with Store.open(run.settings.store, run.settings.data, create=False) as opened:
        assert [row.name for row in opened.people.find()] == ["Li"]


def test_without_room_in_memory_it_says_so(
    settings: Settings, runs: Runs, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only(disk)
    with mounted(tmp_path / "small", "64k") as small:
        monkeypatch.setattr(memory_run, "places", lambda _: [memory_run.Place(small / "gate")])
        with pytest.raises(StoreError, match="copied into memory: No space left") as caught:
            serve(settings)
    assert "Read-only file system" in caught.value.what
    monkeypatch.setattr(memory_run, "places", lambda _: [])
    with pytest.raises(StoreError, match="there is no file system in memory"):
        serve(settings)
    assert not runs.data


def test_a_copy_that_has_no_room_in_the_first_place_goes_into_the_next(
    settings: Settings, disk: Path, memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only(disk)
    with mounted(tmp_path / "small", "64k") as small:
        both = [memory_run.Place(where / "gate") for where in (small, memory)]
        monkeypatch.setattr(memory_run, "places", lambda _: both)
        run = memory_run.begin(settings, "Read-only file system")
        assert run.place == both[1]
        with Store.open(run.settings.store, run.settings.data, create=False) as store:
            memory_events.begin(store)
            store.events.append([Event.make("north", "gate.started", datetime.now(UTC))])
        (run.settings.data / "north.door").write_text("{}")
        memory_run.settle(settings)
        assert [file.name for file in sorted(small.glob("gate/*"))] == ["door", "events"]
        assert not list(memory.glob("gate/*"))
        assert (both[0].folder.stat().st_mode & 0o777, both[0].events.stat().st_size > 0) == (
            0o700,
            True,
        )


def test_nothing_is_kept_on_another_disk_or_in_a_folder_of_somebody_else(
    settings: Settings, memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(iter(memory_run.places(settings)))
    assert first.folder.is_relative_to(memory)
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/proc")  # neither in memory nor to be written
    assert all(p.folder.is_relative_to("/dev/shm") for p in memory_run.places(settings))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(memory))
    first.folder.mkdir(mode=0o777)
    first.folder.chmod(0o777)
    assert first not in memory_run.places(settings)  # nothing is taken from there either
    first.folder.chmod(0o700)
    assert first in memory_run.places(settings)
    os.chown(first.folder, 65534, -1)
    assert first not in memory_run.places(settings)
    monkeypatch.setattr(memory_run, "places", lambda _: [first])
    with pytest.raises(StoreError, match="somebody else has taken its name"):
        memory_run.begin(settings, "Read-only file system")


def test_one_daemon_runs_on_a_disk_that_cannot_be_written(disk: Path) -> None:
    with alone(disk, "north"):
        pass
    read_only(disk)
    with (
        alone(disk, "north", "Read-only file system"),
        pytest.raises(ConfigurationError, match="runs already"),
        alone(disk, "north", "Read-only file system"),
    ):
        pass
    with (
        alone(disk, "south", "Read-only file system"),
        pytest.raises(ConfigurationError, match="runs already"),
        alone(disk, "south", "Read-only file system"),
    ):
        pass
    with pytest.raises(ConfigurationError, match="Read-only"), alone(disk, "south"):
        pass


def test_a_run_from_memory_learns_nothing_and_has_no_key_of_its_own(
    settings: Settings, disk: Path
) -> None:
    (disk / "permit-desk.pub").write_text("public")
    (disk / "permit-key.pem").write_text("private")
    (disk / "gate.counters").write_bytes(b"counters")
    (disk / "hub").mkdir()
    (disk / "hub" / "box.key").write_text("of the box")
    (disk / "hub" / "all").mkdir()
    (disk / "hub" / "large").write_bytes(bytes((1 << 20) + 1))  # what arrives from a hub
    read_only(disk)
    made = memory_run.begin(settings, "Read-only file system").settings
    assert not made.learning.enabled
    assert made.store.ballast == 0
    found = {str(f.relative_to(made.data)): f for f in made.data.rglob("*") if f.is_file()}
    assert set(found) == {"gate.db", "gate.counters", "permit-desk.pub", "hub/box.key"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in found.values())
    with Store.open(made.store, made.data, create=False) as store:
        assert [row.name for row in store.people.find()] == ["Li"]
