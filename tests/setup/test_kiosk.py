"""The kiosk waits for the screen, watches the page's connection and ends when the page has died."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from importlib.resources import files
from pathlib import Path

import pytest

from gate.errors import DeviceError
from gate.integrations.broker import free_port
from gate.setup import kiosk
from gate.setup.kiosk import Kiosk
from tests.waiting import PATIENCE, wait_for

# in place of the browser: holds a connection to the screen until it is told, then only lives on
BROWSER = """#!{python}
import os, socket, sys, time
with socket.create_connection(("127.0.0.1", {port})):
    with open({started!r} + "~", "w") as file:
        file.write(" ".join(sys.argv[1:]))
    os.rename({started!r} + "~", {started!r})
    while not os.path.exists({dead!r}):
        time.sleep(0.02)
time.sleep(3600)
"""


class Screen:
    """Takes connections and keeps them."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._keep, args=(taken,), daemon=True).start()

    def _keep(self, taken: socket.socket) -> None:
        with taken:
            while taken.recv(1024):
                pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def port() -> int:
    return free_port()


def browser(tmp_path: Path, port: int) -> str:
    file = tmp_path / "browser"
    started, dead = str(tmp_path / "started"), str(tmp_path / "dead")
    text = BROWSER.format(python=sys.executable, port=port, started=started, dead=dead)
    file.write_text(text)
    file.chmod(0o755)
    return str(file)


def at(port: int, tmp_path: Path) -> Kiosk:
    return Kiosk(f"http://127.0.0.1:{port}/", tmp_path / "profile", "127.0.0.1", port)


LIVES = 3 * kiosk.DEAD_AFTER


class Clock:
    """Time that passes only once the page is there; it dies after ``LIVES`` seconds."""

    now = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        time.sleep(0.02)
        if (self._folder / "started").exists():
            self.now += seconds
        if self.now > LIVES:
            (self._folder / "dead").touch()


@pytest.mark.slow
def test_a_page_whose_stream_has_ended_is_dead(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, clock = Screen(port), Clock(tmp_path)
    monkeypatch.setattr("gate.setup.kiosk.time", clock)
    why = kiosk.show(at(port, tmp_path), browser(tmp_path, port))
    screen.close()
    assert why == "page dead"
    assert clock.now > LIVES + kiosk.DEAD_AFTER
    given = (tmp_path / "started").read_text()
    assert "--kiosk" in given
    assert given.endswith(f"http://127.0.0.1:{port}/")


@pytest.mark.slow
def test_the_browser_is_started_only_when_the_screen_answers(tmp_path: Path, port: int) -> None:
    over, ended = threading.Event(), []
    program = browser(tmp_path, port)

    def run() -> None:
        ended.append(kiosk.show(at(port, tmp_path), program, stopped=over.is_set, look_every=0.05))

    thread = threading.Thread(target=run)
    thread.start()
    assert not kiosk.answers("127.0.0.1", port)
    assert not (tmp_path / "started").exists()
    screen = Screen(port)
    wait_for(lambda: (tmp_path / "started").exists())
    assert kiosk.connected(port)
    over.set()
    thread.join(PATIENCE)
    screen.close()
    assert ended == ["stopped"]


def test_no_browser_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DeviceError) as refused:
        kiosk.browser()
    assert "apt install chromium" in refused.value.hint


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_an_old_compositor_turns_the_picture_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "cage", "echo ' -d  no decorations'; echo ' -r\t rotate by 90 degrees' >&2")
    cage = str(tmp_path / "cage")
    assert kiosk.compositor(270) == ([cage, "-d", "-s", "-r", "-r", "-r", "--"], True)
    assert kiosk.compositor(0) == ([cage, "-d", "-s", "--"], True)


def test_a_new_compositor_is_turned_from_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "cage", "echo ' -d  no decorations; -s  not -r any more'")
    assert kiosk.compositor(90) == ([str(tmp_path / "cage"), "-d", "-s", "--"], False)
    program(tmp_path, "wlr-randr", f"echo 'HDMI-A-1 x'; echo \"$@\" >>{tmp_path}/asked")
    kiosk.rotate(90)
    asked = (tmp_path / "asked").read_text()
    assert "--output HDMI-A-1 --transform 90" in asked


def test_a_compositor_that_cannot_be_turned_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "wlr-randr", "echo 'compositor does not support it' >&2; exit 1")
    with pytest.raises(DeviceError, match="does not turn the picture"):
        kiosk.rotate(90)


def test_no_translation_is_offered_over_the_screen(tmp_path: Path) -> None:
    kiosk.prepare(tmp_path)
    preferences = tmp_path / "Default" / "Preferences"
    assert json.loads(preferences.read_text())["translate"]["enabled"] is False
    preferences.write_text("{}")
    kiosk.prepare(tmp_path)
    assert preferences.read_text() == "{}"  # the browser's own by now
    assert 'translate="no"' in (files("gate.screen") / "static" / "index.html").read_text("utf-8")
