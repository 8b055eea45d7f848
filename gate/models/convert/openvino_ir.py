"""A network in OpenVINO's format (a graph in .xml, numbers in .bin), rewritten as ONNX.

So one runtime serves every model. It knows the operations that face-reidentification-retail-0095
is made of, in floating point; another network is refused with the operation it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.convert.onnx_writer import Graph

_TYPES = {"f16": np.float16, "f32": np.float32}
_PLAIN = {"Add": "Add", "Multiply": "Mul", "Sigmoid": "Sigmoid"}

Array = NDArray[np.float32]


@dataclass(slots=True)
class _Network:
    """The layers of the .xml by id, and for each input port the layer that feeds it."""

    layers: list[ElementTree.Element]
    feeds: dict[tuple[str, str], str]
    numbers: bytes
    constants: dict[str, Array] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # layer id → tensor in the graph


def to_onnx(xml: bytes, numbers: bytes, notes: dict[str, str]) -> bytes:
    """An ONNX model of the network. Raises ModelError.

    Its input ``chips`` is float32 (n, channels, height, width), its output (n, values).
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise ModelError(
            f"not an OpenVINO model: {error}", hint="fetch the publisher's own file again"
        ) from None
    feeds = {
        (edge.attrib["to-layer"], edge.attrib["to-port"]): edge.attrib["from-layer"]
        for edge in root.iter("edge")
    }
    network = _Network(list(root.iter("layer")), feeds, numbers)
    source = next((la for la in network.layers if la.attrib["type"] == "Parameter"), None)
    result = next((la for la in network.layers if la.attrib["type"] == "Result"), None)
    if source is None or result is None:
        raise ModelError(
            "not an OpenVINO model: it has no input or no output",
            hint="fetch the publisher's own file again",
        )
    last = _inputs(network, result)[0]
    _, *image = _numbers(_data(source), "shape")
    _, *values = _shape(network, last)
    graph = Graph("openvino", "chips", ("n", *image), ("n", int(np.prod(values))))
    network.names[source.attrib["id"]] = "chips"
    for layer in network.layers:
        _convert(graph, network, layer)
    return graph.dump(graph.node("Flatten", network.names[last]), notes)


def _convert(graph: Graph, network: _Network, layer: ElementTree.Element) -> None:
    kind, key, data = layer.attrib["type"], layer.attrib["id"], _data(layer)
    sources = _inputs(network, layer)
    if kind in ("Parameter", "Result"):
        return
    if kind == "Const":
        network.constants[key] = _constant(network, data, layer.attrib["name"])
    elif kind == "Convert" and sources[0] in network.constants:
        network.constants[key] = network.constants[sources[0]]
    elif kind in _PLAIN:
        inputs = (_name(graph, network, source) for source in sources)
        network.names[key] = graph.node(_PLAIN[kind], *inputs)
    elif kind == "PReLU" and network.constants[sources[1]].size == 1:
        # a single slope is a leaky rectifier, which the runtime fuses into the convolution
        slope = float(network.constants[sources[1]].item())
        x = _name(graph, network, sources[0])
        network.names[key] = graph.node("LeakyRelu", x, alpha=slope)
    elif kind in ("Convolution", "GroupConvolution"):
        network.names[key] = _convolution(graph, network, sources, data, kind)
    elif kind == "AvgPool":
        network.names[key] = graph.node(
            "AveragePool",
            _name(graph, network, sources[0]),
            kernel_shape=_numbers(data, "kernel"),
            strides=_numbers(data, "strides"),
            pads=_pads(data),
        )
    else:
        raise ModelError(
            f"this OpenVINO model uses {kind}, which is not understood here",
            where=layer.attrib["name"],
            hint="use the FP16 or FP32 form of the model, not the INT8 form",
        )


def _convolution(
    graph: Graph, network: _Network, sources: list[str], data: dict[str, str], kind: str
) -> str:
    weights = network.constants[sources[1]]
    groups = 1
    if kind == "GroupConvolution":  # (groups, filters, ...) in one, (groups × filters, ...) here
        groups = weights.shape[0]
        weights = weights.reshape(-1, *weights.shape[2:])
    return graph.node(
        "Conv",
        _name(graph, network, sources[0]),
        graph.tensor(f"weights_{sources[1]}", weights),
        kernel_shape=weights.shape[2:],
        strides=_numbers(data, "strides"),
        dilations=_numbers(data, "dilations"),
        pads=_pads(data),
        group=groups,
    )


def _name(graph: Graph, network: _Network, source: str) -> str:
    """The tensor of the graph that holds what layer ``source`` gives."""
    if source not in network.names:
        values = network.constants[source]
        network.names[source] = graph.tensor(f"constant_{source}", values)
    return network.names[source]


def _constant(network: _Network, data: dict[str, str], name: str) -> Array:
    kind = data["element_type"]
    if kind not in _TYPES:
        raise ModelError(
            f"this OpenVINO model holds numbers of type {kind}",
            where=name,
            hint="use the FP16 or FP32 form of the model, not the INT8 form",
        )
    offset, size = int(data["offset"]), int(data["size"])
    raw = network.numbers[offset : offset + size]
    if len(raw) < size:
        raise ModelError(
            "the .bin file is shorter than the .xml file says",
            where=name,
            hint="fetch the publisher's own file again",
        )
    return np.frombuffer(raw, _TYPES[kind]).astype(np.float32).reshape(_numbers(data, "shape"))


def _inputs(network: _Network, layer: ElementTree.Element) -> list[str]:
    """The ids of the layers that feed this one, in the order of its ports."""
    ports = (port.attrib["id"] for port in layer.findall("input/port"))
    return [network.feeds[layer.attrib["id"], port] for port in ports]


def _shape(network: _Network, key: str) -> list[int]:
    layer = next(la for la in network.layers if la.attrib["id"] == key)
    return [int(dim.text or 0) for dim in layer.findall("output/port/dim")]


def _data(layer: ElementTree.Element) -> dict[str, str]:
    data = layer.find("data")
    return {} if data is None else dict(data.attrib)


def _numbers(data: dict[str, str], key: str) -> tuple[int, ...]:
    return tuple(int(text) for text in data[key].split(",") if text.strip())


def _pads(data: dict[str, str]) -> tuple[int, ...]:
    return _numbers(data, "pads_begin") + _numbers(data, "pads_end")
