"""Where this box keeps its configuration and its data, the same from wherever a command is called.

Neither the working folder nor ``sudo`` matters:

- code that runs from a checkout uses ``config/gate.toml`` of the checkout;
- an installed box, one with ``/etc/gate``, uses ``/etc/gate/gate.toml`` and ``/var/lib/gate``;
- everywhere else it is the folder ``gate`` in the home of the user who called, also below ``sudo``.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

FILE = "gate.toml"
SYSTEM = Path("/etc/gate")
SYSTEM_DATA = Path("/var/lib/gate")
USER = "gate"  # whom the services run as, and who owns the data of an installed box
CODE = Path(__file__).resolve().parents[2]
# what has to be root: it writes /etc/gate and units, or replaces the software
NEEDS_ROOT = frozenset(
    {"init", "config", "update", "broker", "restore", "certificate", "models use"}
)


def configuration(
    code: Path = CODE, system: Path = SYSTEM, environ: Mapping[str, str] = os.environ
) -> Path:
    """The configuration file that counts where none is named."""
    if (code / "pyproject.toml").is_file() and (code / "config" / FILE).is_file():
        return code / "config" / FILE
    if system.is_dir():
        return system / FILE
    return home(environ) / "gate" / FILE


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The home of the user who called, below ``sudo`` too."""
    caller = environ.get("SUDO_USER", "")
    if os.geteuid() == 0 and caller:
        try:
            return Path(pwd.getpwnam(caller).pw_dir)
        except KeyError:  # renamed since it signed in
            pass
    return Path.home()


def base_of(path: Path) -> Path:
    """What relative paths in the configuration file ``path`` are relative to.

    That is the folder of the file; the one above where that is called ``config``, so that the data
    lies beside it and not in it; and ``/var/lib/gate`` for ``/etc/gate/gate.toml``.
    """
    folder = path.parent
    if folder == SYSTEM:
        return SYSTEM_DATA
    return folder.parent if folder.name == "config" else folder


def step_down(command: str, config: Path) -> bool:
    """As root on an installed box: become the gate's user, whose files root would otherwise spoil.

    A database opened by root leaves files beside it that the services may not write. Returns
    whether the user was changed.

    Args:
        command: the words of it, such as ``models use NAME``.
    """
    named = {command.partition(" ")[0], " ".join(command.split()[:2])}
    if os.geteuid() != 0 or named & NEEDS_ROOT or config.parent != SYSTEM:
        return False
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return False
    os.initgroups(USER, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ |= {"HOME": user.pw_dir, "USER": USER, "LOGNAME": USER}
    return True
