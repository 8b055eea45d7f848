"""dlib's five points of a face (the corners of both eyes and the base of the nose), and what
Face.landmarks become of them: an ensemble of regression trees (Kazemi and Sullivan 2014).

The files are those of the package ``face_recognition_models``, found without importing it: it
needs ``pkg_resources``, which new versions of setuptools no longer have.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import dlib  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.recognition.face import Image

ENCODER_FILE = "dlib_face_recognition_resnet_model_v1.dat"
POINTS_FILE = "shape_predictor_5_face_landmarks.dat"

# Where eyes, nose tip and mouth corners lie, as complex numbers in the frame whose origin is the
# middle between the eyes and whose unit is the way from the one on the image's left to the other:
# a constant and what it changes by with the x and the y of the base of the nose. Least squares
# against YuNet's landmarks on 1,375 photographs of LFW; what is left over is 7 to 9 % of the unit.
_MEAN = np.array([-0.4825 - 0.1694j, 0.5204 - 0.1526j, -0.0043 + 0.1622j,
                  -0.4373 + 0.5747j, 0.4311 + 0.5716j])  # fmt: skip
_BY_X = np.array([0.0803 + 0.0801j, 0.1421 - 0.0102j, 1.3396 + 0.1364j,
                  0.1588 + 0.0583j, 0.1059 - 0.0249j])  # fmt: skip
_BY_Y = np.array([-0.0359 + 0.1687j, 0.0518 + 0.1677j, 0.0271 + 0.5405j,
                  0.0092 + 0.6143j, 0.0638 + 0.6326j])  # fmt: skip


def model_file(name: str) -> Path:
    """A file of face_recognition_models. Raises ModelError."""
    spec = find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise ModelError(
        "dlib's face models are missing",
        where=name,
        hint="install the package face_recognition_models again",
    )


@cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(model_file(POINTS_FILE)))


def shape(rgb: Image, box: tuple[float, float, float, float]) -> dlib.full_object_detection:
    """dlib's own value for the five points of a face, for ``dlib.get_face_chip``.

    Args:
        rgb: uint8 (H, W, 3), RGB.
        box: left, top, right and bottom of the face, pixels.
    """
    return _predictor()(rgb, dlib.rectangle(*(round(edge) for edge in box)))


def five_points(rgb: Image, box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """float32 (5, 2): outer and inner corner of the eye on the image's right, of the other eye,
    base of the nose."""
    return np.array([(p.x, p.y) for p in shape(rgb, box).parts()], dtype=np.float32)


def landmarks_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Face.landmarks, float32 (5, 2), estimated from dlib's five ``points``."""
    plane = points[:, 0] + 1j * points[:, 1]
    left, right = plane[2:4].mean(), plane[0:2].mean()
    middle, unit = (left + right) / 2, right - left
    if unit == 0:
        return np.repeat(points[4:], 5, axis=0)
    nose = (plane[4] - middle) / unit
    found = middle + unit * (_MEAN + _BY_X * nose.real + _BY_Y * nose.imag)
    return np.stack([found.real, found.imag], axis=-1).astype(np.float32)
