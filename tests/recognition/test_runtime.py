"""Both runtimes give the same numbers, and what only one can run is still run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.convert.onnx_writer import Graph
from gate.recognition import runtime
from gate.recognition.runtime import Network, OpenCvNetwork, prelu_network

NEW = runtime._ENGINE is not None
needs_engine = pytest.mark.skipif(not NEW, reason="OpenCV 4 has no engine of its own to compare")


def model(images: int | str = 1) -> bytes:
    """A convolution, a PReLU and a matrix: float32 (n, 3, 8, 8) to (n, 2)."""
    rng = np.random.default_rng(1)
    graph = Graph("small", "faces", (images, 3, 8, 8), (images, 2))
    weights = graph.tensor("weights", rng.standard_normal((4, 3, 3, 3)).astype(np.float32))
    bias = graph.tensor("bias", rng.standard_normal(4).astype(np.float32))
    x = graph.node("Conv", "faces", weights, bias, kernel_shape=(3, 3), pads=(1, 1, 1, 1))
    slope = rng.random((4, 1, 1)).astype(np.float32)
    x = graph.node("Flatten", graph.node("PRelu", x, graph.tensor("slope", slope)))
    matrix = graph.tensor("matrix", rng.standard_normal((256, 2)).astype(np.float32))
    return graph.dump(graph.node("MatMul", x, matrix), {})


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(2).standard_normal((count, 3, 8, 8)).astype(np.float32)


@needs_engine
def test_opencv_gives_what_onnx_runtime_gives() -> None:
    batch = pictures(3)
    expected = Network(model("n")).run(batch)
    assert expected.std() > 0.1
    assert np.allclose(OpenCvNetwork(model()).run(batch), expected, atol=1e-4)


@needs_engine
def test_what_was_returned_is_not_overwritten_by_the_next_run() -> None:
    network = OpenCvNetwork(model())
    first = network.run(pictures(2)[:1])
    kept = first.copy()
    network.run(pictures(2)[1:])
    assert np.array_equal(first, kept)


@needs_engine
def test_several_threads_may_use_one_network() -> None:
    network, batch = prelu_network(model()), pictures(1)
    expected = network.run(batch)
    results: list[bool] = []

    def work() -> None:
        for _ in range(50):
            results.append(bool(np.allclose(network.run(batch), expected, atol=1e-4)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200


@needs_engine
def test_opencv_is_chosen_for_a_network_with_prelu() -> None:
    assert isinstance(prelu_network(model()), OpenCvNetwork)


def test_without_the_engine_onnx_runtime_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_ENGINE", None)
    assert isinstance(prelu_network(model()), Network)


@needs_engine
def test_an_engine_that_computes_something_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OpenCvNetwork, "run", lambda self, batch: np.zeros((1, 2), np.float32))
    assert isinstance(prelu_network(model()), Network)


@needs_engine
def test_an_engine_that_cannot_read_the_graph_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(*_: object) -> None:
        raise cv2.error("not implemented")

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", refuses)
    assert isinstance(prelu_network(model()), Network)


def test_what_is_no_model_is_named() -> None:
    with pytest.raises(ModelError, match="not a model"):
        prelu_network(b"nonsense", where="x.onnx")


def test_the_runtime_reports_nothing_to_its_makers(tmp_path: Path) -> None:
    """Without the variable it leaves an identifier of the machine in the home folder."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME")
    }
    subprocess.run(
        [sys.executable, "-c", "import gate.recognition.runtime"],
        env={**environment, "HOME": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert [path for path in tmp_path.rglob("*") if "Microsoft" in str(path)] == []
