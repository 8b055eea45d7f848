"""Strangers of one kind where the gallery is mixed: how often they pass, with and without help.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.strangers [--encoder NAME] [--galleries 20]

Galleries are drawn at random from the people of LFW of the half that nothing was chosen or
measured on, one photograph each; the first photograph of everybody else of that half is an
impostor, second photographs of the enrolled are the residents. Then galleries of UTKFace's East
Asian people, the others of that half and East Asian names as impostors. Each gallery is learnt as
the gate does it, with the generated faces in its cohorts and without them. Rates over all
galleries together; intervals by drawing people again. Vectors are those that ``gate evaluate``
keeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import data_in
from gate.evaluation.protocols import by_person, half
from gate.models.settings import ModelsSettings
from gate.recognition.encoders import build_encoder
from gate.recognition.face import Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.scoring import Scoring
from gate.recognition.matching.site_calibration import SCORING, learn_site
from gate.recognition.settings import RecognitionSettings
from research.scoring_variants import vectors_of

FPIRS = (0.01, 0.003, 0.001)
SIZES = (60, 150, 265, 400)
WAYS = {"gallery alone": replace(SCORING, background=0), "with generated": SCORING}
_ROUNDS = 500


@dataclass
class Shares:
    """How often something happened to people, over several galleries.

    Attributes:
        hits, of: by person, for each rate requested: float64 (rates,).
    """

    hits: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)

    def add(self, people: Sequence[str], happened: NDArray[np.bool_]) -> None:
        """One look at each person; bool (n, rates)."""
        for person, each in zip(people, happened, strict=True):
            self.hits[person] = self.hits.get(person, np.zeros(each.shape)) + each
            self.of[person] = self.of.get(person, 0) + 1

    def some(self, members: frozenset[str]) -> Shares:
        """Of some of the people."""
        kept = [person for person in self.of if person in members]
        return Shares({p: self.hits[p] for p in kept}, {p: self.of[p] for p in kept})

    def texts(self) -> list[str]:
        """``share (95 % interval)`` in % for each rate requested."""
        if not self.of:
            return ["–"] * len(FPIRS)
        hits = np.stack(list(self.hits.values()))
        of = np.array(list(self.of.values()), np.float64)
        drawn = np.random.default_rng(0).integers(0, len(of), (_ROUNDS, len(of)))
        again = hits[drawn].sum(axis=1) / of[drawn].sum(axis=1)[:, None]
        low, high = np.quantile(again, [0.025, 0.975], axis=0)
        rate = hits.sum(axis=0) / of.sum()
        return [
            f"{100 * r:.2f} ({100 * a:.1f}–{100 * b:.1f})"
            for r, a, b in zip(rate, low, high, strict=True)
        ]


def play(
    vectors: Vector,
    encoder: str,
    scoring: Scoring,
    enrolled: dict[str, int],
    residents: dict[str, int],
    impostors: dict[str, int],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """One gallery: which residents are missed and which impostors pass, bool (n, rates) each.

    Args:
        enrolled, residents, impostors: people and the row of their photograph.
    """
    names = list(enrolled)
    gallery = Gallery(encoder, vectors.shape[1])
    gallery.add(
        Template(number, vectors[enrolled[name]], encoder) for number, name in enumerate(names)
    )
    snapshot = gallery.snapshot()
    site = build_matcher(snapshot, *learn_site(snapshot, made="", scoring=scoring))
    limits = np.array([site.calibration.threshold_at(fpir) for fpir in FPIRS])
    others = site.identify(vectors[list(impostors.values())], encoder)
    come = site.identify(vectors[list(residents.values())], encoder)
    number = {name: at for at, name in enumerate(names)}
    own = come.best == [number[name] for name in residents]
    missed = ~(own[:, None] & (come.score[:, None] > limits))
    return missed, others.score[:, None] > limits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="retail-0095+faceplugin")
    parser.add_argument("--galleries", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--place", choices=("LFW", "UTKFace"), action="append")
    parser.add_argument("--side", choices=("choose", "report"), default="report")
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))
    options = parser.parse_args()
    data = data_in(measuring_data("lfw"))
    vectors, found, _ = vectors_of(data, options.encoder, options.cache)
    settings = RecognitionSettings.model_validate({"encoder": options.encoder})
    encoder = build_encoder(settings, ModelsSettings()).name
    labels = [photo.person for photo in data.merged]
    everybody = by_person(labels, [row for row in range(len(labels)) if found[row]])
    people = {person: rows for person, rows in everybody.items() if half(person) == options.side}
    group = frozenset(data.groups[data.one_group])
    named = [person for person in people if not person.startswith("#")]
    numbered = [person for person in people if person.startswith("#")]
    of_group = [person for person in named if person in group]
    print(f"{options.encoder}: {len(named)} people with names, {len(of_group)} of them East Asian")
    print(f"ones, {len(numbered)} of UTKFace; % at FPIR 1, 0.3 and 0.1 % requested (95 % interval)")
    plans = [("LFW", count, named, named) for count in options.sizes]
    plans += [("UTKFace", count, numbered, numbered + of_group) for count in options.sizes]
    for place, count, candidates, comers in plans:
        if count > 0.75 * len(candidates) or place not in (options.place or [place]):
            continue
        rates = {way: (Shares(), Shares()) for way in WAYS}
        for seed in track(range(options.galleries), f"{place} {count}", transient=True):
            order = np.random.default_rng(seed).permutation(len(candidates))[:count]
            enrolled = {candidates[at]: people[candidates[at]][0] for at in order}
            residents = {name: people[name][1] for name in enrolled if len(people[name]) > 1}
            impostors = {name: people[name][0] for name in comers if name not in enrolled}
            for way, scoring in WAYS.items():
                outcome = play(vectors, encoder, scoring, enrolled, residents, impostors)
                rates[way][0].add(list(residents), outcome[0])
                rates[way][1].add(list(impostors), outcome[1])
        for way, (missed, passed) in rates.items():
            lines = {
                "impostors accepted": passed,
                "… of East Asian names": passed.some(group),
                "residents missed": missed,
                "… of East Asian names ": missed.some(group),
            }
            for what, shares in lines.items():
                figures = "  ".join(f"{text:>18}" for text in shares.texts())
                print(f"{place:7} {count:4}  {way:14}  {what:22} {figures}", flush=True)


if __name__ == "__main__":
    main()
