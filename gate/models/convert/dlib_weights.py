"""dlib's face recognition network, read from dlib's own file and written as ONNX.

The network is a ResNet of 29 convolutions (Davis King, 2017; weights CC0). In the file its tensors
are ordered from input to output, each as packed integers (version 2, four dimensions), followed
by raw little-endian float32. Any file trained with dlib's ``dnn_face_recognition_ex`` has this
form, whoever trained it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.convert.onnx_writer import Graph

CROP = 150  # pixels a side
DIMENSION = 128
MEAN = (122.782, 117.001, 104.298)  # red, green, blue
LEVELS = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))  # channels, residual blocks

Array = NDArray[np.float32]


def to_onnx(data: bytes, notes: dict[str, str]) -> bytes:
    """An ONNX model of the network in ``data``, the content of a file of dlib's.

    Its input ``chips`` is float32 (n, 3, 150, 150), red green blue, 0..255; its output float32
    (n, 128), of no particular length.

    Raises ModelError when the file holds another network or is cut short.
    """
    tensors = _Reader(data)
    graph = Graph("dlib_resnet", "chips", ("n", 3, CROP, CROP), ("n", DIMENSION))
    mean = graph.tensor("mean", np.array(MEAN, np.float32).reshape(1, 3, 1, 1))
    scale = graph.tensor("scale", np.array([1 / 256], np.float32))
    x = graph.node("Mul", graph.node("Sub", "chips", mean), scale)

    def conv(x: str, fan_in: int, filters: int, kernel: int, stride: int) -> str:
        weights, bias = tensors.convolution(fan_in, filters, kernel)
        name = f"conv_{tensors.position}"
        return graph.node(
            "Conv",
            x,
            graph.tensor(name, weights),
            graph.tensor(name + "_bias", bias),
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            pads=(kernel // 2 if stride == 1 else 0,) * 4,
        )

    x = graph.node("Relu", conv(x, 3, 32, 7, 2))
    x = graph.node("MaxPool", x, kernel_shape=(3, 3), strides=(2, 2))
    channels, side = 32, 35  # 150 → 72 by the convolution → 35 by the pool
    for level, (filters, blocks) in enumerate(LEVELS):
        for block in range(blocks):
            shrink = level > 0 and block == 0
            y = graph.node("Relu", conv(x, channels, filters, 3, 2 if shrink else 1))
            y = conv(y, filters, filters, 3, 1)
            if shrink:
                x, y, side = _shrunk(graph, x, y, side, filters - channels)
            x = graph.node("Relu", graph.node("Add", y, x))
            channels = filters
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    x = graph.node("MatMul", x, graph.tensor("fc", tensors.next(channels, DIMENSION)))
    return graph.dump(x, notes)


def _shrunk(graph: Graph, x: str, y: str, side: int, channels: int) -> tuple[str, str, int]:
    """The short cut ``x`` halved, and both brought to one size with zeros, as dlib adds them."""
    x = graph.node("AveragePool", x, kernel_shape=(2, 2), strides=(2, 2))
    pooled, convolved = side // 2, (side - 3) // 2 + 1
    largest = max(pooled, convolved)
    x = _padded(graph, x, channels, largest - pooled)
    y = _padded(graph, y, 0, largest - convolved)
    return x, y, largest


def _padded(graph: Graph, x: str, channels: int, cells: int) -> str:
    if not channels and not cells:
        return x
    pads = np.array([0, 0, 0, 0, 0, channels, cells, cells], dtype=np.int64)
    return graph.node("Pad", x, graph.tensor(f"pads_{x}", pads))


class _Reader:
    """Walks through the tensors of a file in their order, jumping over everything else."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def next(self, *shape: int) -> Array:
        """The next tensor, whose ``shape`` must be the one given. Raises ModelError."""
        dimensions = shape + (1,) * (4 - len(shape))
        header = b"".join(_packed(n) for n in (2, *dimensions))
        start = self._data.find(header, self.position)
        count = int(np.prod(shape))
        end = start + len(header) + 4 * count
        if start < 0 or end > len(self._data):
            raise ModelError(
                f"not the face network of dlib: no tensor of {'×'.join(map(str, shape))}"
                f" after byte {self.position}",
                hint="give a file made by dlib's dnn_face_recognition_ex, whole",
            )
        self.position = end
        values = np.frombuffer(self._data, "<f4", count, start + len(header))
        return values.astype(np.float32).reshape(shape)

    def convolution(self, fan_in: int, filters: int, kernel: int) -> tuple[Array, Array]:
        """Weights (filters, fan_in, kernel, kernel) and bias, the affine layer folded in."""
        size = filters * fan_in * kernel * kernel
        raw = self.next(size + filters)
        gain, offset = self.next(2 * filters).reshape(2, filters)
        weights = raw[:size].reshape(filters, fan_in, kernel, kernel)
        return weights * gain[:, None, None, None], raw[size:] * gain + offset


def _packed(number: int) -> bytes:
    """dlib's packed integer: a byte with the count of the bytes that follow, least first."""
    digits = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")
    return bytes([len(digits)]) + digits
