"""The ``[models]`` section."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from gate.section import Section


class ModelsSettings(Section):
    """Where model files are kept and how they are fetched."""

    # installed files; the folder named by GATE_MODELS_DIR is searched too, and never written to
    folder: Path = Path("var/models")
    # stated: only models whose publisher states the data they were trained on are used
    provenance: Literal["any", "stated"] = "any"
    # seconds without a byte after which a server is given up
    silent_after: float = Field(15.0, gt=0, le=300)
    # further attempts, each going on where the last one broke off
    retries: int = Field(4, ge=0, le=100)
