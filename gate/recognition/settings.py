"""``[recognition]`` of config/gate.toml."""

from __future__ import annotations

from typing import Literal

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
    """How faces are found, told apart and decided upon."""

    # auto: YuNet where its file is installed, else CenterFace, else dlib's HOG
    detector: Literal["auto", "hog", "yunet", "centerface"] = "auto"
    # one of ENCODERS, or the path of a file in dlib's own format
    encoder: str = "auto"
    # pixels: faces less wide than this are not looked for
    min_face: int = Field(60, ge=24, le=400)
    # cores a network may use; 0: all
    threads: int = Field(0, ge=0, le=64)
    # look at a face mirrored too, and with retail-0095 cut out wider
    mirror: bool = True
    # seconds between two searches of the whole image; between them only the surroundings of known
    # faces are searched, or what has changed
    search_busy: float = Field(1.0, ge=0, le=5)
    # seconds between two searches of what has changed while nobody is there
    search_idle: float = Field(0.1, ge=0, le=2)
    # seconds between two encodings of a face that is not decided yet
    interval: float = Field(0.1, ge=0, le=2)
    # seconds after which a face that is decided is looked at again
    recheck: float = Field(1.0, ge=0.1, le=60)
    # seconds from the first usable face after which a card is asked for or the person is unknown:
    # with temperature, status and screen the answer has to come within one second
    patience: float = Field(0.6, ge=0.3, le=20)
    # residents that may be taken for impostors, share: where a sequential test gives up
    fnir: float = Field(0.01, gt=0, lt=0.5)
    # faces encoded in one frame at most, largest first
    max_faces: int = Field(4, ge=1, le=16)

    @field_validator("encoder")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ENCODERS and not value.endswith(".dat"):
            raise ValueError(f"allowed: {', '.join(ENCODERS)}, or a file of dlib's (*.dat)")
        return value
