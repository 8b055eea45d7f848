"""``[recognition]`` of config/gate.toml."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gate.section import Section

ENCODERS = (
    "auto",
    "retail-0095+faceplugin",
    "retail-0095",
    "faceplugin",
    "dlib",
    "sface",
    "taguchi",
    "reference",
)


class RecognitionSettings(Section):
    """How faces are found, encoded and matched."""

    advanced: ClassVar[frozenset[str]] = frozenset(
        {"threads", "mirror", "search_busy", "interval", "recheck", "patience"}
    )

    detector: Literal["auto", "hog", "yunet", "centerface"] = Field(
        "auto",
        description='what finds faces: "yunet", "centerface", "hog" (dlib\'s, always there), or '
        '"auto": the first of these that is installed',
    )
    encoder: str = Field(
        "auto",
        description='what makes a face a vector: "retail-0095+faceplugin" (both side by side), '
        '"retail-0095", "faceplugin", "dlib", "taguchi", "sface", "reference" (face_recognition '
        "itself, slow), the path of a file in dlib's own format (*.dat), or "
        '"auto": the first of these that is installed. A gallery goes on with the encoder it was '
        "enrolled with: one is never matched with another.",
    )
    min_face: int = Field(
        60, ge=24, le=400, description="pixels; faces less wide than this are not looked for"
    )
    threads: int = Field(
        0, ge=0, le=64, description="processor cores that a network may use; 0: all"
    )
    mirror: bool = Field(
        True,
        description="look at a face mirrored too, and with retail-0095 cut out wider: better, two "
        "to four times the work",
    )
    search_busy: float = Field(
        1.0,
        ge=0,
        le=5,
        description="seconds between two searches of the whole image; between them only the "
        "surroundings of the faces known are searched, or what has changed",
    )
    interval: float = Field(
        0.1,
        ge=0,
        le=2,
        description="seconds between two encodings of a face that is not decided yet",
    )
    recheck: float = Field(
        1.0,
        ge=0.1,
        le=60,
        description="seconds after which a face that is decided is looked at again",
    )
    patience: float = Field(
        0.6,
        ge=0.3,
        le=20,
        description="seconds from the first usable face after which a card is asked for, or the "
        "person is unknown; with temperature, status and screen the answer has to come "
        "within one second",
    )

    @field_validator("encoder")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ENCODERS and not value.endswith(".dat"):
            raise ValueError(f"allowed: {', '.join(ENCODERS)}, or a file of dlib's (*.dat)")
        return value
