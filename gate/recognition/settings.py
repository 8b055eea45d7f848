"""``[recognition]`` of config/gate.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from gate.section import Section

ENCODERS = ("auto", "dlib", "retail-0095", "reference")


class RecognitionSettings(Section):
    """How faces are found and told apart."""

    # auto: the best whose files are installed
    detector: Literal["auto", "hog", "yunet"] = "auto"
    # auto, dlib, retail-0095, reference, or the path of a file in dlib's own format
    encoder: str = "auto"
    # where installed models are; empty: GATE_MODELS_DIR, else var/models
    models_dir: str = ""
    # where converted models are kept
    cache_dir: Path = Path("var/models")
    # pixels: faces less wide than this are not looked for
    min_face: int = Field(60, ge=24, le=400)
    # cores a network may use; 0: all
    threads: int = Field(0, ge=0, le=64)
    # encode the mirror image too
    mirror: bool = True

    @field_validator("encoder")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ENCODERS and not value.endswith(".dat"):
            raise ValueError(f"allowed: {', '.join(ENCODERS)}, or a file of dlib's (*.dat)")
        return value

    def models_folder(self) -> Path:
        """The folder of installed models."""
        return Path(self.models_dir or os.environ.get("GATE_MODELS_DIR") or "var/models")
