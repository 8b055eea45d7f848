"""The commands, one file each, and the option they share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path,
    typer.Option("--config", "-c", help="The configuration file.", envvar="GATE_CONFIG"),
]
