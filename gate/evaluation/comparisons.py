"""Pictures of one moment against pictures of another: protocols (f), (g) and (h).

(f) photographs of the first group of names, one against one; (g) people before a webcam, by
session and glasses, from folders of frames called PERSON-sSESSION-pPOSITION-gGLASSES-START, as
those of NUAA's windows are (Tan, Li, Liu and Jiang, ECCV 2010); (h) recordings, PERSON/CLIP, one
frame in ten. Plain cosines: what encoder and landmarks do, without a gallery. FMR and FNMR as in
ISO/IEC 19795-1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from gate.evaluation.metrics import Floats, Ints, Rate, numbered
from gate.evaluation.photos import Photo
from gate.recognition.face import Vector

FMRS = (1e-2, 1e-3, 1e-4, 3e-5)
ROUNDS = 200
MOST = 6  # photographs of one person of (f)
EVERY = 10  # frames of a clip: one is taken
_FILMS = (".mkv", ".mp4", ".avi")


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, when it was taken, and what was different that can be named.

    Attributes:
        occasion: pictures of one occasion are never compared with each other.
        glasses: "00" without, other values with; "" where it is not known.
    """

    photo: Photo
    occasion: str
    glasses: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Attributes:
    protocol: its letter.
    title: which genuine pairs are counted.
    people: who have such pairs.
    genuine, others: pairs.
    fnmr: with its interval, people drawn again, by FMR; FMRs of less than two pairs are left out.
    """

    protocol: str
    title: str
    people: int
    genuine: int
    others: int
    fnmr: dict[float, Rate]


def of_group(photos: Iterable[Photo], members: Collection[str]) -> list[Shot]:
    """(f): at most ``MOST`` photographs of each of ``members``, each an occasion of its own."""
    seen = Counter[str]()
    shots = []
    for photo in photos:
        seen[photo.person] += photo.person in members
        if photo.person in members and seen[photo.person] <= MOST:
            shots.append(Shot(photo, photo.name))
    return shots


def of_webcam(folder: Path, *, every: int = 2) -> list[Shot]:
    """(g): frames of the windows of ``folder``/live; an occasion is a session."""
    shots = []
    for window in sorted((folder / "live").iterdir()):
        person, session, _, glasses, *_ = window.name.split("-")
        for file in sorted(window.glob("*.jpg"))[::every]:
            name = f"{window.name}/{file.stem}"
            shots.append(Shot(Photo(file, name, f"webcam {person}"), session, glasses[1:]))
    return shots


def of_clips(folder: Path) -> list[Shot]:
    """(h): one frame in ``EVERY`` of each recording; an occasion is a recording."""
    shots = []
    for file in sorted(path for path in folder.rglob("*") if path.suffix in _FILMS):
        frames = int(cv2.VideoCapture(str(file)).get(cv2.CAP_PROP_FRAME_COUNT))
        for frame in range(0, frames, EVERY):
            photo = Photo(file, f"{file.stem}/{frame}", f"clip {file.parent.name}", frame)
            shots.append(Shot(photo, file.stem))
    return shots


def comparisons(protocol: str, shots: Sequence[Shot], vectors: Vector) -> list[Comparison]:
    """FNMR of all pairs of different occasions, and of those apart that glasses tell apart.

    Args:
        vectors: float32 (n, d), a unit row for each of ``shots``; rows of zeros, no face found,
            are left out.
    """
    found = [row for row in range(len(shots)) if vectors[row].any()]
    shots, vectors = [shots[row] for row in found], vectors[found]
    first, second = np.triu_indices(len(shots), 1)
    person = numbered([shot.photo.person for shot in shots])
    occasion = np.array([f"{shot.photo.person}/{shot.occasion}" for shot in shots])
    glasses = np.array([shot.glasses for shot in shots])
    scores = (vectors @ vectors.T)[first, second].astype(np.float64)
    other = person[first] != person[second]
    genuine = ~other & (occasion[first] != occasion[second])
    kinds = {"different occasions": genuine}
    if len(set(glasses.tolist())) > 1:
        without = glasses == "00"
        kinds["with and without glasses"] = genuine & (without[first] != without[second])
        kinds["glasses as before"] = genuine & (without[first] == without[second])
    result = []
    strangers = scores[other], person[first][other], person[second][other]
    for title, chosen in kinds.items():
        if chosen.any():
            rates = _rates(scores[chosen], person[first][chosen], *strangers)
            people = len(set(person[first][chosen].tolist()))
            result.append(
                Comparison(protocol, title, people, int(chosen.sum()), int(other.sum()), rates)
            )
    return result


def _rates(
    mates: Floats, mate_person: Ints, others: Floats, one: Ints, another: Ints
) -> dict[float, Rate]:
    order = np.argsort(-others, kind="stable")
    others, one, another = others[order], one[order], another[order]
    random = np.random.default_rng(0)
    people = int(max(one.max(), another.max(), mate_person.max())) + 1
    drawn = {fmr: list[float]() for fmr in FMRS}
    for times in random.multinomial(people, np.full(people, 1 / people), size=ROUNDS):
        weight, above = times[mate_person].astype(float), np.cumsum(times[one] * times[another])
        if not weight.any() or above[-1] == 0:
            continue
        for fmr in FMRS:
            limit = others[min(int((above > fmr * above[-1]).argmax()), len(others) - 1)]
            drawn[fmr].append(float(weight @ (mates <= limit) / weight.sum()))
    rates = {}
    for fmr in FMRS:
        if fmr * len(others) < 2:
            continue
        value = float(np.mean(mates <= others[int(fmr * len(others))]))
        low, high = np.quantile(drawn[fmr], [0.025, 0.975])
        rates[fmr] = Rate(value, float(low), float(high))
    return rates
