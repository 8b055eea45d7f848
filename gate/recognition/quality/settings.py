"""The ``[quality]`` section: what is asked of a face before it is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from gate.section import Section


class Limits(Section):
    """Limits of one use; see docs/quality.md for what each costs.

    ``backlight``: dimensionless.
    """

    advanced: ClassVar[frozenset[str]] = frozenset(
        {
            "size",
            "sharpness",
            "darkest",
            "brightest",
            "backlight",
            "light_forgiven",
            "yaw",
            "pitch",
            "eyes_open",
            "cut_off",
            "overall",
        }
    )

    size: float = Field(20.0, ge=8, le=200, description="pixels between the eyes")
    sharpness: float = Field(
        7.5,
        ge=0,
        le=100,
        description="0..100: how much fine detail there is; 99 in 100 photographs of LFW have 9.5 "
        "and more",
    )
    darkest: float = Field(
        35.0, ge=0, le=255, description="lowest mean luminance of the face, 0 to 255"
    )
    brightest: float = Field(
        235.0, ge=0, le=255, description="highest mean luminance of the face, 0 to 255"
    )
    backlight: float = Field(
        3.0,
        ge=1,
        le=50,
        description="how many times brighter the surroundings may be than a dark face",
    )
    light_forgiven: float = Field(
        0.6,
        ge=0,
        le=1,
        description="0..1: with so much overall quality light from behind is no reason to refuse",
    )
    yaw: float = Field(40.0, ge=5, le=90, description="degrees to the side")
    pitch: float = Field(35.0, ge=5, le=90, description="degrees up or down")
    eyes_open: float = Field(
        0.38, ge=0, le=1, description="0..1; below it the eyes are considered closed"
    )
    cut_off: float = Field(
        0.12, ge=0, le=1, description="share of the face that may lie outside the picture"
    )
    overall: float = Field(
        0.3, ge=0, le=1, description="0..1, all measures together, fitted to what they are worth"
    )


ENROLMENT = Limits(
    size=32.0,
    sharpness=9.0,
    darkest=50.0,
    brightest=225.0,
    backlight=2.5,
    light_forgiven=1.0,
    yaw=35.0,  # templates turned 25 to 35 degrees lose nothing: research.turned
    pitch=20.0,
    eyes_open=0.4,
    cut_off=0.02,
    overall=0.6,
)


class QualitySettings(Section):
    """What is required of a face before it is compared."""

    mask: Literal["ask", "card", "try"] = Field(
        "ask",
        description='a mask is worn: "ask" to take it off or show a card, "card" only a card, "try"'
        " what is seen",
    )
    gate: Limits = Field(
        Limits(), description="Limits at the gate; see docs/quality.md for what each costs."
    )
    enrolment: Limits = Field(
        ENROLMENT,
        description="The same at enrolment: stricter, because one good photograph is worth "
        "more than three poor ones.",
    )

    @field_validator("enrolment", mode="before")
    @classmethod
    def _what_is_not_set_is_that_of_enrolment(cls, given: Any) -> Any:
        """Not that of the gate, which the class of both has as its defaults."""
        return {**ENROLMENT.model_dump(), **given} if isinstance(given, Mapping) else given
