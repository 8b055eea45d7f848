"""Encoders: equal to face_recognition where they must be, and of one protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.usual import face_recognition as import_usual
from gate.errors import ModelError, RecognitionError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection import dlib_points
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.encoders.dlib_onnx import DlibEncoder, hog_box
from gate.recognition.encoders.encoder import AlignedCrops
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.reference import ReferenceEncoder
from gate.recognition.encoders.retail_0095 import MARGIN, POINTS, Retail0095
from gate.recognition.evidence import SAME_MOMENT, correlation
from gate.recognition.face import Face, Image
from gate.recognition.settings import RecognitionSettings

pytestmark = pytest.mark.slow

PHOTOGRAPHS = sorted(Path("fixtures/photographs").glob("*.jpg"))


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def faces() -> list[tuple[Image, Face]]:
    """The one face of each photograph."""
    detector = HogDetector()
    images = [read(path) for path in PHOTOGRAPHS]
    return [(image, detector.detect(image)[0]) for image in images]


@pytest.fixture(scope="module", params=["dlib", "retail-0095", "reference"])
def encoder(request: pytest.FixtureRequest, kept: Path) -> Encoder:
    if request.param == "dlib":
        return DlibEncoder(kept)
    if request.param == "reference":
        return ReferenceEncoder()
    xml = find("retail-0095", ModelsSettings())
    if xml is None:
        pytest.skip("retail-0095 is not installed: set GATE_MODELS_DIR")
    return Retail0095(xml, kept)


def test_dlibs_vectors_are_those_of_face_recognition(
    kept: Path, faces: list[tuple[Image, Face]], record_property: Callable[[str, object], None]
) -> None:
    ours = DlibEncoder(kept, mirror=False)
    largest = 0.0
    for image, face in faces:
        left, top, right, bottom = (int(edge) for edge in face.box)
        (theirs,) = import_usual().face_encodings(
            np.ascontiguousarray(image[:, :, ::-1]), [(top, right, bottom, left)], model="small"
        )
        vector = ours.descriptors(ours.crops(image, [face]))[0]
        largest = max(largest, float(np.abs(vector - theirs).max()))
    record_property("largest_difference", largest)
    print(f"largest difference from face_recognition on {len(faces)} faces: {largest:.1e}")
    assert largest < 1e-5


def test_rows_have_unit_length_and_the_promised_width(
    encoder: Encoder, faces: list[tuple[Image, Face]]
) -> None:
    image, face = faces[0]
    rows = encode_faces(encoder, image, [face, face])
    assert rows.shape == (2, encoder.dimension)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(rows[0], rows[1], atol=1e-5)


def test_no_faces_give_no_rows(encoder: Encoder, faces: list[tuple[Image, Face]]) -> None:
    assert encode_faces(encoder, faces[0][0], []).shape == (0, encoder.dimension)


def test_photographs_of_one_person_are_more_alike_than_of_two(
    encoder: Encoder, faces: list[tuple[Image, Face]]
) -> None:
    names = [path.stem.rpartition("-20")[0] or path.stem for path in PHOTOGRAPHS]
    rows = np.concatenate([encode_faces(encoder, image, [face]) for image, face in faces])
    alike = rows @ rows.T
    same = np.array([[a == b for b in names] for a in names])
    off = ~np.eye(len(names), dtype=bool)
    assert alike[same & off].min() > alike[~same].max()


def test_the_mirror_image_has_the_same_vector(
    encoder: Encoder, faces: list[tuple[Image, Face]]
) -> None:
    if encoder.name.endswith("-plain"):
        pytest.skip("this encoder does not look at the mirror image")
    crops = encoder.crops(*[faces[0][0], [faces[0][1]]])
    assert np.allclose(encoder.encode(crops), encoder.encode(crops[:, :, ::-1]), atol=1e-4)


def test_a_brief_look_is_the_same_moment_as_a_thorough_one(
    encoder: Encoder, faces: list[tuple[Image, Face]]
) -> None:
    for image, face in faces:
        crops = encoder.crops(image, [face])
        thorough, brief = encoder.encode(crops)[0], encoder.encode(crops, brief=True)[0]
        assert correlation(float(thorough @ brief), encoder.similarity) > SAME_MOMENT


def test_retail_0095_looks_at_two_cuts_of_a_face(
    kept: Path, faces: list[tuple[Image, Face]]
) -> None:
    xml = find("retail-0095", ModelsSettings())
    if xml is None:
        pytest.skip("retail-0095 is not installed: set GATE_MODELS_DIR")
    encoder = Retail0095(xml, kept)
    image, face = faces[0]
    crops = encoder.crops(image, [face])
    edges = crops.copy()
    edges[:, :MARGIN], edges[:, -MARGIN:] = 0, 0  # only the second cut reaches these rows
    assert np.array_equal(encoder.encode(crops, brief=True), encoder.encode(edges, brief=True))
    assert not np.allclose(encoder.encode(crops), encoder.encode(edges), atol=1e-4)


def test_a_brief_look_beside_another_encoder_is_a_single_one(
    kept: Path, faces: list[tuple[Image, Face]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        find("retail-0095", ModelsSettings()) is None
        or find("faceplugin", ModelsSettings()) is None
    ):
        pytest.skip("retail-0095 or faceplugin is not installed: set GATE_MODELS_DIR")
    settings = RecognitionSettings(encoder="retail-0095+faceplugin")
    both = build_encoder(settings, ModelsSettings(folder=kept))
    looks = Counter[str]()
    for kind in (Retail0095, Faceplugin):

        def counted(self: Any, crops: AlignedCrops, run: Any = kind._run) -> Any:
            looks[self.name] += len(crops)
            return run(self, crops)

        monkeypatch.setattr(kind, "_run", counted)
    image, face = faces[0]
    crops = both.crops(image, [face])
    both.encode(crops)
    assert looks == {"retail-0095/2": 4, "faceplugin/1": 2}
    looks.clear()
    both.encode(crops, brief=True)
    assert looks == {"retail-0095/2": 1, "faceplugin/1": 1}


def test_an_encoder_without_the_mirror_image_has_another_name(kept: Path) -> None:
    assert DlibEncoder(kept).name == "dlib/1"
    assert DlibEncoder(kept, mirror=False).name == ReferenceEncoder().name == "dlib/1-plain"


def test_any_file_in_dlibs_format_is_an_encoder_of_its_own_name(
    kept: Path, tmp_path: Path, faces: list[tuple[Image, Face]]
) -> None:
    file = tmp_path / "trained_elsewhere.dat"
    file.write_bytes(dlib_points.model_file(dlib_points.ENCODER_FILE).read_bytes())
    settings = RecognitionSettings(encoder=str(file))
    other = build_encoder(settings, ModelsSettings(folder=tmp_path))
    assert other.name.startswith("trained_elsewhere/")
    image, face = faces[0]
    expected = encode_faces(DlibEncoder(kept), image, [face])
    assert np.allclose(encode_faces(other, image, [face]), expected, atol=1e-5)


def test_without_installed_models_dlib_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    nowhere = ModelsSettings(folder=tmp_path)
    assert build_encoder(RecognitionSettings(), nowhere).name == "dlib/1"
    with pytest.raises(ModelError, match="retail-0095 are not installed"):
        build_encoder(RecognitionSettings(encoder="retail-0095"), nowhere)
    with pytest.raises(ModelError, match="cannot be read"):
        build_encoder(RecognitionSettings(encoder="gone.dat"), nowhere)


def test_the_box_dlib_expects_is_made_from_landmarks_of_another_detector() -> None:
    own = Face((10, 20, 110, 120), 1.0, detector="hog")
    assert hog_box(own) == (10, 20, 110, 120)
    other = Face((0, 0, 128, 128), 1.0, (POINTS * 128).astype(np.float32), detector="yunet")
    left, top, right, bottom = hog_box(other)
    assert right - left == pytest.approx(bottom - top)
    assert 100 < right - left < 120


def test_retail_0095_says_when_it_lacks_landmarks(encoder: Encoder) -> None:
    if not isinstance(encoder, Retail0095):
        pytest.skip("the others find their own points")
    with pytest.raises(RecognitionError, match="landmarks"):
        encoder.crops(np.zeros((64, 64, 3), np.uint8), [Face((0, 0, 60, 60), 1.0)])
