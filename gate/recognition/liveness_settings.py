"""The ``[liveness]`` section: is it the person, or a picture of the person?"""

from __future__ import annotations

from typing import Literal

from gate.section import Section


class LivenessSettings(Section):
    """``required`` opens for nobody who is not shown to be live; ``warn`` only reports."""

    mode: Literal["required", "warn", "off"] = "required"
