"""OpenVINO's format rewritten as ONNX."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.convert.openvino_ir import to_onnx
from gate.recognition.runtime import Network

LAYER = '<layer id="{id}" name="{name}" type="{type}"><data {data}/>{ports}</layer>'


def port(kind: str, number: int, *shape: int) -> str:
    dims = "".join(f"<dim>{n}</dim>" for n in shape)
    return f'<{kind}><port id="{number}">{dims}</port></{kind}>'


def tiny(operation: str = "Multiply", element: str = "f16") -> bytes:
    """input (1, 2, 1, 1) times a constant."""
    layers = [
        LAYER.format(
            id=0,
            name="in",
            type="Parameter",
            data='shape="1,2,1,1"',
            ports=port("output", 0, 1, 2, 1, 1),
        ),
        LAYER.format(
            id=1,
            name="numbers",
            type="Const",
            data=f'element_type="{element}" shape="1,2,1,1" offset="0" size="4"',
            ports=port("output", 0, 1, 2, 1, 1),
        ),
        LAYER.format(
            id=2,
            name="the operation",
            type=operation,
            data='auto_broadcast="numpy"',
            ports='<input><port id="0"/><port id="1"/></input>' + port("output", 2, 1, 2, 1, 1),
        ),
        LAYER.format(
            id=3, name="out", type="Result", data="", ports='<input><port id="0"/></input>'
        ),
    ]
    edges = [(0, 0, 2, 0), (1, 0, 2, 1), (2, 2, 3, 0)]
    joined = "".join(
        f'<edge from-layer="{a}" from-port="{b}" to-layer="{c}" to-port="{d}"/>'
        for a, b, c, d in edges
    )
    return f"<net><layers>{''.join(layers)}</layers><edges>{joined}</edges></net>".encode()


NUMBERS = np.array([2, 3], np.float16).tobytes()


def test_a_network_computes_what_it_says() -> None:
    network = Network(to_onnx(tiny(), NUMBERS, {}))
    batch = np.array([[[[10]], [[20]]], [[[1]], [[2]]]], np.float32)
    assert network.run(batch).tolist() == [[20, 60], [2, 6]]


@pytest.mark.parametrize(
    ("xml", "numbers", "says"),
    [
        (b"<net", NUMBERS, "not an OpenVINO model"),
        (b"<net/>", NUMBERS, "no input"),
        (tiny("FakeQuantize"), NUMBERS, "uses FakeQuantize"),
        (tiny(element="i8"), NUMBERS, "numbers of type i8"),
        (tiny(), NUMBERS[:2], "shorter than"),
    ],
)
def test_what_is_not_understood_is_named(xml: bytes, numbers: bytes, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        to_onnx(xml, numbers, {})


@pytest.mark.data
def test_retail_0095_gives_openvinos_own_numbers() -> None:
    folder = os.environ.get("GATE_MODELS_DIR")
    if not folder:
        pytest.skip("GATE_MODELS_DIR is not set")
    openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed")
    name = "face-reidentification-retail-0095"
    xml = Path(folder) / name / "FP16" / f"{name}.xml"
    network = Network(to_onnx(xml.read_bytes(), xml.with_suffix(".bin").read_bytes(), {}))
    original = openvino.Core().compile_model(xml, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    random = np.random.default_rng(1)
    batch = random.integers(0, 256, (1, 3, 128, 128)).astype(np.float32)
    ours, theirs = network.run(batch)[0], original(batch)[0].ravel()
    scale = np.linalg.norm(theirs)
    assert np.abs(ours - theirs).max() / scale < 1e-5
