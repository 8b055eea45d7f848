"""What the server of ``tests/warm.py`` has ready before it forks the first program."""

from __future__ import annotations

import enroll.app
import gate.cli
import gate.daemon.daemon
from gate.recognition.detection.detector import _frontal

_frontal()  # dlib takes half a second to unpack its detector

__all__ = ["enroll", "gate"]
