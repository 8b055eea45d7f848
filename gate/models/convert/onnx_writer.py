"""Write a neural network as an ONNX file.

Only what the converters need: a graph of nodes with one input and one output. The format is
Protocol Buffers (field numbers from onnx.proto3, IR version 8); writing its few messages by hand
spares the installation a package of 18 MB that would run once.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPSET = 13
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_ATTRIBUTE_TYPE = {"f": 1, "i": 2, "ints": 7}
_ATTRIBUTE_FIELD = {"f": 2, "i": 3, "ints": 8}

Attribute = float | int | Sequence[int]


@dataclass(slots=True)
class Graph:
    """A network under construction: add nodes and tensors, then ``dump``."""

    name: str
    input: str
    input_shape: Sequence[int | str]
    output_shape: Sequence[int | str]
    _nodes: list[bytes] = field(default_factory=list)
    _tensors: list[bytes] = field(default_factory=list)

    def tensor(self, name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Add a constant and return its name."""
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        data = np.ascontiguousarray(values, dtype=np.int64 if kind == _INT64 else np.float32)
        dims = b"".join(_int(1, n) for n in data.shape)
        self._tensors.append(dims + _int(2, kind) + _text(8, name) + _bytes(9, data.tobytes()))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Add an operation and return the name of its output."""
        output = f"{operator}_{len(self._nodes)}"
        body = b"".join(_text(1, name) for name in inputs) + _text(2, output)
        body += _text(3, output) + _text(4, operator)
        body += b"".join(_bytes(5, _attribute(k, v)) for k, v in attributes.items())
        self._nodes.append(body)
        return output

    def dump(self, output: str, notes: Mapping[str, str]) -> bytes:
        """The file's bytes; ``output`` is the node whose result is the network's, as "output"."""
        last = _text(1, output) + _text(2, "output") + _text(4, "Identity")
        graph = b"".join(_bytes(1, body) for body in [*self._nodes, last])
        graph += _text(2, self.name)
        graph += b"".join(_bytes(5, body) for body in self._tensors)
        graph += _bytes(11, _value(self.input, self.input_shape))
        graph += _bytes(12, _value("output", self.output_shape))
        model = _int(1, IR_VERSION) + _text(2, "gate") + _bytes(7, graph)
        model += _bytes(8, _text(1, "") + _int(2, OPSET))
        for key, value in notes.items():
            model += _bytes(14, _text(1, key) + _text(2, value))
        return model


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # negative numbers are 64-bit two's complement
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _int(key: int, value: int) -> bytes:
    return _varint(key << 3) + _varint(value)


def _bytes(key: int, value: bytes) -> bytes:
    return _varint(key << 3 | 2) + _varint(len(value)) + value


def _text(key: int, value: str) -> bytes:
    return _bytes(key, value.encode())


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        kind, body = "f", _varint(_ATTRIBUTE_FIELD["f"] << 3 | 5) + struct.pack("<f", value)
    elif isinstance(value, int):
        kind, body = "i", _int(_ATTRIBUTE_FIELD["i"], value)
    else:
        kind, body = "ints", b"".join(_int(_ATTRIBUTE_FIELD["ints"], n) for n in value)
    return _text(1, name) + body + _int(20, _ATTRIBUTE_TYPE[kind])


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _text(2, n) if isinstance(n, str) else _int(1, n)) for n in shape)
    tensor = _int(1, _FLOAT) + _bytes(2, dims)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))
