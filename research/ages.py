"""Impostor scores and enrolment failures by age and sex: ``python -m research.ages``.

Reads east_asian (age and sex are in the file names) beside GATE_LFW_DIR. The threshold is the one
at which one in 100 pairs of people aged 25 to 39 match (at a stricter one the few who appear
in the data under two names would decide); each band's pairs are compared with it, once plain and
once with the whitening a site learns from its own gallery (from the other half of the people).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.embedding import embed
from gate.evaluation.faces_in import main_face, measuring_data
from gate.evaluation.interval import percent
from gate.evaluation.photos import Photo, grouped_people
from gate.models import ModelsSettings
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.face import Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.whitening import fit_whitening
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings

BANDS = ((15, 17), (18, 24), (25, 39), (40, 59), (60, 69), (70, 120))
_ADULTS = (25, 39)
_FMR = 1e-2
_DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Photographs of different people; rows of the same group are one person.

    ``men``: True for men.
    """

    vectors: Vector
    group: NDArray[np.str_]
    age: NDArray[np.int64]
    men: NDArray[np.bool_]

    def of(self, chosen: NDArray[np.bool_]) -> People:
        return People(self.vectors[chosen], self.group[chosen], self.age[chosen], self.men[chosen])


def impostors(people: People) -> NDArray[np.float64]:
    """Scores of all pairs of different people, as a square matrix; the others are NaN."""
    scores = (people.vectors @ people.vectors.T).astype(np.float64)
    scores[people.group[:, None] == people.group] = np.nan
    return scores


def share_above(scores: NDArray[np.float64], threshold: float) -> tuple[int, int]:
    """Matches and pairs, each pair counted once."""
    upper = scores[np.triu_indices(len(scores), 1)]
    upper = upper[~np.isnan(upper)]
    return int((upper >= threshold).sum()), len(upper)


def interval(scores: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    """95 % interval of the share by drawing people, not pairs, which depend on each other
    (bootstrap over subjects, ISO/IEC 19795-1)."""
    random = np.random.default_rng(0)
    matches = np.where(np.isnan(scores), 0.0, scores >= threshold)
    pairs = (~np.isnan(scores)).astype(np.float64)
    shares: list[float] = []
    for _ in range(_DRAWS):
        weight = np.bincount(random.integers(0, len(scores), len(scores)), minlength=len(scores))
        total = weight @ pairs @ weight
        shares.append(float(weight @ matches @ weight / total) if total else 0.0)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def in_band(people: People, band: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray((people.age >= band[0]) & (people.age <= band[1]))


def fitted(people: People, encoder: str) -> People:
    """Each half of the people, whitened on the other half."""
    vectors = people.vectors.copy()
    numbers = np.array([int(name.strip("#").split("_")[0] or 0) for name in people.group])
    for half in (0, 1):
        other = people.of(numbers % 2 != half)
        owners = np.unique(other.group, return_inverse=True)[1].tolist()
        gallery = Gallery(encoder, vectors.shape[1])
        rows = zip(owners, other.vectors, strict=True)
        fit = fit_whitening(gallery.add(Template(owner, row, encoder) for owner, row in rows))
        vectors[numbers % 2 == half] = fit.apply(people.vectors[numbers % 2 == half])
    return People(vectors, people.group, people.age, people.men)


def table(title: str, people: People) -> None:
    """Matches between different people of one band and sex, at one threshold."""
    adults = impostors(people.of(in_band(people, _ADULTS)))
    threshold = float(np.nanquantile(adults, 1 - _FMR))
    print(f"\n{title}: threshold {threshold:.3f}, one in {1 / _FMR:.0f} of {_ADULTS}")
    for men in (True, False):
        for band in BANDS:
            mine = people.of(in_band(people, band) & (people.men == men))
            scores = impostors(mine)
            hits, pairs = share_above(scores, threshold)
            if not pairs:
                continue
            low, high = interval(scores, threshold)
            mean = float(np.nanmean(scores))
            print(
                f"  {'men' if men else 'women':6}{band[0]:3} to {band[1]:3}"
                f" {len(mine.age):5} photographs {hits:6} of {pairs:7} pairs"
                f" {1000 * hits / pairs:7.2f} in 1,000 ({1000 * low:.2f} to {1000 * high:.2f}),"
                f" mean score {mean:.3f}"
            )


def failures(photos: list[Photo], detector: Detector) -> None:
    """Photographs that cannot enrol, by age and sex, and why."""
    assess = judge(QualitySettings(), enrolment=True)
    reasons: dict[tuple[bool, tuple[int, int]], Counter[str]] = {}
    for photo in track(photos, description="enrolment", transient=True):
        age, sex = photo.name.split("_")[:2]
        band = next(b for b in BANDS if b[0] <= int(age) <= b[1])
        image = np.asarray(cv2.imread(str(photo.path)), np.uint8)
        face = main_face(image, detector.detect(image))
        reason = "no_face" if face is None else assess(image, face).unusable or "good"
        reasons.setdefault((sex == "0", band), Counter())[str(reason)] += 1
    print("\nenrolment failures")
    for men in (True, False):
        for band in BANDS:
            seen = reasons.get((men, band), Counter())
            bad = {reason: n for reason, n in seen.most_common() if reason != "good"}
            of = seen.total()
            print(
                f"  {'men' if men else 'women':6}{band[0]:3} to {band[1]:3}"
                f" {percent(sum(bad.values()), of):36} {bad or ''}"
            )


def main(
    cache: Annotated[Path, typer.Option(help="Where vectors are kept.")] = Path("var/evaluation"),
) -> None:
    """The tables of docs/ages.md."""
    settings, models = RecognitionSettings(min_face=40), ModelsSettings()
    detector, encoder = build_detector(settings, models), build_encoder(settings, models)
    folder = measuring_data("east_asian")
    photos = grouped_people(folder, folder / "groups.txt")
    seen = embed(photos, encoder, detector, cache, "east_asian")
    people = People(
        seen.vectors,
        np.array([photo.person for photo in photos]),
        np.array([int(photo.name.split("_")[0]) for photo in photos]),
        np.array([photo.name.split("_")[1] == "0" for photo in photos]),
    ).of(seen.found)
    print(f"{encoder.name}: {len(people.age)} photographs, {len(set(people.group))} groups")
    table("plain", people)
    table("fitted to the site", fitted(people, encoder.name))
    failures(photos, detector)


if __name__ == "__main__":
    typer.run(main)
