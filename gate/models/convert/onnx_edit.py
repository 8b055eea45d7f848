"""Change what an ONNX file declares of its inputs, without the package ``onnx``.

Some published graphs list their weights among the inputs, so that a runtime may not fold them into
constants, and fix the size of the picture although nothing in the graph needs it. Both are
declarations only: the nodes and weights are copied byte for byte. Field numbers are those of
onnx.proto3; the wire format is that of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.errors import ModelError

_GRAPH = 7  # ModelProto
_INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 5, 11, 12, 13  # GraphProto
_TENSOR_NAME, _VALUE_NAME, _VALUE_TYPE = 8, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_FLOAT = 1  # TensorProto.DataType

Field = tuple[int, int, bytes, bytes]  # number, wire type, content, the whole field as written


def free_input(
    model: bytes, shape: Sequence[int | str], outputs: Sequence[Sequence[int | str]]
) -> bytes:
    """The model with one input of ``shape`` and no weights among its inputs.

    Args:
        model: content of an ONNX file whose true input is float32.
        shape: sizes, or names of sizes that are free.
        outputs: the same of each output, in the file's order.

    Raises:
        ModelError: when ``model`` is not an ONNX model, has more than one input that is not a
            weight, or another number of outputs.
    """
    try:
        fields = list(_fields(model))
        graphs = [content for number, _, content, _ in fields if number == _GRAPH]
        if len(graphs) != 1:
            raise ModelError(
                "not an ONNX model: it has no graph", hint="fetch the publisher's own file again"
            )
        graph = _freed(graphs[0], shape, outputs)
        return b"".join(
            _message(_GRAPH, graph) if number == _GRAPH else whole for number, _, _, whole in fields
        )
    except (IndexError, ValueError):
        raise ModelError(
            "not an ONNX model: it is cut off or of another format",
            hint="fetch the publisher's own file again",
        ) from None


def _freed(
    graph: bytes, shape: Sequence[int | str], outputs: Sequence[Sequence[int | str]]
) -> bytes:
    fields = list(_fields(graph))
    weights = {
        _named(content, _TENSOR_NAME) for number, _, content, _ in fields if number == _INITIALIZER
    }
    shapes = iter(outputs)
    kept, inputs, given = [], 0, 0
    for number, _, content, whole in fields:
        if number == _INPUT:
            name = _named(content, _VALUE_NAME)
            if name in weights:
                continue
            inputs += 1
            whole = _message(_INPUT, _value(name, shape))
        elif number == _OUTPUT:
            given += 1
            whole = _message(_OUTPUT, _value(_named(content, _VALUE_NAME), next(shapes, ())))
        elif number == _VALUE_INFO:
            continue  # sizes of intermediate results, which held for the fixed input only
        kept.append(whole)
    if inputs != 1 or given != len(outputs):
        raise ModelError(
            f"not the network expected: {inputs} inputs and {given} outputs instead of 1 and"
            f" {len(outputs)}",
            hint="fetch the publisher's own file again",
        )
    return b"".join(kept)


def _fields(data: bytes) -> Iterator[Field]:
    at = 0
    while at < len(data):
        start = at
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        content = b""
        if wire == _VARINT:
            _, at = _varint(data, at)
        elif wire == _BYTES:
            size, at = _varint(data, at)
            content = data[at : at + size]
            at += size
        elif wire in (_FIXED32, _FIXED64):
            at += 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(wire)
        if at > len(data) or number == 0:
            raise ValueError(number)
        yield number, wire, content, data[start:at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(value)


def _named(message: bytes, field: int) -> bytes:
    return next(content for number, _, content, _ in _fields(message) if number == field)


def _value(name: bytes, shape: Sequence[int | str]) -> bytes:
    """A ValueInfoProto of a float32 tensor."""
    dims = b"".join(
        _message(1, _message(2, size.encode()) if isinstance(size, str) else _number(1, size))
        for size in shape
    )
    tensor = _number(1, _FLOAT) + _message(2, dims)
    return _message(_VALUE_NAME, name) + _message(_VALUE_TYPE, _message(1, tensor))


def _message(field: int, content: bytes) -> bytes:
    return _written(field << 3 | _BYTES) + _written(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _written(field << 3 | _VARINT) + _written(value)


def _written(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
