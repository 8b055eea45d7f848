"""The ``[liveness]`` section: is it the person, or a picture of the person?"""

from __future__ import annotations

from typing import Literal

from gate.section import Section


class LivenessSettings(Section):
    """``required``: a face is held to be live before it opens, as far as the installed test can
    tell: with the networks well, without them (motion and display cues) a good print passes, and
    ``gate doctor`` says so. ``warn`` only reports.
    """

    mode: Literal["required", "warn", "off"] = "required"
