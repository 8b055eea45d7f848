"""A gate with as many real people as there are: what it misses, lets in, and what 7,000 would do.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.many_people [--most 10]

All people of LFW and of the East Asian photographs beside it are divided into folds. Each fold in
turn stays outside: its people are impostors with their first photograph, everybody else is
enrolled with one photograph, or with up to five where they have more than that, and comes with
the rest. Each gallery is learnt as the gate does it, so everybody is an impostor once, against
nearly all the others. Intervals by drawing people again. From all folds together follows the
estimate for 7,000 (``gate/evaluation/growth.py``). Vectors are those that ``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gate.evaluation import baselines as ways
from gate.evaluation.growth import fnir_when
from gate.evaluation.metrics import Outcome, Rate, fnir
from gate.evaluation.protocols import Entry, Trial, by_person
from gate.evaluation.study import GROWN
from gate.recognition.face import Vector
from research.photographs import add_options, chosen
from research.strangers import FPIRS, Shares


@dataclass
class Played:
    """What came of all folds.

    Attributes:
        outcomes: of each fold.
        missed, passed: residents' looks missed and impostors let in, at the rates requested.
        enrolled: people of the smallest gallery.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    missed: Shares = field(default_factory=Shares)
    passed: Shares = field(default_factory=Shares)
    enrolled: int = 0

    def add(self, outcome: Outcome, limits: NDArray[np.float64], enrolled: int) -> None:
        """One more fold; limits: float64 (rates,)."""
        self.outcomes.append(outcome)
        self.missed.add(outcome.mate_people, ~(outcome.mates[:, None] > limits))
        self.passed.add(outcome.other_people, outcome.others[:, None] > limits)
        self.enrolled = min(self.enrolled or enrolled, enrolled)

    def together(self) -> Outcome:
        """All folds as one: their scores are on one scale."""
        parts = self.outcomes
        return Outcome(
            np.concatenate([part.mates for part in parts]),
            tuple(person for part in parts for person in part.mate_people),
            np.concatenate([part.others for part in parts]),
            tuple(person for part in parts for person in part.other_people),
            tuple(person for part in parts for person in part.taken_for),
        )


def fold_of(
    people: dict[str, list[int]], outside: frozenset[str], templates: int, probes: int
) -> Trial:
    """The trial in which ``outside`` are the impostors.

    Args:
        people: rows of each person.
        templates: enrolled of a person at most; one photograph is left to come with, if they
            have two.
        probes: photographs that a resident comes with at most.
    """
    gallery: list[Entry] = []
    genuine: list[Entry] = []
    for person, rows in people.items():
        if person not in outside:
            kept = max(1, min(templates, len(rows) - 1))
            gallery.append((person, tuple(rows[:kept])))
            genuine += [(person, (row,)) for row in rows[kept : kept + probes]]
    impostors = tuple((person, (people[person][0],)) for person in people if person in outside)
    return Trial("m", "everybody there is", tuple(gallery), tuple(genuine), impostors)


def play(
    vectors: Vector,
    people: dict[str, list[int]],
    encoder: str,
    templates: int,
    folds: int,
    probes: int,
) -> Played:
    """All folds; vectors: float32 (photographs, d), unit rows."""
    names = list(people)
    order = np.random.default_rng(0).permutation(len(names))
    played = Played()
    for fold in range(folds):
        outside = frozenset(names[at] for at in order[fold::folds])
        trial = fold_of(people, outside, templates, probes)
        outcome, limits, _ = ways.site(vectors, trial, encoder, FPIRS)
        played.add(outcome, np.array([limits[fpir] for fpir in FPIRS]), len(trial.gallery))
    return played


def _report(played: Played, groups: dict[str, frozenset[str]]) -> None:
    outcome = played.together()
    for name, shares in (("let in", played.passed), ("missed", played.missed)):
        for group, members in groups.items():
            some = shares.some(members)
            looks, who = sum(some.of.values()), len(some.of)
            print(f"  {name}, {group} ({who} people, {looks} looks): {' / '.join(some.texts())}")
    print(f"  FNIR at that FPIR: {_rates(fnir(outcome, fpir, alike=True) for fpir in FPIRS)}")
    grown = (fnir_when(outcome, played.enrolled, GROWN, f, alike=True) for f in FPIRS)
    print(f"  estimate with {GROWN:,} enrolled: {_rates(grown)}", flush=True)


def _rates(rates: Iterable[Rate]) -> str:
    return " / ".join(str(rate) for rate in rates)


def _numbers(text: str) -> Sequence[int]:
    return [int(word) for word in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--templates", type=_numbers, default=(1, 5), help="1,5")
    parser.add_argument("--probes", type=int, default=5, help="looks of a resident at most")
    options = parser.parse_args()
    photographs = chosen(options)
    data, vectors, found = photographs.data, photographs.vectors, photographs.found
    encoder = photographs.encoder.name
    labels = [photo.person for photo in data.merged]
    people = by_person(labels, [row for row in range(len(labels)) if found[row]])
    group = frozenset(data.groups[data.one_group])
    groups = {
        "everybody": frozenset(people),
        "East Asian names": group & frozenset(people),
        "UTKFace": frozenset(person for person in people if person.startswith("#")),
    }
    print(f"{encoder}: {len(people)} people, {options.folds} folds; % at FPIR 1, 0.3 and 0.1 %")
    print("requested (95 % interval), every look and person weighing alike; then at the FPIR")
    print("observed, people weighing alike")
    for templates in options.templates:
        played = play(vectors, people, encoder, templates, options.folds, options.probes)
        print(f"up to {templates} photographs of each, {played.enrolled} enrolled:")
        _report(played, groups)


if __name__ == "__main__":
    main()
