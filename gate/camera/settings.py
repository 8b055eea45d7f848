"""The ``[[camera]]`` sections."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_serializer

from gate.section import Section

Turn = Literal[0, 90, 180, 270]
"""Degrees clockwise."""


class CameraSettings(Section):
    """One to four cameras.

    ``source`` is a V4L2 device ("/dev/video0"), an RTSP or HTTP address, or, for trials, a video
    file or a folder of frames.
    """

    name: str = Field("main", pattern=r"^[a-z0-9-]{1,20}$", description="its name in events")
    source: str = Field(
        "/dev/video0",
        description="a V4L2 device, an RTSP address, or for trials a video file or a folder of "
        "frames",
    )
    source_file: Path | None = Field(
        None,
        description="a file that holds the source, for an address with a password: then it "
        "is in no configuration. Mode 0600, or a credential of systemd",
    )
    width: int = Field(
        640, ge=160, le=3840, description="pixels; the nearest size that the camera has"
    )
    height: int = Field(480, ge=120, le=2160, description="pixels")
    fps: float = Field(15.0, gt=0, le=120, description="frames per second")
    rotate: Turn = Field(
        0,
        description="degrees clockwise by which its pictures are turned, so that people stand "
        "upright in them: 90 or 270 for a camera mounted on its side, 180 upside down",
    )
    silent_after: float = Field(
        3.0,
        gt=0,
        le=60,
        description="seconds without a frame after which the camera is considered lost and opened "
        "again",
    )

    @field_serializer("source", when_used="json")
    def _without_password(self, source: str) -> str:
        return masked(source)


def masked(source: str) -> str:
    """``source`` as it may be shown: without what an address carries as password.

    That is a password before the host, and the values of the parameters cameras take one in. Where
    an address is written wrongly, rather too much is left out.
    """
    # to the last @: somebody may have written /, # or : in a password, or forgotten the scheme
    scheme = re.match(r"(?:[A-Za-z][\w+.-]*:/+)?", source)
    begin = scheme.end() if scheme else 0
    hidden = source[:begin] + re.sub(r"(?s)^([^:]*):.*@", r"\1:***@", source[begin:])
    return re.sub(r"(?i)([?&;](?:pass\w*|pwd|token|auth|key)=)[^&;#]*", r"\1***", hidden)
