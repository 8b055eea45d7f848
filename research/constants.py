"""The constants that evidence and calibration take from photographs, measured for an encoder.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.constants [--most 10]

For encoders side by side, and each of them alone (their share of the joined vectors). One half of
the people of LFW chooses, the other says whether what was fitted there is better than the
constants in the code: ``score_prior`` (scores of mates under the fit of a site, plain cosines of
mates and of others), ``SimilarityStatistics.apart`` and ``evidence.NOISE``. Of a site of people
with one photograph, noise is the share of an impostor's highest score that is gone when the same
impostor comes with another photograph. Vectors are those that ``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gate.evaluation.baselines import gallery_of
from gate.evaluation.protocols import Trial, by_person, half
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.evidence import NOISE
from gate.recognition.face import Vector
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.score_prior import prior_of
from gate.recognition.matching.site_calibration import learn_site
from research.photographs import add_options, chosen

Floats = NDArray[np.float64]
WIDTH = 256  # values of retail-0095, which come first of the joined vector
RANDOM = 40  # enrolled people against whom chance is measured
_ROUNDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What one half of the people gives.

    Attributes:
        mates, plain_mates: float64 (p,), first photograph against second, under the fit and not.
        first: float64 (i,), an impostor's highest score; ``again`` with another photograph,
            against the same person.
        chance: mean score of an impostor and anybody.
    """

    mates: Floats
    plain_mates: Floats
    first: Floats
    again: Floats
    chance: float

    def noise(self) -> tuple[float, float, float]:
        """The share that is gone with another photograph, and its interval over people."""
        drawn = np.random.default_rng(0).integers(0, len(self.first), (_ROUNDS, len(self.first)))
        gone = 1 - (self.again[drawn].mean(axis=1) - self.chance) / (
            self.first[drawn].mean(axis=1) - self.chance
        )
        low, high = np.quantile(gone, [0.025, 0.975])
        value = 1 - (self.again.mean() - self.chance) / (self.first.mean() - self.chance)
        return float(value), float(low), float(high)


def likelihood(scores: Floats, mean: float, spread: float) -> float:
    """Mean log density of scores, float64 (n,), under a normal law, in nats."""
    law = NormalDist(mean, spread)
    return float(np.mean([np.log(max(law.pdf(score), 1e-12)) for score in scores.tolist()]))


def _site(vectors: Vector, people: dict[str, list[int]], encoder: str) -> Matcher:
    gallery = tuple((person, (rows[0],)) for person, rows in people.items())
    snapshot = gallery_of(vectors, Trial("", "", gallery, (), ()), encoder)
    return build_matcher(snapshot, *learn_site(snapshot, made=""))


def scores_of(vectors: Vector, people: dict[str, list[int]], encoder: str) -> Scores:
    """Everybody enrolled for the mates; for impostors only those with one photograph.

    Args:
        vectors: float32 (photographs, d), unit rows.
    """
    several = {person: rows for person, rows in people.items() if len(rows) > 1}
    everybody, number = _site(vectors, people, encoder), {p: n for n, p in enumerate(people)}
    mates = [
        float(everybody.verify(vectors[rows[1]][None], encoder, number[person])[0])
        for person, rows in several.items()
    ]
    singles = {person: rows for person, rows in people.items() if len(rows) == 1}
    site = _site(vectors, singles, encoder)
    come = vectors[[rows[0] for rows in several.values()]]
    others = vectors[[rows[1] for rows in several.values()]]
    found = site.identify(come, encoder)
    again = [
        float(site.verify(row[None], encoder, int(who))[0])
        for row, who in zip(others, found.best, strict=True)
    ]
    anybody = np.random.default_rng(0).permutation(len(singles))[:RANDOM]
    chance = float(np.mean([site.verify(others, encoder, int(who)).mean() for who in anybody]))
    return Scores(
        np.array(mates),
        np.einsum("nd,nd->n", come, others).astype(np.float64),
        found.score.astype(np.float64),
        np.array(again),
        chance,
    )


def _report(name: str, vectors: Vector, people: dict[str, list[int]], group: list[str]) -> None:
    prior = prior_of(name)
    encoder = f"{name}/measured"
    halves = {
        side: scores_of(vectors, {p: r for p, r in people.items() if half(p) == side}, encoder)
        for side in ("choose", "report")
    }
    one, other = halves["choose"], halves["report"]
    print(f"{name}: {len(one.mates)} mates choose, {len(other.mates)} report")
    for what, law, fitted, held in (
        ("mates under the fit", (prior.mate, prior.mate_spread), one.mates, other.mates),
        ("plain cosine of mates", (prior.plain_mate, prior.plain_mate_spread), one.plain_mates,
         other.plain_mates),
    ):  # fmt: skip
        own = (float(np.mean(fitted)), float(np.std(fitted)))
        nats = likelihood(held, *own) - likelihood(held, *law)
        print(
            f"  {what}: in the code {law[0]:.2f} ± {law[1]:.2f}, fitted {own[0]:.3f} ± "
            f"{own[1]:.3f}, other half {held.mean():.3f} ± {held.std():.3f}; "
            f"the fitted law gains {nats:+.3f} nats there"
        )
    rows = vectors[[people[person][0] for person in group if person in people]]
    pairs = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    print(
        f"  plain cosine of others, East Asian names: in the code {prior.plain_other:.2f} ± "
        f"{prior.plain_other_spread:.3f}, here {pairs.mean():.3f} ± {pairs.std():.3f} "
        f"({len(rows)} people)"
    )
    for side, scores in halves.items():
        value, low, high = scores.noise()
        print(f"  noise, {side}: {value:.2f} ({low:.2f}–{high:.2f}); in the code {NOISE}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    options = parser.parse_args()
    photographs = chosen(options)
    data, vectors, found = photographs.data, photographs.vectors, photographs.found
    encoder = photographs.encoder
    print(f"{encoder.name}: apart in the code {encoder.similarity.apart}")
    labels = [photo.person for photo in data.named]
    people = by_person(labels, [row for row in range(len(labels)) if found[row]])
    group = sorted(data.groups[data.one_group])
    views = {options.encoder: vectors}
    if options.encoder == "retail-0095+faceplugin":
        views["retail-0095"] = unit_rows(vectors[:, :WIDTH])
        views["faceplugin"] = unit_rows(vectors[:, WIDTH:])
    for name, some in views.items():
        _report(name, some, people, group)


if __name__ == "__main__":
    main()
