"""A register of many people: what starting, learning and one change cost.

    python -m benchmarks.learning [--people 20000] [--templates 3] [--encoder NAME]

People are generated (``gate.evaluation.synthetic_gallery``), three templates each, in an SQLite
register of their own. numpy has one thread, as in ``gate run``. Times are seconds of processor
over all threads, so they hold on a loaded machine; memory is the peak of a process that did only
this step. Each step is a process of its own:

    learn   register → first start: nothing is learnt yet
    start   register → matcher and rules, when everything was learnt before
    change  one person's face and then their name changed, until the gate works with it
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gate.evaluation.synthetic_gallery import generate
from gate.recognition.face import Template
from gate.services.gallery_sync import KnownFaces
from gate.services.rule_set import People
from gate.store.settings import StoreSettings
from gate.store.store import Store

STEPS = ("learn", "start", "change")
CHANGES = 10


def fill(store: Store, people: int, templates: int, encoder: str) -> None:
    """A register of ``people`` generated people."""
    random = np.random.default_rng(1)
    numbers = store.people.create_many({"name": f"person {n}"} for n in range(people))
    faces = generate(people, encoder)
    for start in range(0, people, 1000):
        batch = []
        for number, face in zip(
            numbers[start : start + 1000], faces[start : start + 1000], strict=True
        ):
            for _ in range(templates):
                spread = random.normal(scale=0.3 / len(face) ** 0.5, size=len(face))
                vector = (face + spread).astype(np.float32)
                batch.append(Template(number, vector / np.linalg.norm(vector), encoder))
        store.templates.add(*batch)


def measure(step: str, folder: Path, encoder: str, dimension: int) -> dict[str, float]:
    """One step, in this process."""
    with Store.open(StoreSettings(ballast=0), folder) as store:
        known, people = KnownFaces(store, encoder, dimension), People(store)

        def once(work: Callable[[], object]) -> float:
            began = time.process_time()
            work()
            return time.process_time() - began

        seconds = once(lambda: (known.matcher(), people.now()))
        if step == "change":
            faces, names = [], []
            first = min(people.now())
            for n in range(CHANGES):
                person = first + 97 * n
                mine = store.templates.of([person], encoder)
                store.templates.replace(person, encoder, mine[:-1])
                faces.append(once(lambda: (known.matcher(), people.now())))
                store.people.update(person, name="changed")
                names.append(once(lambda: (known.matcher(), people.now())))
            seconds = float(np.median(faces))
            return {"seconds": seconds, "most": max(faces), "name": float(np.median(names))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--templates", type=int, default=3)
    parser.add_argument("--encoder", default="retail-0095+faceplugin/1")
    parser.add_argument("--step", choices=STEPS, help="only this, in --folder, as JSON")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    dimension = generate(1, options.encoder).shape[1]
    if options.step:
        print(json.dumps(measure(options.step, options.folder, options.encoder, dimension)))
        return
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(StoreSettings(ballast=0), Path(folder)) as store:
            fill(store, options.people, options.templates, options.encoder)
        print(
            f"{options.people:,} people, {options.templates} templates each, "
            f"{options.encoder}, {dimension} values"
        )
        once = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.learning", "--step", step]
            command += ["--folder", folder, "--encoder", options.encoder]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=once)
            figures = json.loads(done.stdout)
            print(step, ", ".join(f"{name} {value:.3g}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
