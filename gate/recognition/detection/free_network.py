"""Networks whose published graph fixes the size of the picture: loaded so that it is free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.convert.onnx_edit import free_input
from gate.recognition.face import Image
from gate.recognition.runtime import model_file, session

MULTIPLE = 32  # sides of a picture are multiples of it


def free_session(
    file: Path,
    shape: Sequence[int | str],
    outputs: Sequence[Sequence[int | str]],
    *,
    threads: int,
    otherwise: str = "not a model that ONNX Runtime can run",
) -> Any:
    """An ``onnxruntime.InferenceSession``, safe to use from several threads.

    Args:
        shape: of the input, ``outputs``: of each output, as ``free_input`` takes them.
        threads: cores a run may use; 0: all.
        otherwise: what the error says of a file the runtime refuses.

    Raises:
        ModelError: when ``file`` cannot be read or is another network.
    """
    content = model_file(file)
    try:
        return session(free_input(content, shape, outputs), threads)
    except ModelError as error:
        raise ModelError(error.what, where=str(file), hint="install the models again") from None
    except Exception as error:  # the runtime's own exceptions share no base class
        raise ModelError(
            f"{otherwise}: {str(error).splitlines()[0][:200]}",
            where=str(file),
            hint="install the models again",
        ) from None


def padded(picture: Image) -> Image:
    """The picture, uint8 (h, w, 3), with black to its right and below: sides of ``MULTIPLE``."""
    height, width = picture.shape[:2]
    whole = cv2.copyMakeBorder(
        picture, 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_CONSTANT
    )
    return np.asarray(whole, np.uint8)


def planes(picture: Image) -> NDArray[np.float32]:
    """A picture, uint8 (h, w, 3), as the networks take it: float32 (1, 3, h, w)."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32)
