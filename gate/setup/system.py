"""The box around the gate: its user and groups, who owns what, units that start with the machine.

Only for an installed box (``/etc/gate``), and only as root; elsewhere each function says no.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from gate.config.places import FILE, SYSTEM, SYSTEM_DATA, USER
from gate.errors import ConfigurationError
from gate.setup import shipped

# serial ports, cameras, keyboards and pins: those that exist on this system
# and the journal, which the desk shows to technicians
GROUPS = ("dialout", "video", "input", "gpio", "plugdev", "systemd-journal")
KIOSK = "gate-kiosk"  # shows the screen, and reads nothing of the gate
KIOSK_DATA = Path("/var/lib/gate-kiosk")
KIOSK_GROUPS = ("video", "input", "render", "audio")
SERVICES = ("gate.service", "gate-desk.service", "gate-backup.timer")
PACKAGED = (Path("/lib/systemd/system"), Path("/usr/lib/systemd/system"))
RUNNING = Path("/run/systemd/system")  # there while systemd is process 1

_PATIENCE = 150.0  # seconds: gate.service has 120 to start, and systemctl waits for it

Run = Callable[[Sequence[str]], None]


def is_box(config: Path) -> bool:
    """Whether ``config`` is that of an installed box, and we may change the system."""
    return config.parent == SYSTEM and os.geteuid() == 0


def run(command: Sequence[str]) -> None:
    """Raises ConfigurationError with what the command said."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(command, str(error)) from None
    if done.returncode:
        raise _failed(command, done.stderr.strip() or f"status {done.returncode}")


def make_user(run: Run = run) -> bool:
    """The users of the services, in the groups that exist. Returns whether the gate's is new."""
    made = _make(USER, SYSTEM_DATA, GROUPS, run)
    _make(KIOSK, KIOSK_DATA, KIOSK_GROUPS, run)
    return made


def _make(user: str, home: Path, groups: Sequence[str], run: Run) -> bool:
    try:
        pwd.getpwnam(user)
        new = False
    except KeyError:
        run(["useradd", "--system", "--user-group", "--home-dir", str(home), user])
        new = True
    there = [group for group in groups if _exists(group)]
    if there:
        run(["usermod", "--append", "--groups", ",".join(there), user])
    return new


def _exists(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True


def give_data(data: Path = SYSTEM_DATA, config: Path = SYSTEM / FILE) -> None:
    """The data belongs to the gate's user; the configuration is readable by it, not writable.

    No link is followed: the user can make links in the folder.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    user, group = pwd.getpwnam(USER).pw_uid, grp.getgrnam(USER).gr_gid
    os.chown(data, user, group)
    for _, folders, files, here in os.fwalk(data.resolve()):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):  # services are at work there
                os.chown(name, user, group, dir_fd=here, follow_symlinks=False)
    data.chmod(0o700)
    if config.exists():
        give_configuration(config)


def give_configuration(config: Path) -> None:
    """Readable by the gate's user, not writable: right after it was written, since an installation
    that is broken off later would leave a file that only root may read."""
    shutil.chown(config, "root", USER)
    config.chmod(0o640)


def place_units(config: Path) -> list[Path]:
    """Write the units that no package has brought; returns those written."""
    if any((packaged / "gate.service").exists() for packaged in PACKAGED):
        return []
    return shipped.place_units(config)


def start(services: Sequence[str] = SERVICES, run: Run = run) -> bool:
    """Start them with the machine, and now where systemd runs. Returns whether they run now."""
    if not shutil.which("systemctl"):
        return False
    if not RUNNING.exists():  # a container or an image being built
        run(["systemctl", "enable", *services])
        return False
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "enable", "--now", *services])
    return True


def stop(services: Sequence[str] = SERVICES, run: Run = run) -> bool:
    """Stop what runs: devices have one owner. Returns whether anything could have run."""
    if not RUNNING.exists() or not shutil.which("systemctl"):
        return False
    run(["systemctl", "stop", *services])
    return True


def restarts(service: str) -> int:
    """How often systemd started ``service`` again by itself since it was last asked to; 0 where it
    does not say."""
    command = ["systemctl", "show", "--property=NRestarts", "--value", service]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        return int(said.stdout.strip() or 0)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def _failed(command: Sequence[str], why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{command[0]} failed: {why}", where=" ".join(command), hint="run it by hand as root"
    )
