"""The files that are in the package: units of systemd, Mosquitto's configuration and ACL.

They hold ``@NAME@`` where the box decides: ``@GATE@`` (the command), ``@CONFIG@`` (the
configuration file), ``@DATA@`` (the folder whose owner the services run as), ``@FOLDER@``.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

from gate.config.places import FILE as CONFIGURATION
from gate.config.places import SYSTEM, SYSTEM_DATA, base_of
from gate.errors import ConfigurationError
from gate.files import replace as write_whole

UNITS = Path("/etc/systemd/system")
_PLACEHOLDER = re.compile(r"@([A-Z]+)@")


def unit_names() -> list[str]:
    """Every unit in the package, by file name."""
    folder = files("gate.setup") / "files"
    endings = (".service", ".timer")
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(endings))


def text(name: str, **values: str | Path) -> str:
    """A shipped file with every ``@NAME@`` filled in. Raises KeyError when a value is missing."""
    raw = (files("gate.setup") / "files").joinpath(*name.split("/")).read_text("utf-8")
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), raw)


def command() -> Path:
    """The ``gate`` command of this installation."""
    return Path(sys.executable).parent / "gate"


def unit(
    name: str,
    gate: Path | None = None,
    config: Path = SYSTEM / CONFIGURATION,
    data: Path = SYSTEM_DATA,
) -> str:
    """The text of a unit for this installation."""
    return text(name, GATE=gate or command(), CONFIG=config, DATA=data)


def place_units(config: Path, folder: Path = UNITS) -> list[Path]:
    """Write every unit for this installation, in place of those there; returns them.

    ``config``: absolute. Raises ConfigurationError.
    """
    written = []
    for name in unit_names():
        target = folder / name
        place(unit(name, config=config, data=base_of(config)), target, replace=True)
        written.append(target)
    return written


def place(content: str, target: Path, mode: int = 0o644, *, replace: bool = False) -> bool:
    """Write a file in one step, on the disk when this returns; one there stays unless ``replace``.

    Returns whether it was written. Raises ConfigurationError.
    """
    if target.exists() and not replace:
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content.encode(), mode, durable=True)
    except OSError as error:
        raise ConfigurationError(
            f"{target.name} cannot be written: {error.strerror or error}",
            where=str(target),
            hint="check the folder's owner and room, or run the command with sudo",
        ) from None
    return True
