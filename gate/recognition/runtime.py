"""ONNX Runtime, set up the same way for every network."""

from __future__ import annotations

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from gate.errors import ModelError


class Network:
    """A network with one input and one output. Safe to use from several threads."""

    def __init__(self, model: bytes, *, threads: int = 0, where: str = "") -> None:
        """Raises ModelError when ``model`` is not an ONNX model.

        Args:
            model: content of an ONNX file.
            threads: cores a run may use; 0 is all of them.
            where: what to call the model in an error.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # a core that has no work sleeps at once: the door's thread may need it
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no base class
            raise ModelError(
                f"not a model that ONNX Runtime can run: {str(error).splitlines()[0][:200]}",
                where=where,
                hint="install the models again",
            ) from None
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (n, …) for a batch, float32 (n, c, h, w).

        The first dimension counts the images.
        """
        return np.asarray(self._session.run(None, {self._input: batch})[0], dtype=np.float32)
