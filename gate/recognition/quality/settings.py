"""The ``[quality]`` section: what is asked of a face before it is compared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.section import Section


class Limits(Section):
    """Limits of one use; see docs/quality.md for what each costs."""

    # pixels between the eyes
    size: float = Field(20.0, ge=8, le=200)
    # 0..100: how much fine detail there is; 99 in 100 photographs of LFW have 9.5 and more
    sharpness: float = Field(7.5, ge=0, le=100)
    # mean luminance of the face, 0..255
    darkest: float = Field(35.0, ge=0, le=255)
    brightest: float = Field(235.0, ge=0, le=255)
    # how many times brighter the surroundings may be than a dark face
    backlight: float = Field(3.0, ge=1, le=50)
    # degrees to the side, and up or down
    yaw: float = Field(40.0, ge=5, le=90)
    pitch: float = Field(35.0, ge=5, le=90)
    # 0..1; below it the eyes are taken for shut
    eyes_open: float = Field(0.38, ge=0, le=1)
    # share of the face that may lie outside the picture
    cut_off: float = Field(0.12, ge=0, le=1)
    # 0..1, all measures together, fitted to what they are worth
    overall: float = Field(0.3, ge=0, le=1)


ENROLMENT = Limits(
    size=32.0,
    sharpness=9.0,
    darkest=50.0,
    brightest=225.0,
    backlight=2.5,
    yaw=25.0,
    pitch=20.0,
    eyes_open=0.4,
    cut_off=0.02,
    overall=0.6,
)


class QualitySettings(Section):
    """Masks, and the limits at the gate and at enrolment."""

    # ask: to take the mask off or show a card; card: only a card; try: compare what is seen
    mask: Literal["ask", "card", "try"] = "ask"
    gate: Limits = Limits()
    enrolment: Limits = ENROLMENT
