"""SFace's path, with a model of the same shape made here: its real weights are not at hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import ModelError, RecognitionError
from gate.models.convert.onnx_writer import Graph
from gate.recognition.encoders.sface import SFace
from gate.recognition.face import Face

# where SFace wants eyes, nose and mouth in its picture of 112 × 112
PLACES = np.float32(
    [(38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2)],
)


def model(path: Path, values: int = 128) -> Path:
    """A network with SFace's input and output: means of patches times a random matrix."""
    graph = Graph("sface", "data", (1, 3, 112, 112), (1, values))
    pooled = graph.node("AveragePool", "data", kernel_shape=(14, 14), strides=(14, 14))
    matrix = np.random.default_rng(0).normal(0, 1, (192, values)).astype(np.float32)
    out = graph.node("MatMul", graph.node("Flatten", pooled), graph.tensor("m", matrix))
    path.write_bytes(graph.dump(out, {}))
    return path


def picture() -> np.ndarray:
    noise = np.random.default_rng(1).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(noise, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8)


def face(scale: float = 1.0, x: float = 100, y: float = 60) -> Face:
    points = PLACES * np.float32(scale) + np.float32([x, y])
    left, top = points.min(0) - 20
    right, bottom = points.max(0) + 20
    return Face((float(left), float(top), float(right), float(bottom)), 0.9, points)


def test_a_face_in_its_place_is_cut_out_as_it_is(tmp_path: Path) -> None:
    encoder = SFace(model(tmp_path / "sface.onnx"))
    (crop,) = encoder.crops(picture(), [face()])
    expected = picture()[60:172, 100:212]
    assert np.abs(crop.astype(int) - expected)[4:-4, 4:-4].mean() < 3


def test_vectors_are_of_unit_length_and_the_same_for_the_same_face(tmp_path: Path) -> None:
    encoder = SFace(model(tmp_path / "sface.onnx"))
    image = picture()
    vectors = encoder.encode(encoder.crops(image, [face(), face(), face(1.4, 40, 20)]))
    assert vectors.shape == (3, 128)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert vectors[0] @ vectors[2] < 0.9999


def test_without_mirror_it_is_what_opencv_gives(tmp_path: Path) -> None:
    file = model(tmp_path / "sface.onnx")
    encoder = SFace(file, mirror=False)
    crops = encoder.crops(picture(), [face()])
    theirs = cv2.FaceRecognizerSF.create(str(file), "").feature(crops[0]).ravel()
    np.testing.assert_allclose(encoder.encode(crops)[0], theirs / np.linalg.norm(theirs), atol=1e-6)


def test_nobody_gives_no_vectors(tmp_path: Path) -> None:
    encoder = SFace(model(tmp_path / "sface.onnx"))
    assert encoder.encode(encoder.crops(picture(), [])).shape == (0, 128)


def test_a_face_without_landmarks_is_refused(tmp_path: Path) -> None:
    encoder = SFace(model(tmp_path / "sface.onnx"))
    with pytest.raises(RecognitionError, match="landmarks"):
        encoder.crops(picture(), [Face((0, 0, 50, 50), 1.0)])


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gives 64 values"):
        SFace(model(tmp_path / "other.onnx", 64))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sface.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="OpenCV"):
        SFace(tmp_path / "sface.onnx")
