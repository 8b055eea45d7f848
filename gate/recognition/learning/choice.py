"""Whose face belongs to a card that was shown: nobody's, unless there was one face only."""

from __future__ import annotations

from collections.abc import Iterable

from gate.recognition.evidence import LOOKS
from gate.recognition.face import Sighting, Verdict

BEFORE, AFTER = 2.0, 2.0  # seconds around the showing of a card in which faces count


def face_at(sightings: Iterable[Sighting], shown: float, continues: float) -> Sighting | None:
    """The face of whoever showed a card, or None when that cannot be said.

    In the seconds around it there must have been one face a camera, held to be live, usable and
    encoded often enough; where several cameras saw one, the same in each.

    Args:
        shown: when the card was answered, monotonic seconds.
        continues: cosine at and above which two vectors are of one recording of one person.
    """
    newest: dict[str, Sighting] = {}
    for sighting in sightings:
        if not shown - BEFORE <= sighting.last_seen <= shown + AFTER:
            continue
        before = newest.get(sighting.camera)
        if before is not None and before.track != sighting.track:
            return None  # somebody else was there too
        if sighting.verdict is Verdict.ATTACK:
            return None
        if before is None or _fitness(sighting) >= _fitness(before):
            newest[sighting.camera] = sighting
    if not newest:
        return None
    best = max(newest.values(), key=_fitness)
    if not _fitness(best) or best.probe is None:
        return None
    for other in newest.values():
        if other.probe is None or float(other.probe @ best.probe) < continues:
            return None
    return best


def _fitness(sighting: Sighting) -> float:
    """Area of a face from which one may learn; 0 for others."""
    good = (
        sighting.liveness.live is True
        and sighting.used >= LOOKS
        and sighting.face.unusable is None
        and sighting.verdict is not Verdict.UNUSABLE
    )
    return sighting.face.area if good else 0.0
