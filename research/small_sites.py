"""Whether the FPIR requested is kept where few people are enrolled.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.small_sites [--encoder retail-0095]

Galleries of so many people of LFW are drawn at random, one photograph each; everybody else's first
photograph is an impostor, second photographs of the enrolled are the residents. Each gallery is
learnt as the gate does, for FPIR 1 %; single looks at the threshold. Vectors are those
that ``gate evaluate`` keeps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import data_in
from gate.evaluation.protocols import by_person
from gate.models.settings import ModelsSettings
from gate.recognition.encoders import build_encoder
from gate.recognition.face import Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.site_calibration import learn_site
from gate.recognition.settings import RecognitionSettings
from research.scoring_variants import vectors_of

ENCODERS = ("retail-0095", "dlib", "faceplugin", "retail-0095+faceplugin")
PEOPLE = (20, 30, 33, 40, 60, 100, 200, 600)


def rates(
    vectors: Vector, people: list[list[int]], count: int, encoder: str, seed: int
) -> tuple[float, float]:
    """FPIR and FNIR of one gallery of ``count`` people."""
    order = np.random.default_rng(seed).permutation(len(people))
    enrolled, others = order[:count], order[count:]
    gallery = Gallery(encoder, vectors.shape[1])
    gallery.add(
        Template(number, vectors[people[who][0]], encoder) for number, who in enumerate(enrolled)
    )
    snapshot = gallery.snapshot()
    site = build_matcher(snapshot, *learn_site(snapshot, made=""))
    limit = site.calibration.threshold
    impostors = site.identify(vectors[[people[who][0] for who in others]], encoder)
    come = [(number, people[who][1]) for number, who in enumerate(enrolled) if len(people[who]) > 1]
    found = site.identify(vectors[[row for _, row in come]], encoder)
    right = (found.best == [number for number, _ in come]) & (found.score > limit)
    return float((impostors.score > limit).mean()), float(1 - right.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", choices=ENCODERS, default="retail-0095")
    parser.add_argument("--galleries", type=int, default=40)
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))
    options = parser.parse_args()
    data = data_in(measuring_data("lfw"))
    vectors, found, _ = vectors_of(data, options.encoder, options.cache)
    # as templates are marked
    settings = RecognitionSettings.model_validate({"encoder": options.encoder})
    name = build_encoder(settings, ModelsSettings()).name
    labels = [photo.person for photo in data.named]
    people = list(by_person(labels, (row for row in range(len(labels)) if found[row])).values())
    table = Table(
        title=f"{options.encoder}, {options.galleries} galleries of each size, FPIR 1 % requested",
        title_justify="left",
    )
    for heading in ("people", "FPIR, mean", "worst tenth", "worst", "FNIR, mean"):
        table.add_column(heading, justify="right")
    for count in PEOPLE:
        each = np.array(
            [
                rates(vectors, people, count, name, seed)
                for seed in track(range(options.galleries), description=f"{count} people")
            ]
        )
        false, missed = each.T
        table.add_row(
            str(count),
            *(f"{100 * x:.2f} %" for x in (false.mean(), np.quantile(false, 0.9), false.max())),
            f"{100 * missed.mean():.1f} %",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
