"""How light the tail of impostors' scores is: rates observed with thresholds of several laws.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.tails [--most 2] [--side choose]

Everybody of LFW and of the East Asian photographs beside it in folds, each in turn outside, as in
``many_people``; then galleries drawn at random, all others impostors. One photograph of each is
enrolled, a second one comes. Each gallery plays its own impostors once, and their tail is fitted
with each power: 1 is exponential as at the gate, 2 that of a normal law, whose highest of many
values fall off with the square (the penultimate form of Fisher and Tippett 1928). Rates over
all galleries of a size; intervals by drawing people again. Vectors are those that ``gate evaluate``
keeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from gate.evaluation.baselines import gallery_of, probes_of
from gate.evaluation.protocols import Trial, by_person, half
from gate.recognition.face import Vector
from gate.recognition.matching.calibration import calibration_from
from gate.recognition.matching.extreme_value import Values, fit_tail
from gate.recognition.matching.impostors import simulate
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.score_prior import prior_of
from gate.recognition.matching.site_calibration import SCORING
from gate.recognition.matching.whitening import fit_whitening
from research.many_people import fold_of
from research.photographs import add_options, chosen
from research.strangers import FPIRS, Shares

POWERS = (1.0, 1.5, 2.0, 2.5, 3.0)
People = dict[str, list[int]]


def folds(people: People, count: int) -> Iterator[Trial]:
    """Trials in which a part of everybody is outside."""
    names = list(people)
    order = np.random.default_rng(0).permutation(len(names))
    for fold in range(count):
        yield fold_of(people, frozenset(names[at] for at in order[fold::count]), 1, 1)


def drawn(people: People, enrolled: int, galleries: int) -> Iterator[Trial]:
    """Trials with so many enrolled, everybody else outside."""
    names = list(people)
    for seed in range(galleries):
        order = np.random.default_rng(seed).permutation(len(names))
        yield fold_of(people, frozenset(names[at] for at in order[enrolled:]), 1, 1)


def limit(highest: Values, centre: float, power: float, fpir: float) -> float:
    """The score (dimensionless) that impostors exceed at ``fpir`` (0..1) if (score - centre)^power
    has an exponential tail.

    Args:
        highest: float64 (n,), highest scores of simulated impostors.
        centre: a score, dimensionless.
        power: dimensionless, above 0.
    """
    tail = fit_tail(np.maximum(highest - centre, 0.0) ** power)
    return float(centre + tail.quantile(fpir) ** (1 / power))


def play(
    vectors: Vector, trial: Trial, encoder: str, powers: Sequence[float]
) -> dict[float, tuple[Shares, Shares]]:
    """Who passes and who is missed with each power; vectors: float32 (photographs, d)."""
    snapshot = gallery_of(vectors, trial, encoder)
    fit, impostors = fit_whitening(snapshot), simulate(snapshot, SCORING)
    calibration = calibration_from(
        impostors.highest,
        impostors.singles,
        prior_of(encoder),
        SCORING,
        encoder=encoder,
        fit=fit.version,
        people=len(snapshot.people),
        made="",
        fpir=FPIRS[0],
        fmr=0.001,
    )
    site = build_matcher(snapshot, fit, calibration)
    others = site.identify(probes_of(vectors, trial.impostors), encoder)
    come = site.identify(probes_of(vectors, trial.genuine), encoder)
    place = {person: number for number, (person, _) in enumerate(trial.gallery)}
    own = come.best == [place[person] for person, _ in trial.genuine]
    centre = float(np.median(impostors.singles))
    rates = {}
    for power in powers:
        limits = np.array([limit(impostors.highest, centre, power, fpir) for fpir in FPIRS])
        passed, missed = Shares(), Shares()
        passed.add([person for person, _ in trial.impostors], others.score[:, None] > limits)
        missed.add(
            [person for person, _ in trial.genuine],
            ~(own[:, None] & (come.score[:, None] > limits)),
        )
        rates[power] = passed, missed
    return rates


def joined(parts: Sequence[Shares]) -> Shares:
    """All looks of several galleries together."""
    total = Shares()
    for part in parts:
        for person, hits in part.hits.items():
            total.hits[person] = total.hits.get(person, np.zeros(len(FPIRS))) + hits
            total.of[person] = total.of.get(person, 0) + part.of[person]
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--side", choices=("choose", "report", "all"), default="all")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=(60, 300, 837))
    parser.add_argument("--galleries", type=int, default=8, help="of each size")
    options = parser.parse_args()
    photographs = chosen(options)
    data, vectors, encoder = photographs.data, photographs.vectors, photographs.encoder.name
    labels = [photo.person for photo in data.merged]
    rows = [row for row in range(len(labels)) if photographs.found[row]]
    people = by_person(labels, rows)
    if options.side != "all":
        people = {name: rows for name, rows in people.items() if half(name) == options.side}
    named = {name: rows for name, rows in people.items() if not name.startswith("#")}
    group = frozenset(data.groups[data.one_group])
    print(f"{encoder}: {len(people)} people; % at FPIR 1, 0.3 and 0.1 % requested (95 % interval)")
    plans = [(f"folds of all, {options.folds}", folds(people, options.folds))]
    plans += [
        (f"{size} of LFW", drawn(named, size, options.galleries))
        for size in options.sizes
        if size < 0.75 * len(named)
    ]
    for title, trials in plans:
        played = [play(vectors, trial, encoder, POWERS) for trial in trials]
        for power in POWERS:
            passed = joined([one[power][0] for one in played])
            missed = joined([one[power][1] for one in played])
            for what, shares in (
                ("impostors let in", passed),
                ("… East Asian names", passed.some(group)),
                ("residents missed", missed),
            ):
                texts = "  ".join(f"{text:>18}" for text in shares.texts())
                print(f"{title:16} power {power:g}  {what:18} {texts}", flush=True)


if __name__ == "__main__":
    main()
