"""The runtimes of networks, set up the same way for every network.

Two are in use, since neither is the faster one for every graph: ONNX Runtime, and OpenCV's own
engine of version 5, which computes a convolution and its PReLU in one pass. ``python -m
benchmarks.runtimes`` compares them.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from gate.errors import ModelError

# OpenCV 4 has no such engine: its classic one is no faster than ONNX Runtime
_ENGINE: int | None = getattr(cv2.dnn, "ENGINE_NEW", None)


class Runnable(Protocol):
    """A network with one input and one output. Safe to use from several threads."""

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (n, …) for a batch, float32 (n, c, h, w).

        The first dimension counts the images.
        """
        ...


def model_file(file: Path) -> bytes:
    """The content of a model's file. Raises ModelError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"a model file cannot be read: {error.strerror}",
            where=str(file),
            hint="install the models again with `gate models fetch`",
        ) from None


def session(model: bytes, threads: int) -> Any:
    """An ``onnxruntime.InferenceSession``, safe to use from several threads; 0 threads: all cores.

    Raises what ONNX Runtime raises, whose exceptions share no base class.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # a core that has no work sleeps at once: the door's thread may need it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Network:
    """ONNX Runtime. Safe to use from several threads."""

    def __init__(self, model: bytes, *, threads: int = 0, where: str = "") -> None:
        """Raises ModelError when ``model`` is not an ONNX model.

        Args:
            model: content of an ONNX file.
            threads: cores a run may use; 0 is all of them.
            where: what to call the model in an error.
        """
        try:
            self._session = session(model, threads)
        except Exception as error:  # the runtime's own exceptions share no base class
            raise ModelError(
                f"not a model that ONNX Runtime can run: {str(error).splitlines()[0][:200]}",
                where=where,
                hint="install the models again",
            ) from None
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        # one picture of the size the graph takes, where it fixes one
        self.one = tuple(size if isinstance(size, int) else 1 for size in entry.shape)

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (n, …) for a batch, float32 (n, c, h, w).

        The first dimension counts the images.
        """
        return np.asarray(self._session.run(None, {self._input: batch})[0], dtype=np.float32)


class OpenCvNetwork:
    """OpenCV's own engine, on one core, one picture after the other.

    Safe to use from several threads, of which one at a time is served.
    """

    def __init__(self, model: bytes) -> None:
        """Raises cv2.error when the engine cannot run ``model``, the content of an ONNX file."""
        assert _ENGINE is not None
        cv2.setNumThreads(1)  # several networks run at once: each keeps to its core
        self._network = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8), _ENGINE)
        self._lock = threading.Lock()

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (n, …) for a batch, float32 (n, c, h, w)."""
        rows = []
        with self._lock:
            for at in range(len(batch)):
                self._network.setInput(batch[at : at + 1])
                rows.append(np.array(self._network.forward(), np.float32))  # its buffer is reused
        return np.concatenate(rows)


def prelu_network(model: bytes, *, threads: int = 0, where: str = "") -> Runnable:
    """A network of convolutions with PReLU in the runtime that is faster for them.

    OpenCV's where it has version 5's engine and gives the same output as ONNX Runtime for a
    picture of noise, else ONNX Runtime. Raises ModelError when neither can run it.

    Args:
        model: content of an ONNX file whose input is float32 (1 or n, 3, side, side).
        threads: cores a run of ONNX Runtime may use; 0 is all of them.
        where: what to call the model in an error.
    """
    reference = Network(model, threads=threads, where=where)
    if _ENGINE is None:
        return reference
    picture = np.random.default_rng(0).random(reference.one, dtype=np.float32)
    try:
        quick = OpenCvNetwork(model)
        if np.allclose(quick.run(picture), reference.run(picture), rtol=1e-3, atol=1e-3):
            return quick
    except cv2.error:
        pass
    return reference
