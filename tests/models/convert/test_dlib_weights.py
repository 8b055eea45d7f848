"""dlib's network rewritten as ONNX gives what dlib itself gives."""

from __future__ import annotations

import dlib
import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.convert.dlib_weights import CROP, to_onnx
from gate.recognition.detection import dlib_points
from gate.recognition.runtime import Network


@pytest.fixture(scope="module")
def weights() -> bytes:
    return dlib_points.model_file(dlib_points.ENCODER_FILE).read_bytes()


@pytest.mark.slow
def test_the_network_gives_dlibs_own_numbers_on_any_picture(weights: bytes) -> None:
    network = Network(to_onnx(weights, {}))
    original = dlib.face_recognition_model_v1(str(dlib_points.model_file(dlib_points.ENCODER_FILE)))
    random = np.random.default_rng(1)
    chips = random.integers(0, 256, (2, CROP, CROP, 3), dtype=np.uint8)
    ours = network.run(chips.transpose(0, 3, 1, 2).astype(np.float32))
    theirs = [np.array(original.compute_face_descriptor(chip)) for chip in chips]
    assert np.abs(ours - theirs).max() < 1e-5


def test_a_file_cut_short_is_named_as_such(weights: bytes) -> None:
    with pytest.raises(ModelError, match="no tensor of 256×128"):
        to_onnx(weights[:-1000], {})


@pytest.mark.parametrize("content", [b"", b"not a network", bytes(100_000)])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="not the face network of dlib"):
        to_onnx(content, {})


def test_what_is_no_onnx_model_is_refused() -> None:
    with pytest.raises(ModelError, match="ONNX Runtime"):
        Network(b"nonsense", where="x.onnx")
