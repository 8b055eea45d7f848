"""What stands in for detector and encoder when a folder is enrolled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.face import Face, Image
from gate.services.enrolment import Examiner, Fault, Shot

Run = Callable[..., Any]


class Camera:
    """Stands in for detector and encoder: every colour is another face, white is none."""

    name = "play/1"
    dimension = 16
    similarity = SimilarityStatistics(continues=0.6, apart=0.6)

    def __init__(self) -> None:
        self.seen = 0
        self.breaks_at = 0  # the photograph at which the program ends
        self.interrupted_at = 0  # at which somebody presses Ctrl-C
        self.nice: set[int] = set()  # of the threads that look
        self._lock = threading.Lock()

    def look(self, image: Image) -> Shot:
        with self._lock:
            self.seen += 1
            seen = self.seen
        self.nice.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        if seen == self.breaks_at:
            raise KeyboardInterrupt
        if seen == self.interrupted_at:
            press_ctrl_c()
        if image[0, 0, 0] > 250:
            return Shot(fault=Fault.NO_FACE)
        return Shot(Face((0, 0, 50, 50), 0.9))


def press_ctrl_c() -> None:
    """And wait until it is noticed, which takes the handler's place away."""
    before = signal.getsignal(signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    while signal.getsignal(signal.SIGINT) is before:
        time.sleep(0.001)


class Quick(Examiner):
    def __init__(self, camera: Camera) -> None:
        self.encoders = cast(Any, (camera,))
        self._camera = camera

    def shot(self, image: Image) -> Shot:  # type: ignore[override]
        shot = self._camera.look(image)
        vector = np.random.default_rng(image[0, 0]).normal(size=16).astype(np.float32)
        vector /= np.linalg.norm(vector)
        return shot if shot.fault else Shot(shot.face, "", {"play/1": vector})
