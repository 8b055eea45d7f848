"""The ``[models]`` section."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from gate.section import Section


class ModelsSettings(Section):
    """Where model files are kept and how they are fetched."""

    folder: Path = Field(
        Path("var/models"),
        description="installed files; the folder named by GATE_MODELS_DIR is searched too, and "
        "never written to",
    )
    provenance: Literal["any", "stated"] = Field(
        "any",
        description="stated: only models whose publisher states the data they were trained on are "
        "used",
    )
