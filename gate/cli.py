"""The command line. One file a command in ``gate/commands/``; this file only joins them."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gate import __version__
from gate.config.places import configuration, step_down
from gate.errors import GateError
from gate.texts.terminal import Console

app = typer.Typer(
    name="gate",
    help="A face-recognition access gate: camera, recognition, decision, door, events.",
    epilog="Begin with `gate demo`; set a box up with `gate init`, check it with `gate doctor`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)

# in the order of the help: the command, and the file in gate/commands/ with what it gives: a
# function is a command, a Typer a group of commands
COMMANDS = {
    "demo": ("demo", "demo"),
    "init": ("init", "init"),
    "replay": ("demo", "replay"),
    "run": ("run", "run"),
    "desk": ("desk", "desk"),
    "certificate": ("certificate", "certificate"),
    "kiosk": ("kiosk", "kiosk"),
    "enroll": ("enroll", "enroll"),
    "people": ("people", "people"),
    "permit": ("permit", "permit"),
    "rules": ("rules", "rules"),
    "explain": ("explain", "explain"),
    "events": ("events", "events"),
    "export": ("export", "export"),
    "camera": ("camera", "camera"),
    "doctor": ("doctor", "doctor"),
    "config": ("config", "config"),
    "models": ("models", "models"),
    "calibrate": ("calibrate", "calibrate"),
    "evaluate": ("evaluate", "evaluate"),
    "keys": ("keys", "keys"),
    "broker": ("broker", "broker"),
    "notify": ("notify", "notify"),
    "update": ("update", "update"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "account": ("account", "account"),
    "hub": ("hub", "hub"),
    "join": ("join", "join"),
    "leave": ("join", "leave"),
    "simulate": ("simulate", "app"),
}

# importing all of them takes seconds: when one is named, it alone is wanted
_wanted = sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in COMMANDS else list(COMMANDS)
if sys.argv[1:] == ["--version"]:
    _wanted = ["config"]

# numpy works in one thread, as the networks do: on a busy box two of them spend as long waiting
# for each other as they work, and what is learnt or encoded here is no faster with both. To be
# set before numpy is loaded.
if set(sys.argv[1:2]) & {"run", "desk", "demo", "calibrate", "enroll", "evaluate"}:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# what is imported stays: looking for garbage in it takes a sixth of the start
gc.disable()
for _name in _wanted:
    _file, _given = COMMANDS[_name]
    _thing = getattr(importlib.import_module(f"gate.commands.{_file}"), _given)
    if isinstance(_thing, typer.Typer):
        app.add_typer(_thing, name=_name)
    else:
        app.command(_name)(_thing)
gc.enable()


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


# what to do about a file that was named
_OPEN = "check the file, its folder and the room on the disk"
_CLOSED = {
    False: f"put sudo before the command, or {_OPEN}",
    True: "this command runs as the user gate: use a folder that this user may enter, such as /tmp",
}


def _end(error: str, status: int) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(f"error: {error}", style="red", markup=False)
    sys.exit(status)


def main() -> None:
    """Run the command line; an error a user can fix is three lines, never a stack trace."""
    # before anything is opened: what root opens the services could not write
    stepped_down = step_down(
        " ".join(sys.argv[1:3]), Path(os.environ.get("GATE_CONFIG") or configuration())
    )
    try:
        app(standalone_mode=True)
    except GateError as error:
        _end(f"{error}", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
    except Exception as error:
        if os.environ.get("GATE_DEBUG"):
            raise
        if isinstance(error, OSError):  # of a file that was named: the gate's own have GateErrors
            where = f"\n  where: {error.filename}" if error.filename else ""
            text = f"{error.strerror or error}{where}"
            closed = isinstance(error, PermissionError) and os.geteuid() != 0
            _end(f"{text}\n  what to do: {_CLOSED[stepped_down] if closed else _OPEN}", 1)
        # a defect of the program; to trace it set GATE_DEBUG
        text = f"this should not happen: {type(error).__name__}: {error}"
        _end(f"{text}\n  what to do: report it with what GATE_DEBUG=1 prints", 70)
    except KeyboardInterrupt:
        sys.exit(130)
