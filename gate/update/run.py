"""The course of an update: checked, tried on a copy, swapped, watched, and back where it must be.

Nothing that runs is touched before the new software has opened a copy of the register. While the
services are exchanged the relay guard has the relays at rest, so the door is as after a power cut:
locked or released as its lock is built (docs/safety.md); keys and the exit button work.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from gate.backup.archive import LEFT_OUT_SUFFIXES
from gate.config.settings import Settings
from gate.errors import ConfigurationError, GateError, StoreError
from gate.services.gate_status import read as read_status
from gate.store.copies import working_folder
from gate.store.engine import Database
from gate.store.key_value import KeyValueStore
from gate.store.migrate import revision
from gate.store.store import Store
from gate.update import signature
from gate.update.tree import Tree

READY_WITHIN = 120.0  # seconds for the new version to serve
DEATHS = 3  # so often it may not end by itself meanwhile; once may be a device still in use
TRIAL_WITHIN = 900.0  # a copy of a large register is migrated
KEPT = "before-update.db"  # in a folder of its own: the register before the swap


_ENDS = (signal.SIGHUP, signal.SIGTERM)
_FAULTS = (GateError, OSError, subprocess.SubprocessError)


class Services(Protocol):
    """What runs on the box: systemd's units, or a test's processes."""

    def stop(self) -> None: ...

    def start(self) -> None: ...

    def deaths(self) -> int:
        """How often the gate ended by itself since it was started."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an update came to.

    Attributes:
        done: whether the new version runs.
        version: the one that runs now.
        why: why it went back, "" when done.
        away: seconds without a gate that serves: from the stop to the readiness of what runs now.
        register_back: whether the register of before the update was put back.
    """

    done: bool
    version: str
    why: str
    away: float
    register_back: bool = False


def update(
    file: Path,
    public: Path,
    tree: Tree,
    services: Services,
    settings: Settings,
    config: Path,
    *,
    before: Callable[[], object] = lambda: None,
    ready_within: float = READY_WITHIN,
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Install ``file``; on any failure the box is as it was.

    Args:
        before: makes the backup; raises GateError when it cannot.

    Raises ConfigurationError or StoreError before anything was changed.
    """
    signature.check(file, public)
    say("signature checked")
    before()
    tree.unpack(file)
    found = _tried(tree, settings, config)
    say(f"version {found['software']} opens a copy of the register: {found['people']} people")
    faults = _faults(settings)
    place = Database(settings.store.address(settings.data)).path
    try:
        # where the register is, so that it is put back by its name alone, whatever room is left
        beside = settings.data if place is None else place.parent
        with working_folder(beside, "update-") as folder, _undisturbed():
            version, kept = str(found["software"]), folder / KEPT
            return _exchange(tree, services, settings, version, faults, ready_within, kept, say)
    except OSError as error:  # of the folder
        tree.drop_new()
        raise _unwritable(error, settings.data) from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A terminal that is closed, a line that drops: neither leaves a box without a gate."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDS}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C counts afterwards: between two renames nobody could tell which version is where."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked and before is not signal.SIG_IGN:
        raise KeyboardInterrupt


def _exchange(
    tree: Tree,
    services: Services,
    settings: Settings,
    version: str,
    faults: set[str],
    ready_within: float,
    kept: Path,
    say: Callable[[str], None],
) -> Outcome:
    """Swap, watch, and go back where it must be. ``kept``: where the register of before lies
    meanwhile, for no longer: it still has whoever is deleted afterwards."""
    began = time.monotonic()
    why, schema, swapped, register_back = "", None, False, False
    try:
        services.stop()
        schema = _keep(settings, kept)
        with _uninterrupted():
            tree.swap()
            swapped = True
        started = datetime.now(UTC)
        services.start()
        why = _not_ready(settings, services, started, faults, ready_within, version)
    except KeyboardInterrupt:
        why = "it was interrupted"
    except _FAULTS as error:
        why = _what(error)
    if not why:
        return Outcome(True, version, "", time.monotonic() - began)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience ends the way forward only
    say(f"going back: {why}")
    try:
        services.stop()
        if swapped:  # else what runs was not touched, and ``previous`` is of an earlier update
            tree.back()
            if kept.exists():
                register_back = _put_back(settings, kept, schema)
        else:
            tree.drop_new()
    except _FAULTS as error:
        why += f"; the way back failed too: {_what(error)}"
    started = datetime.now(UTC)
    try:
        services.start()
        still = _not_ready(settings, services, started, faults, ready_within, "")
    except _FAULTS as error:
        still = _what(error)
    if still:
        why += f"; the previous version is back but not ready: {still}"
    return Outcome(False, _version(tree), why, time.monotonic() - began, register_back)


def _what(error: Exception) -> str:
    if isinstance(error, GateError):
        return error.what
    return str(getattr(error, "strerror", None) or error)


