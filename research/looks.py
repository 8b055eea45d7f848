"""What the looks of one passage add up to: impostors let in, residents found, look by look.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.looks [--encoder NAME]

Every person comes with up to five photographs of LFW, one after the other, as the moments of one
track; photographs of different days differ far more than the frames of a walk-up, so an impostor
gets every chance. Enrolled are people with ten photographs and more (five templates; the others
are looks) and those with a single one; impostors have two to nine. Counted is who was known at
that look or before, by the gate's own evidence for each FPIR requested. Vectors are those that
``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from gate.evaluation.baselines import gallery_of
from gate.evaluation.interval import wilson
from gate.evaluation.measure import Data
from gate.evaluation.metrics import Rate
from gate.evaluation.protocols import Entry, Trial, bursts, by_person
from gate.recognition import evidence
from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.evidence import Gathered, Moment
from gate.recognition.face import Vector, Verdict
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site
from research.photographs import add_options, chosen

LOOKS = 5
FPIRS = (0.01, 0.003, 0.001)
FNIR = 0.01


def passages(data: Data, found: list[bool]) -> Trial:
    """Who is enrolled with what, and whose photographs come, in their order."""
    labels = [photo.person for photo in data.named]
    people = by_person(labels, (row for row in range(len(labels)) if found[row]))
    gallery: list[Entry] = []
    genuine: list[Entry] = []
    impostors: list[Entry] = []
    for person, rows in people.items():
        if len(rows) >= 10:
            gallery.append((person, tuple(rows[:5])))
            genuine += [(person, some) for some in bursts(rows[5:], LOOKS)]
        elif len(rows) == 1:
            gallery.append((person, tuple(rows)))
        else:
            impostors.append((person, tuple(rows[:LOOKS])))
    return Trial("looks", "looks of one passage", tuple(gallery), tuple(genuine), tuple(impostors))


def known_at(
    vectors: Vector,
    entry: Entry,
    matcher: Matcher,
    similarity: SimilarityStatistics,
    fpir: float,
) -> tuple[int, int]:
    """The look at which somebody is known, 1…, and who; (0, -1) for nobody."""
    calibration = matcher.calibration
    needed = calibration.llr(calibration.threshold_at(evidence.SHARE * fpir))
    terms = evidence.terms_for(float(needed), FNIR, patience=float("inf"))
    for looks in range(1, len(entry[1]) + 1):
        moments = tuple(Moment(vectors[row], 1.0) for row in entry[1][:looks])
        gathered = Gathered(moments, looks)
        found = matcher.identify(gathered.probe[None], matcher.encoder)
        effective_looks = evidence.effective(gathered, similarity)
        first, second = (
            evidence.sharpened(float(calibration.llr(score.astype(np.float64))[0]), effective_looks)
            for score in (found.score, found.second_score)
        )
        if evidence.judge(terms, first, second, looks, 0.0) is Verdict.KNOWN:
            return looks, int(found.best[0])
    return 0, -1


def rows_of(
    trial: Trial, vectors: Vector, matcher: Matcher, similarity: SimilarityStatistics
) -> Iterator[list[str]]:
    """A line for each FPIR: impostors let in with their interval, residents look by look."""
    for fpir in FPIRS:
        let_in = [
            known_at(vectors, entry, matcher, similarity, fpir)[0] for entry in trial.impostors
        ]
        low, high = wilson(sum(look > 0 for look in let_in), len(let_in))
        found = [known_at(vectors, entry, matcher, similarity, fpir) for entry in trial.genuine]
        place = {person: number for number, (person, _) in enumerate(trial.gallery)}
        right = [
            look if who == place[person] else 0
            for (look, who), (person, _) in zip(found, trial.genuine, strict=True)
        ]
        wrong = sum(look > 0 for look, _ in found) - sum(look > 0 for look in right)
        by_look = [100 * np.mean([0 < look <= n for look in right]) for n in range(2, LOOKS + 1)]
        yield [
            f"{100 * fpir:g} %",
            str(Rate(float(np.mean([look > 0 for look in let_in])), low, high)),
            *(f"{share:.1f}" for share in by_look),
            str(wrong),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--noise", type=float, default=evidence.NOISE, help="evidence.NOISE")
    options = parser.parse_args()
    evidence.NOISE = options.noise
    photographs = chosen(options)
    data, vectors, found = photographs.data, photographs.vectors, photographs.found
    similarity = photographs.encoder.similarity
    trial = passages(data, found.tolist())
    snapshot = gallery_of(vectors, trial, options.encoder)
    matcher = build_matcher(snapshot, *learn_site(snapshot, made=""))
    table = Table(
        title=f"{options.encoder}: {len(trial.gallery):,} enrolled, {len(trial.impostors)} "
        f"strangers, {len(trial.genuine)} passages of {len(dict(trial.genuine))} residents",
        title_justify="left",
    )
    table.add_column("FPIR requested")
    table.add_column("strangers let in")
    for looks in range(2, LOOKS + 1):
        table.add_column(f"residents known at look {looks}, %")
    table.add_column("misidentified")
    for row in rows_of(trial, vectors, matcher, similarity):
        table.add_row(*row)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
