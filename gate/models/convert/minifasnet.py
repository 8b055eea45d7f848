"""MiniFASNet (Minivision, Apache-2.0) from its official PyTorch file, written as ONNX.

A MobileNet of inverted residual blocks for pictures of 80 × 80 pixels; the SE form ends each
level with squeeze-and-excitation (Hu, Shen and Sun 2018). Which blocks there are is read from the
names in the file. Batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.convert import torch_reader as torch_file
from gate.models.convert.onnx_writer import Graph

SIDE = 80
CLASSES = 3  # index 1 is a living face, the others are attacks
_EPSILON = 1e-5  # of PyTorch's batch normalisation

Array = NDArray[np.float32]


def to_onnx(data: bytes, notes: dict[str, str]) -> bytes:
    """An ONNX model of the network in ``data``, the content of a .pth file.

    Its input ``faces`` is float32 (n, 3, 80, 80), BGR, 0..255; its output float32 (n, 3): logits.
    Raises ModelError when the file holds another network.
    """
    tensors = {name.removeprefix("module."): t for name, t in torch_file.read(data).items()}
    graph = Graph("minifasnet", "faces", ("n", 3, SIDE, SIDE), ("n", CLASSES))
    try:
        return graph.dump(_Network(graph, tensors).run("faces"), notes)
    except KeyError as error:
        raise ModelError(
            f"not a MiniFASNet: it has no {error}", hint="fetch the publisher's own file again"
        ) from None


class _Network:
    def __init__(self, graph: Graph, tensors: dict[str, Array]) -> None:
        self._graph = graph
        self._tensors = tensors

    def run(self, x: str) -> str:
        x = self._block(x, "conv1", stride=2)
        x = self._block(x, "conv2_dw")
        for level in "345":
            x = self._depthwise(x, f"conv_{int(level) - 1}{level}", stride=2)
            block = 0
            while f"conv_{level}.model.{block}.conv.conv.weight" in self._tensors:
                x = self._residual(x, f"conv_{level}.model.{block}")
                block += 1
        x = self._block(x, "conv_6_sep")
        x = self._convolution(x, "conv_6_dw.conv", "conv_6_dw.bn", pad=0)
        x = self._graph.node("Flatten", x)
        # the last two layers are linear with a normalisation between them: one matrix
        factor, shift = self._normalisation("bn")
        first = self._tensors["linear.weight"] * factor[:, None]
        last = self._tensors["prob.weight"]
        matrix = self._graph.tensor("matrix", np.ascontiguousarray((last @ first).T))
        offset = self._graph.tensor("offset", (last @ shift).reshape(1, -1))
        return self._graph.node("Add", self._graph.node("MatMul", x, matrix), offset)

    def _block(self, x: str, name: str, stride: int = 1) -> str:
        x = self._convolution(x, f"{name}.conv", f"{name}.bn", stride)
        slope = self._tensors[f"{name}.prelu.weight"].reshape(-1, 1, 1)
        return self._graph.node("PRelu", x, self._graph.tensor(f"{name}.slope", slope))

    def _depthwise(self, x: str, name: str, stride: int = 1) -> str:
        x = self._block(x, f"{name}.conv")
        x = self._block(x, f"{name}.conv_dw", stride)
        return self._convolution(x, f"{name}.project.conv", f"{name}.project.bn")

    def _residual(self, x: str, name: str) -> str:
        y = self._depthwise(x, name)
        if f"{name}.se_module.fc1.weight" in self._tensors:
            y = self._excited(y, f"{name}.se_module")
        return self._graph.node("Add", x, y)

    def _excited(self, x: str, name: str) -> str:
        weight = self._graph.node("GlobalAveragePool", x)
        weight = self._convolution(weight, f"{name}.fc1", f"{name}.bn1")
        weight = self._graph.node("Relu", weight)
        weight = self._convolution(weight, f"{name}.fc2", f"{name}.bn2")
        return self._graph.node("Mul", x, self._graph.node("Sigmoid", weight))

    def _convolution(
        self, x: str, name: str, normalised: str, stride: int = 1, pad: int | None = None
    ) -> str:
        weights = self._tensors[f"{name}.weight"]
        factor, shift = self._normalisation(normalised)
        kernel = weights.shape[2]
        return self._graph.node(
            "Conv",
            x,
            self._graph.tensor(f"{name}.weight", weights * factor.reshape(-1, 1, 1, 1)),
            self._graph.tensor(f"{name}.bias", shift),
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            pads=(kernel // 2 if pad is None else pad,) * 4,
            # no convolution here mixes several groups: either all channels or each by itself
            group=weights.shape[0] if weights.shape[1] == 1 else 1,
        )

    def _normalisation(self, name: str) -> tuple[Array, Array]:
        variance = self._tensors[f"{name}.running_var"].astype(np.float64)
        factor = self._tensors[f"{name}.weight"] / np.sqrt(variance + _EPSILON)
        shift = self._tensors[f"{name}.bias"] - self._tensors[f"{name}.running_mean"] * factor
        return factor.astype(np.float32), shift.astype(np.float32)
