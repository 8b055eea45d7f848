"""What the server of ``tests/warm.py`` has ready before it forks the first program."""

from __future__ import annotations

import importlib

import enroll.app
import gate.daemon.daemon
from gate.cli import COMMANDS
from gate.recognition.detection.detector import _frontal

for _file, *_ in COMMANDS.values():
    importlib.import_module(f"gate.commands.{_file}")
_frontal()  # dlib takes half a second to unpack its detector

__all__ = ["enroll", "gate"]
