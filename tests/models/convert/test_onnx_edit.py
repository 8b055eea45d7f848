"""The declared inputs of an ONNX file are changed, its network is not."""

from __future__ import annotations

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest

from gate.errors import ModelError
from gate.models.convert.onnx_edit import free_input
from gate.models.convert.onnx_writer import Graph


def doubling(shape: tuple[int | str, ...]) -> bytes:
    graph = Graph("doubling", "picture", shape, shape)
    return graph.dump(
        graph.node("Mul", "picture", graph.tensor("two", np.full(1, 2, np.float32))), {}
    )


def run(model: bytes, picture: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: picture})[0])


def test_a_fixed_size_becomes_free_and_the_network_is_the_same() -> None:
    fixed = doubling((1, 3, 4, 4))
    picture = np.arange(96, dtype=np.float32).reshape(1, 3, 4, 8)
    with pytest.raises(Exception, match="invalid dimensions"):
        run(fixed, picture)
    free = free_input(fixed, ["n", 3, "height", "width"], [["n", 3, "height", "width"]])
    assert np.array_equal(run(free, picture), 2 * picture)


def test_weights_are_no_inputs_any_more() -> None:
    """As CenterFace's file has it: the weight is listed among the inputs too."""
    from gate.models.convert import onnx_edit

    fixed = doubling((1, 3, 4, 4))
    graph = next(content for number, _, content, _ in onnx_edit._fields(fixed) if number == 7)
    listed = graph + onnx_edit._message(11, onnx_edit._value(b"two", [1]))
    model = b"".join(
        onnx_edit._message(7, listed) if number == 7 else whole
        for number, _, _, whole in onnx_edit._fields(fixed)
    )
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert len(session.get_overridable_initializers()) == 1
    free = free_input(model, ["n", 3, 4, 4], [["n", 3, 4, 4]])
    session = onnxruntime.InferenceSession(free, providers=["CPUExecutionProvider"])
    assert len(session.get_overridable_initializers()) == 0
    assert [i.name for i in session.get_inputs()] == ["picture"]


@pytest.mark.parametrize("damaged", [b"", b"nonsense", doubling((1, 3, 4, 4))[:-40], b"\xff" * 40])
def test_what_is_no_onnx_file_is_refused(damaged: bytes) -> None:
    with pytest.raises(ModelError, match="not an ONNX model"):
        free_input(damaged, ["n"], [["n"]])


def test_another_number_of_outputs_is_another_network() -> None:
    with pytest.raises(ModelError, match="1 inputs and 1 outputs instead of 1 and 4"):
        free_input(doubling((1, 3, 4, 4)), ["n"], [["n"]] * 4)