def _tried(tree: Tree, settings: Settings, config: Path) -> dict[str, Any]:
    """Let the new software open a copy. Raises ConfigurationError with what it said."""
    try:
        with working_folder(settings.data, "update-") as copy:
            _copy(settings, copy)
            ran = subprocess.run(
                [tree.python(tree.new), "-m", "gate.update.trial", str(config.absolute()), copy],
                capture_output=True,
                text=True,
                timeout=TRIAL_WITHIN,
                cwd=copy,
                check=False,
            )
        if ran.returncode:
            raise ValueError((ran.stderr.strip().splitlines() or [f"{ran.returncode}"])[-1])
        return dict(json.loads(ran.stdout.strip().splitlines()[-1]))
    except (ValueError, IndexError, subprocess.TimeoutExpired) as error:
        tree.drop_new()
        raise ConfigurationError(
            f"the new version does not work with this register: {error}",
            where=str(config),
            hint="nothing was changed; report it with what `gate doctor` says",
        ) from None
    except OSError as error:
        tree.drop_new()
        raise _unwritable(error, settings.data) from None
    except BaseException:
        tree.drop_new()
        raise


def _copy(settings: Settings, copy: Path) -> None:
    """The register, and what lies beside it. Raises StoreError or OSError."""
    with Store.open(settings.store, settings.data, create=False) as store:
        place = store.database.path
        if place is not None:  # a register on a server is migrated by the new version's start
            store.database.backup(copy / place.relative_to(settings.data))
    for path in settings.data.iterdir():  # keys, certificates, mark
        if path.is_file() and path != place and not path.name.endswith(LEFT_OUT_SUFFIXES):
            shutil.copy2(path, copy / path.name)


def _unwritable(error: OSError, data: Path) -> ConfigurationError:
    return ConfigurationError(
        f"there is no copy of the register to try the new version with: {error.strerror or error}",
        where=str(error.filename or data),
        hint="check the room on the disk; nothing was changed",
    )


def _keep(settings: Settings, kept: Path) -> str | None:
    """A copy of the register for the way back; its schema. Raises StoreError."""
    with Store.open(settings.store, settings.data, create=False) as store:
        if store.database.path is not None:
            store.database.backup(kept)
        return revision(store.database)


def _put_back(settings: Settings, kept: Path, schema: str | None) -> bool:
    """The register of before, where the new version has changed its schema; else what is there
    stays, with what was recorded meanwhile. Returns whether it was put back."""
    try:
        with Store.open(settings.store, settings.data, create=False) as store:
            if revision(store.database) == schema:
                return False
    except StoreError:  # a schema that this version does not know
        pass
    path = Database(settings.store.address(settings.data)).path
    assert path is not None  # only a file is kept
    owner = path.stat()
    os.chown(kept, owner.st_uid, owner.st_gid, follow_symlinks=False)
    with suppress(StoreError), closing(Database(settings.store.address(settings.data))) as there:
        there.wipe()
    for beside in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        beside.unlink(missing_ok=True)  # before: SQLite would write it into any file of this name
    kept.replace(path)
    with Store.open(settings.store, settings.data, create=False) as store:
        store.events.new_epoch()  # numbers given since are not given again
    return True


def _faults(settings: Settings) -> set[str]:
    """What was wrong before and is no reason to go back."""
    with Store.open(settings.store, settings.data, create=False) as store:
        _, things = read_status(store.key_values, settings.name)
    return set(things.get("gate", {}).get("faults", ()))


def _not_ready(
    settings: Settings,
    services: Services,
    since: datetime,
    faults: set[str],
    within: float,
    software: str,
) -> str:
    """ "" as soon as the gate reports that it serves, else why it does not.

    One that dies again and again is not waited for; the previous version (``software`` is "") is.
    """
    end = time.monotonic() + within
    why = "it did not report within the time"
    while time.monotonic() < end:
        try:
            # not through Store: this version does not know the schema of a newer one
            with closing(Database(settings.store.address(settings.data))) as database:
                at, things = read_status(KeyValueStore(database), settings.name)
        except StoreError as error:
            why = error.what
        else:
            state = things.get("gate", {})
            if at is not None and at >= since and state.get("software"):
                new = set(state.get("faults", ())) - faults
                if software and state["software"] != software:
                    return f"version {state['software']} runs"
                if not new:
                    return ""
                why = f"new faults: {', '.join(sorted(new))}"
        if software and (deaths := services.deaths()) >= DEATHS:
            return f"it ended {deaths} times by itself"
        time.sleep(0.5)
    return why


def _version(tree: Tree) -> str:
    ran = subprocess.run(
        # -P: not the code of the folder in which the command was called
        [tree.python(tree.home), "-P", "-c", "import gate; print(gate.__version__)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout.strip() or "unknown"
