"""How good the pictures of each camera are for faces, over the newest people before it."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from gate.recognition.face import Sighting, Unusable

PEOPLE = 200  # the newest count
_GONE = 5.0  # seconds after which somebody who is not seen has left
_FRAMES = 5  # somebody seen in fewer only walked by
NEWEST = 500  # frames of one face that count: a poster is in view for weeks


@dataclass(slots=True)
class _Person:
    last: float = 0.0
    frames: int = 0
    usable: bool = False
    light: deque[float] = field(default_factory=lambda: deque(maxlen=NEWEST))
    sharpness: deque[float] = field(default_factory=lambda: deque(maxlen=NEWEST))
    wrong: Counter[Unusable] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Seen:
    usable: bool
    light: float | None
    sharpness: float | None
    wrong: Unusable | None


class CameraFigures:
    """``saw`` belongs to the recognition thread; ``figures`` to any. Nobody is named."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self._lock = threading.Lock()  # guards _seen
        self._seen: dict[str, deque[_Seen]] = {name: deque(maxlen=PEOPLE) for name in cameras}
        self._there: dict[tuple[str, int], _Person] = {}

    def saw(self, sightings: Sequence[Sighting]) -> None:
        """What one frame showed."""
        for sighting in sightings:
            person = self._there.setdefault((sighting.camera, sighting.track), _Person())
            person.last = max(person.last, sighting.last_seen)
            person.frames = sighting.frames
            person.usable |= sighting.first_usable is not None
            quality = sighting.face.quality
            if quality is not None and quality.brightness is not None:
                person.light.append(quality.brightness)
            if quality is not None and quality.sharpness is not None:
                person.sharpness.append(quality.sharpness)
            if sighting.guidance is not None:
                person.wrong[sighting.guidance] += 1
        if sightings:
            self._leave(max(sighting.last_seen for sighting in sightings))

    def _leave(self, now: float) -> None:
        gone = [key for key, person in self._there.items() if now - person.last > _GONE]
        for key in gone:
            person = self._there.pop(key)
            if person.frames >= _FRAMES and key[0] in self._seen:
                wrong = person.wrong.most_common(1)
                seen = _Seen(
                    person.usable,
                    median(person.light) if person.light else None,
                    median(person.sharpness) if person.sharpness else None,
                    wrong[0][0] if wrong and not person.usable else None,
                )
                with self._lock:
                    self._seen[key[0]].append(seen)

    def figures(self) -> dict[str, dict[str, Any]]:
        """By camera: ``people``, ``usable`` (0 to 1), ``light`` (0 to 255), ``sharpness`` (0 to
        100), ``reason``; only ``people`` where there were none."""
        with self._lock:
            newest = {name: list(seen) for name, seen in self._seen.items()}
        return {name: _figures(seen) for name, seen in newest.items()}


def _figures(seen: Sequence[_Seen]) -> dict[str, Any]:
    if not seen:
        return {"people": 0}
    wrong = Counter(one.wrong for one in seen if one.wrong is not None).most_common(1)
    return {
        "people": len(seen),
        "usable": round(sum(one.usable for one in seen) / len(seen), 3),
        "light": _middle([one.light for one in seen if one.light is not None]),
        "sharpness": _middle([one.sharpness for one in seen if one.sharpness is not None]),
        "reason": wrong[0][0].value if wrong else "",
    }


def _middle(values: Sequence[float]) -> float | None:
    return round(median(values), 1) if values else None
