"""The gate's networks in 8 bits: what they cost and what they change.

    pip install openvino nncf     # neither is needed by the gate
    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.eight_bits [--photographs 300]

Each network is quantised after training (NNCF: weights by channel, activations calibrated) with two
thirds of the photographs, one of each person, and compared on the rest with itself in floating
point: cosines of all its outputs together. Processor time of one picture, one thread, the least of
60, in turn: floating point as the gate runs it, and 8 bits in OpenVINO. Beside them retail-0095 in
the 8 bits its publisher made, where that is installed.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks import people
from benchmarks.runtimes import least
from gate.errors import ModelError
from gate.evaluation.faces_in import main_face, measuring_data
from gate.models.convert import openvino_ir
from gate.models.convert.cache import converted
from gate.models.convert.onnx_edit import free_input
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.centerface_network import _OUTPUTS
from gate.recognition.detection.detector import build_detector
from gate.recognition.detection.landmarks import build_reader
from gate.recognition.encoders.encoder import planes
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.retail_0095 import Retail0095, _documented
from gate.recognition.runtime import Network, Runnable, prelu_network
from gate.recognition.settings import RecognitionSettings

Batch = NDArray[np.float32]  # (1, 3, side, side)
Run = Callable[[Batch], NDArray[np.float32]]  # every output of a picture, flat
_SQUARE = 128  # of CenterFace's picture
_ROUNDS = 60


def pictures(files: list[Path], models: ModelsSettings) -> dict[str, list[Batch]]:
    """What each network is given of the main face of each photograph. Raises ModelError."""
    detector = build_detector(RecognitionSettings(), models)
    retail, other = _file("retail-0095", models), _file("faceplugin", models)
    reader = build_reader(models)
    encoders = Retail0095(retail, models.folder), Faceplugin(other)
    found: dict[str, list[Batch]] = {"retail-0095": [], "faceplugin": [], "centerface": []}
    for path in files:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        face = main_face(image, detector.detect(image))
        if face is None or reader is None:
            continue
        read = reader.read(image, face)
        found["retail-0095"].append(
            planes(_documented(encoders[0].crops(image, [read])), rgb=False)
        )
        crops = planes(encoders[1].crops(image, [read]), rgb=False)
        found["faceplugin"].append((crops - np.float32(127)) / np.float32(128))
        left, top, right, bottom = (max(0, round(edge)) for edge in face.box)
        cut = cv2.resize(image[top:bottom, left:right], (_SQUARE, _SQUARE))
        found["centerface"].append(planes(np.asarray(cut, np.uint8)[None], rgb=True))
    return found


def _file(name: str, models: ModelsSettings) -> Path:
    file = find(name, models)
    if file is None:
        raise ModelError(
            f"{name} is not installed", hint="run `gate models fetch`", where=str(models.folder)
        )
    return file


def networks(models: ModelsSettings) -> dict[str, tuple[bytes, Runnable]]:
    """Of each network the ONNX file's content, and how the gate runs it, on one thread."""
    xml = _file("retail-0095", models)
    retail = converted([xml, xml.with_suffix(".bin")], openvino_ir.to_onnx, models.folder)
    other = _file("faceplugin", models).read_bytes()
    center = free_input(
        _file("centerface", models).read_bytes(), ["n", 3, "height", "width"], _OUTPUTS
    )
    return {
        "retail-0095": (retail, Network(retail, threads=1)),
        "faceplugin": (other, prelu_network(other, threads=1)),
        "centerface": (center, Network(center, threads=1)),
    }


def compiled(openvino: Any, model: Any) -> Run:
    """A model of OpenVINO on one thread, its outputs flat."""
    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    return lambda batch: np.concatenate([out.ravel() for out in request.infer([batch]).values()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=300)
    options = parser.parse_args()
    try:
        openvino, nncf = (importlib.import_module(name) for name in ("openvino", "nncf"))
    except ImportError as error:
        raise ModelError(
            f"{error.name} is not installed", hint="run `pip install openvino nncf`"
        ) from None
    models = ModelsSettings()
    files = [own[0] for own in people.photographs_of(measuring_data("lfw"))]
    given = pictures(files[: options.photographs], models)
    table = Table("network", "gate, ms", "8 bits, ms", "ratio", "cosine", "least")
    for name, (content, gate) in networks(models).items():
        batches = given[name]
        most = 2 * len(batches) // 3
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            file.write(content)
            file.flush()
            model = openvino.Core().read_model(file.name)
            model.reshape(list(batches[0].shape))
            exact = compiled(openvino, model)
            small = nncf.quantize(
                model,
                nncf.Dataset(batches[:most]),
                subset_size=most,
                preset=nncf.QuantizationPreset.MIXED,
            )
        ways = {name: compiled(openvino, small)}
        if name == "retail-0095" and (xml := find("retail-0095-int8", models)) is not None:
            model = openvino.Core().read_model(str(xml))
            ways["retail-0095-int8, its publisher's"] = compiled(openvino, model)
        for way, run in ways.items():
            cosines = []
            for batch in batches[most:]:
                one, two = exact(batch), run(batch)
                cosines.append(float(one @ two / np.linalg.norm(one) / np.linalg.norm(two)))
            batch = batches[0]
            pair = [partial(gate.run, batch), partial(run, batch)]
            before, after = least(pair, _ROUNDS, time.process_time)
            figures = (before, after, before / after)
            texts = [f"{value:.2f}" for value in figures]
            table.add_row(way, *texts, f"{np.mean(cosines):.4f}", f"{min(cosines):.4f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
