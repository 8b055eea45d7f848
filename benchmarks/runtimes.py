"""Every network in each runtime: ``python -m benchmarks.runtimes [--rounds 40]``.

One thread, the same picture of noise, the runtimes in turn within one run; of each the least time
counts, so that what else the machine does hits both alike. Networks that are not installed are left
out. ``gate/recognition/runtime.py`` chooses by these figures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from gate.models.convert import minifasnet, openvino_ir
from gate.models.convert.cache import converted
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.runtime import Network, OpenCvNetwork

SIDES = {"minifasnet-v2": 80, "minifasnet-v1se": 80}
ONNX = {"minifas-celeba": 128, "faceplugin-liveness": 128, "faceplugin": 112}


def networks(models: ModelsSettings) -> Iterator[tuple[str, bytes, int]]:
    """Name, content of an ONNX file, and side of the picture it takes."""
    for name, side in SIDES.items():
        if (file := find(name, models)) is not None:
            yield name, converted([file], minifasnet.to_onnx, models.folder), side
    for name, side in ONNX.items():
        if (file := find(name, models)) is not None:
            yield name, file.read_bytes(), side
    if (xml := find("retail-0095", models)) is not None:
        files = [xml, xml.with_suffix(".bin")]
        yield "retail-0095", converted(files, openvino_ir.to_onnx, models.folder), 128


def least(
    ways: Sequence[Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """The least milliseconds of each, measured in turn; ``clock`` in seconds."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for number, work in enumerate(ways):
            began = clock()
            work()
            best[number] = min(best[number], 1e3 * (clock() - began))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    table = Table(title=f"ms a picture, one thread, OpenCV {cv2.__version__}", title_justify="left")
    for heading in ("network", "ONNX Runtime", "OpenCV", "ratio", "largest difference"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, model, side in networks(ModelsSettings()):
        picture = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
        first = Network(model, threads=1)
        try:
            second = OpenCvNetwork(model)
        except (cv2.error, AssertionError):
            table.add_row(name, "", "cannot run it", "", "")
            continue
        apart = float(np.abs(first.run(picture) - second.run(picture)).max())
        ways = [partial(first.run, picture), partial(second.run, picture)]
        ort, own = least(ways, options.rounds)
        table.add_row(name, f"{ort:.2f}", f"{own:.2f}", f"{ort / own:.2f}", f"{apart:.1e}")
    Console().print(table)


if __name__ == "__main__":
    main()
