"""The command line. One file a command in ``gate/commands/``; this file only joins them."""

from __future__ import annotations

import copy
import gc
import importlib
import os
import resource
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from gate import __version__
from gate.commands.notices import shown
from gate.config.places import configuration, step_down
from gate.errors import GateError
from gate.texts.terminal import Console, language

# in the order of the help: the command, the file in gate/commands/ with what it gives (a function
# is a command, a Typer a group of commands) and what `gate --help` says of it. Importing all takes
# seconds: only the one that is asked for is imported, and none for the help.
COMMANDS = {
    "demo": ("demo", "demo", "Watch recorded people walk up to a gate with 7,000 enrolled."),
    "init": (
        "init",
        "init",
        "Set this box up, or change an answer: asks what no option says, ends with `gate doctor`.",
    ),
    "replay": (
        "demo",
        "replay",
        "Run the gate on a recording instead of its camera, with its own register and relay.",
    ),
    "run": ("run", "run", "Run the gate: camera, recognition, decision, relay, event."),
    "desk": (
        "desk",
        "desk",
        "Serve the enrolment desk. The first start prints a one-time code for the first account.",
    ),
    "certificate": (
        "certificate",
        "certificate",
        "Make the desk's certificate, open the desk to the network, say how tablets trust it.",
    ),
    "kiosk": (
        "kiosk",
        "kiosk",
        "Show the screen in full screen; started by gate-kiosk.service with the compositor cage.",
    ),
    "enroll": ("enroll", "enroll", "Enrol a person from photographs, or many from a folder."),
    "people": ("people", "people", "List, show, remove and export the people."),
    "permit": ("permit", "permit", "Electronic permits: signed QR codes."),
    "rules": (
        "rules",
        "rules",
        "Schedules, holidays and who may pass; running gates apply a change within a second.",
    ),
    "explain": (
        "explain",
        "explain",
        "Say what happened and why, then which rule decided and the values it was based on.",
    ),
    "events": ("events", "events", "Show, export and resend events."),
    "export": ("export", "export", "Records for platforms: check, view, send again."),
    "camera": (
        "camera",
        "camera",
        "Network cameras by ONVIF: find them, read their streams, set clock and resolution.",
    ),
    "doctor": (
        "doctor",
        "doctor",
        "Check configuration, clock, disk, camera, models, database, key, relay, readers, broker "
        "and hub.",
    ),
    "try": (
        "try_part",
        "try_part",
        "Try one part: a picture, a click of the lock, what inputs report, a card.",
    ),
    "config": ("config", "config", "Check and show the configuration."),
    "models": (
        "models",
        "models",
        "List, fetch, check and choose the models that find, compare and test faces.",
    ),
    "calibrate": (
        "calibrate",
        "calibrate",
        "Set the thresholds from the site's own gallery and store them.",
    ),
    "evaluate": (
        "evaluate",
        "evaluate",
        "Measure FNIR at FPIR 1, 0.3 and 0.1 %, by protocol, group and half of the people.",
    ),
    "keys": ("keys", "keys", "Keys that may command this gate over MQTT."),
    "broker": ("broker", "broker", "Set up and test the message broker."),
    "notify": ("notify", "notify", "Alarms to telephones and chats."),
    "update": (
        "update",
        "update",
        "Update this box: check the signature, back up, try the version on a copy, install it.",
    ),
    "backup": (
        "backup",
        "backup",
        "Back up register, keys, certificates and configuration while the gate runs.",
    ),
    "restore": (
        "backup",
        "restore",
        "Restore a backup, on this box or a new one, and list what was lost since it was made.",
    ),
    "account": ("account", "account", "List, add and reset the desk's accounts."),
    "hub": ("hub", "hub", "One register for many gates."),
    "join": (
        "join",
        "join",
        "Make this box one of a hub's: gate join https://hub:8444 ABCD-EFGH-JKLM-NPQR",
    ),
    "leave": ("join", "leave", "Take this box out of its hub; it keeps the people it has now."),
    "simulate": (
        "simulate",
        "app",
        "Simulated devices: each prints the port to put into the configuration, "
        "then reads commands from its standard input (help lists them).",
    ),
}

# numpy works in one thread, as the networks do: on a busy box two of them spend as long waiting
# for each other as they work, and what is learnt or encoded here is no faster with both. To be
# set before numpy is loaded.
if set(sys.argv[1:2]) & {"run", "desk", "demo", "calibrate", "enroll", "evaluate"}:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class _Imported(MutableMapping[str, Any]):
    """The commands by name; each is imported when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _import(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("the commands are those of the table")

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS


def _import(name: str) -> Any:
    file, given, _ = COMMANDS[name]
    gc.disable()  # what is imported stays: looking for garbage in it takes a sixth of the start
    try:
        thing = getattr(importlib.import_module(f"gate.commands.{file}"), given)
    finally:
        gc.enable()
    alone = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False)
    if isinstance(thing, typer.Typer):
        alone.add_typer(thing, name=name)
    else:
        alone.command(name)(thing)
    return typer.main.get_group(alone).commands[name]


class _Commands(TyperGroup):
    """``gate``: knows its commands by the table, and speaks the terminal's language."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Imported()
        self.language = "en"

    def main(self, *arguments: Any, **given: Any) -> Any:
        to = language()
        if to == self.language:
            return super().main(*arguments, **given)
        from gate.commands.translated import frame, translated

        shown = translated(self, to)
        shown.language = to
        with frame(to):
            return TyperGroup.main(shown, *arguments, **given)

    def make_context(self, *arguments: Any, **given: Any) -> Any:
        with self._errors():
            return super().make_context(*arguments, **given)

    def invoke(self, ctx: Any) -> Any:
        with self._errors():
            return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        shown = copy.copy(self)
        shown.commands = {
            name: TyperCommand(name, help=text) for name, (_, _, text) in COMMANDS.items()
        }
        if self.language != "en":
            from gate.commands.translated import translated

            shown = translated(shown, self.language)
        TyperGroup.format_help(shown, ctx, formatter)

    def _errors(self) -> AbstractContextManager[None]:
        if self.language == "en":
            return nullcontext()
        from gate.commands.translated import errors

        return errors(self.language)


app = typer.Typer(
    name="gate",
    cls=_Commands,
    help="A face-recognition access gate: camera, recognition, decision, door, events.",
    epilog="Start with `gate demo`; set a box up with `gate init`, check it with `gate doctor`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)


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
    if not os.environ.get("GATE_DEBUG"):  # a core file would hold the key, templates and names
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # before anything is opened: what root opens the services could not write
    stepped_down = step_down(
        " ".join(sys.argv[1:3]), Path(os.environ.get("GATE_CONFIG") or configuration())
    )
    try:
        with shown():
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
        from gate.log import without_values

        text = f"this should not happen: {without_values(error)}"
        _end(f"{text}\n  what to do: report it with what GATE_DEBUG=1 prints", 70)
    except KeyboardInterrupt:
        sys.exit(130)
