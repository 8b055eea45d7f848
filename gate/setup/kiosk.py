"""The gate's screen in a browser of its own: started when the screen answers, restarted when not.

A page that died keeps its window but ends its stream. So the browser counts as alive while one of
its connections to the screen is open; after ``DEAD_AFTER`` seconds without one, although the screen
answers, it is ended, and the service manager starts everything again.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.errors import DeviceError

DEAD_AFTER = 20.0
LOOK_EVERY = 2.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable")
ROTATIONS = {0: "normal", 90: "90", 180: "180", 270: "270"}
_ESTABLISHED = "01"
_FLAGS = (
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=Translate,TranslateUI,MediaRouter",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--autoplay-policy=no-user-gesture-required",  # the motifs and the spoken sentences
    "--check-for-update-interval=31536000",
    "--password-store=basic",
    "--ozone-platform-hint=auto",
)


@dataclass(frozen=True, slots=True)
class Kiosk:
    """What is shown and how.

    Attributes:
        url: the page.
        host, port: the screen's address, which has to answer; None: a file, nothing is watched.
        profile: the browser's folder.
        rotate: degrees, a key of ``ROTATIONS``.
    """

    url: str
    profile: Path
    host: str | None
    port: int
    rotate: int = 0


def browser() -> str:
    """The browser's path. Raises DeviceError."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise DeviceError(
        "there is no browser for the screen",
        where=", ".join(BROWSERS),
        hint="apt install chromium fonts-noto-cjk",
    )


def arguments(kiosk: Kiosk, extra: Sequence[str] = ()) -> list[str]:
    """The browser's command line after its name."""
    return [*_FLAGS, f"--user-data-dir={kiosk.profile}", *extra, kiosk.url]


def prepare(profile: Path) -> None:
    """Settings that no flag makes: the browser offers no translation over the screen."""
    preferences = profile / "Default" / "Preferences"
    if not preferences.exists():
        preferences.parent.mkdir(parents=True, exist_ok=True)
        preferences.write_text(json.dumps({"translate": {"enabled": False}}))


def compositor(degrees: int) -> tuple[list[str], bool]:
    """The command line of cage, and whether it turns the picture itself.

    Debian 12's does by ``-r``; later ones have left that to ``wlr-randr``, which Debian 12's does
    not understand. Raises DeviceError.
    """
    program = shutil.which("cage")
    if program is None:
        raise DeviceError(
            "there is no compositor for the screen", where="cage", hint="apt install cage"
        )
    shown = subprocess.run([program, "-h"], capture_output=True, text=True, timeout=10, check=False)
    turns = re.search(r"^\s*-r\b", shown.stdout + shown.stderr, re.MULTILINE) is not None
    # -d: no decorations; -s: the keys of virtual consoles work for the installer
    flags = ["-d", "-s"] + ["-r"] * (degrees // 90 if turns else 0)
    return [program, *flags, "--"], turns


def rotate(degrees: int) -> None:
    """Turn every output of the compositor. Raises DeviceError."""
    tool = shutil.which("wlr-randr")
    if tool is None:
        raise DeviceError("wlr-randr is missing", where="rotation", hint="apt install wlr-randr")
    listed = subprocess.run([tool], capture_output=True, text=True, timeout=10, check=False)
    names = [line.split()[0] for line in listed.stdout.splitlines() if line[:1].strip()]
    turned = [
        subprocess.run(
            [tool, "--output", name, "--transform", ROTATIONS[degrees]], timeout=10, check=False
        ).returncode
        for name in names
    ]
    if not turned or any(turned):
        raise DeviceError(
            "the compositor does not turn the picture",
            where="wlr-randr",
            hint="use the cage of Debian 12 or of Debian 13",
        )


def answers(host: str, port: int) -> bool:
    """Whether the screen takes connections."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def connected(port: int, tables: Sequence[Path] = (Path("/proc/net/tcp"),)) -> bool:
    """Whether anybody on this box holds an open connection to ``port`` (from Linux's table)."""
    for table in tables:
        for line in table.read_text().splitlines()[1:]:
            _, _, remote, state, *_ = line.split()
            if state == _ESTABLISHED and int(remote.rpartition(":")[2], 16) == port:
                return True
    return False


def show(
    kiosk: Kiosk,
    program: str,
    extra: Sequence[str] = (),
    *,
    stopped: Callable[[], bool] = lambda: False,
    dead_after: float = DEAD_AFTER,
    look_every: float = LOOK_EVERY,
) -> str:
    """Show until the browser ends or its page is dead; returns which. Waits for the screen first.

    A browser started before the screen answers would show its own error page and stay there.
    """
    while kiosk.host and not answers(kiosk.host, kiosk.port):
        if stopped():
            return "stopped"
        time.sleep(min(1.0, look_every))
    prepare(kiosk.profile)
    process = subprocess.Popen([program, *arguments(kiosk, extra)])
    seen = time.monotonic()
    try:
        while process.poll() is None:
            if stopped():
                return "stopped"
            now = time.monotonic()
            if kiosk.host is None or connected(kiosk.port) or not answers(kiosk.host, kiosk.port):
                seen = now
            elif now - seen > dead_after:
                return "page dead"
            time.sleep(look_every)
        return "browser ended"
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
