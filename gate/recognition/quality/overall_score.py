"""All measures of a face in one figure: how well it will match other pictures of its person.

Fitted by ``python -m research.error_versus_discard --write`` on pairs of LFW, pictures also made
smaller, blurred, darker and noisy; so that the faces with the lowest figure are those whose
removal lowers FNIR most (error versus discard, ISO/IEC 29794-1).
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path

from gate.recognition.face import Quality

COEFFICIENTS = Path(__file__).with_name("overall_score.json")


def overall(quality: Quality, detection: float) -> float:
    """0..1. ``detection``: YuNet's confidence, 0..1."""
    weights = _weights()
    value = sum(weights[name] * part for name, part in terms(quality, detection).items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def terms(quality: Quality, detection: float) -> dict[str, float]:
    """What the fit may use, dimensionless: each about 0 for a good face, and bounded.

    Args:
        detection: YuNet's confidence, 0..1.
    """
    size, sharpness = quality.size or 0.0, quality.sharpness or 0.0
    light, contrast = quality.brightness or 0.0, quality.contrast or 0.0
    yaw, pitch = abs(quality.yaw or 0.0) / 45, abs(quality.pitch or 0.0) / 45
    return {
        "constant": 1.0,
        "small": max(0.0, math.log(45 / max(size, 5.0))),
        "blurred": max(0.0, 1 - sharpness / 20),
        "dark": max(0.0, 1 - light / 90),
        "bright": max(0.0, light / 170 - 1),
        "flat": max(0.0, 1 - contrast / 35),
        "yaw": min(yaw, 2.0) ** 2,
        "pitch": min(pitch, 2.0) ** 2,
        "shut": 1 - (1.0 if quality.eyes_open is None else quality.eyes_open),
        "mask": quality.mask or 0.0,
        "doubt": max(0.0, min(1.0, (0.95 - detection) * 4)),
    }


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    kept: dict[str, float] = json.loads(COEFFICIENTS.read_text())
    return kept
