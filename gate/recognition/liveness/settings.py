"""The ``[liveness]`` section: is it the person, or a picture of the person?"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.section import Section


class LivenessSettings(Section):
    """Is it the person, or a picture of the person? See docs/liveness.md."""

    mode: Literal["required", "warn", "off"] = Field(
        "required",
        description='"required": a face is held to be live before it opens; "warn": only reported; '
        '"off". How well that can be detected depends on the models installed: without the '
        "networks of `gate models fetch` a good print or screen passes. See `gate "
        "doctor` and docs/liveness.md.",
    )
