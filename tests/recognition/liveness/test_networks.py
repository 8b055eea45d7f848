"""Several networks for one face: side by side, in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np

from gate.recognition.face import Face, Image
from gate.recognition.liveness.networks import scores


def test_side_by_side_the_scores_are_the_same_and_in_order() -> None:
    class Slow:
        """The first waits until the last is asked, as it cannot when one follows the other."""

        def __init__(self, name: str, value: float, before: Event, after: Event) -> None:
            self.name, self._value, self._before, self._after = name, value, before, after

        def score(self, image: Image, face: Face) -> float:
            self._after.set()
            assert self._before.wait(60)
            return self._value

    one, two = Event(), Event()
    tests = [Slow("a", 1.0, two, one), Slow("b", 2.0, one, two)]
    image, face = np.zeros((9, 9, 3), np.uint8), Face((0, 0, 4, 4), 0.9)
    with ThreadPoolExecutor(1) as pool:
        assert scores(tests, image, face, pool).tolist() == [1.0, 2.0]
        assert scores(tests[:1], image, face, pool).tolist() == [1.0]
    assert scores(tests, image, face).tolist() == [1.0, 2.0]  # both events are set by now
