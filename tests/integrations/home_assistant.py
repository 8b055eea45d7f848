"""A real Home Assistant for a test: an environment of its own, and the process in it."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import venv
from collections import deque
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "home-assistant.txt"


def python_with_home_assistant() -> tuple[Path | None, str]:
    """The Python of an environment that has it, and why there is none.

    Built once for these requirements and kept in the user's cache; GATE_HOME_ASSISTANT names
    another one.
    """
    if given := os.environ.get("GATE_HOME_ASSISTANT"):
        return Path(given), ""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "access-gate"
    kept = cache / f"home-assistant-{digest}"
    if not (kept / "bin" / "python").exists():
        fresh = cache / f"{kept.name}.{os.getpid()}"
        try:
            venv.create(fresh, with_pip=True)
            pip = [str(fresh / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            done = subprocess.run(
                [*pip, "--no-deps", "--no-compile", "-r", str(REQUIREMENTS)],
                capture_output=True,
                text=True,
                timeout=900,
            )
            if done.returncode:
                return None, f"Home Assistant cannot be installed: {done.stderr.strip()[-200:]}"
            try:
                fresh.rename(kept)  # whole or not there; only its Python is used, by its new name
            except OSError:
                if not kept.exists():  # unless another run was faster
                    raise
        except (OSError, subprocess.SubprocessError) as error:
            return None, f"no environment for Home Assistant: {type(error).__name__}"
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return kept / "bin" / "python", ""


class HomeAssistant:
    """The process of in_home_assistant.py over a folder of configuration."""

    def __init__(self, python: Path, config: Path, port: int, protocol: str) -> None:
        script = HERE / "in_home_assistant.py"
        with config.with_suffix(".log").open("w") as log:
            self._process = subprocess.Popen(
                [python, script, config, str(port), protocol],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        output = self._process.stdout
        assert output is not None
        threading.Thread(
            target=lambda: deque(map(self._lines.put, map(str.strip, output)), maxlen=0),
            daemon=True,
        ).start()

    def heard(self, start: str, seconds: float = 60.0) -> str:
        """The rest of the next line that begins so; others before it are dropped."""
        while not (line := self._lines.get(timeout=seconds)).startswith(start):
            pass
        return line.removeprefix(start).strip()

    def ask(self, word: str) -> Any:
        """What it answers to ``states`` or ``dashboard``."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return json.loads(self.heard(word))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
