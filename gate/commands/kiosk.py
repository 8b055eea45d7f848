"""``gate kiosk``: the gate's screen in a browser on the box's own display."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import ConfigurationError, DeviceError
from gate.setup import kiosk as kiosks
from gate.texts.terminal import Console


def kiosk(
    port: Annotated[
        int, typer.Option(min=1, max=65535, envvar="GATE_KIOSK_PORT", help="[screen] port")
    ] = 8480,
    host: Annotated[str, typer.Option(envvar="GATE_KIOSK_HOST", help="[screen] host")] = (
        "127.0.0.1"
    ),
    rotate: Annotated[
        int, typer.Option(envvar="GATE_KIOSK_ROTATE", help="0, 90, 180 or 270 degrees.")
    ] = 0,
    test: Annotated[
        bool,
        typer.Option(
            "--test",
            envvar="GATE_KIOSK_TEST",
            help="Show the test picture in place of the screen.",
        ),
    ] = False,
    cage: Annotated[
        bool, typer.Option("--cage", help="Start the compositor cage first, rotated as given.")
    ] = False,
    profile: Annotated[
        Path | None, typer.Option(help="The browser's folder; otherwise a new one each time.")
    ] = None,
    browser_flag: Annotated[
        list[str] | None, typer.Option(help="A further flag for the browser.")
    ] = None,
) -> None:
    """Show the screen in full screen; started by gate-kiosk.service with the compositor cage.

    Ends when the browser or its page has died, so that the service starts it again. It does not
    read the configuration, which its user may not.
    """
    if rotate not in kiosks.ROTATIONS:
        raise ConfigurationError(
            f"{rotate} is no rotation", where="--rotate", hint="write 0, 90, 180 or 270"
        )
    if cage:
        command, turned = kiosks.compositor(rotate)
        # its program: this command again, which has its settings from the same environment
        os.environ["GATE_KIOSK_ROTATE"] = "0" if turned else str(rotate)
        again = [sys.executable, "-P", "-c", "from gate.cli import main; main()", "kiosk"]
        os.execv(command[0], [*command, *again])
    program = kiosks.browser()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with (
        as_file(files("gate.setup") / "files" / "test_picture.html") as picture,
        tempfile.TemporaryDirectory(prefix="gate-kiosk-") as folder,
    ):
        shown = kiosks.Kiosk(
            url=picture.as_uri() if test else f"http://{host}:{port}/",
            host=None if test else host,
            port=port,
            profile=profile or Path(folder),
            rotate=rotate,
        )
        if rotate and os.environ.get("WAYLAND_DISPLAY"):
            try:
                kiosks.rotate(rotate)
            except DeviceError as error:  # a picture that lies on its side is better than none
                Console(stderr=True).print(f"kiosk: {error.what}: {error.hint}")
        why = kiosks.show(shown, program, browser_flag or (), stopped=over.is_set)
    Console(stderr=True).print(f"kiosk: {why}")
    if why != "stopped":
        raise SystemExit(1)
