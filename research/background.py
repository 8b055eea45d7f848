"""How faces lie in the space of an encoder: what generated cohorts are made of.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.background [--encoder NAME]… [--write]

One photograph of everybody of LFW and of UTKFace's East Asian people who is on the half that limits
are chosen on, so that figures of the other half stay those of people whom nothing was measured
on. Prints how near the people of that other half are to real people and to generated ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import data_in
from gate.evaluation.protocols import by_person, half
from gate.recognition.encoders.encoder import unit_rows
from gate.recognition.face import Vector
from gate.recognition.matching.background import FOLDER, measure, save
from research.scoring_variants import vectors_of

ENCODERS = ("retail-0095", "faceplugin", "retail-0095+faceplugin")


def firsts(vectors: Vector, people: dict[str, list[int]], side: str) -> Vector:
    """The first photograph of everybody on one side, float32 (n, d)."""
    return vectors[[rows[0] for person, rows in people.items() if half(person) == side]]


def ten_nearest(probes: Vector, others: Vector) -> float:
    """Mean cosine of probes and the ten nearest of others, both float32 (n, d), centred."""
    centre = others.mean(axis=0)
    cosines = unit_rows(probes - centre) @ unit_rows(others - centre).T
    return float(np.sort(cosines, axis=1)[:, -10:].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", choices=ENCODERS, action="append")
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))
    parser.add_argument("--write", action="store_true", help=f"into {FOLDER.name}")
    options = parser.parse_args()
    data = data_in(measuring_data("lfw"))
    for encoder in options.encoder or ENCODERS:
        vectors, found, _ = vectors_of(data, encoder, options.cache)
        labels = [photo.person for photo in data.merged]
        usable = [row for row in range(len(labels)) if found[row]]
        people = by_person(labels, usable)
        named = {person: rows for person, rows in people.items() if not person.startswith("#")}
        numbered = {person: rows for person, rows in people.items() if person.startswith("#")}
        real = np.concatenate([firsts(vectors, some, "choose") for some in (named, numbered)])
        mixture = measure(real)
        made = mixture.generate(len(real))
        print(f"{encoder}: {len(real)} people, clusters {np.round(mixture.shares, 2).tolist()}")
        for name, some in (("names", named), ("numbers", numbered)):
            probes = firsts(vectors, some, "report")
            near = ten_nearest(probes, real), ten_nearest(probes, made)
            print(f"  {name}: ten nearest real {near[0]:.3f}, generated {near[1]:.3f}")
        if options.write:
            FOLDER.mkdir(exist_ok=True)
            save(mixture, FOLDER / f"{encoder}.npz")


if __name__ == "__main__":
    main()
