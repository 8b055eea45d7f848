"""The ``[[camera]]`` sections."""

from __future__ import annotations

from pydantic import Field

from gate.section import Section


class CameraSettings(Section):
    """One camera.

    ``source`` is a V4L2 device ("/dev/video0"), an RTSP or HTTP address, or, for trials, a video
    file or a folder of frames.
    """

    name: str = Field("main", pattern=r"^[a-z0-9-]{1,20}$")
    source: str = "/dev/video0"
    width: int = Field(640, ge=160, le=3840)
    height: int = Field(480, ge=120, le=2160)
    fps: float = Field(15.0, gt=0, le=120)
    # a camera without a frame for this long is considered lost and reopened
    silent_after: float = Field(3.0, gt=0, le=60)
    # the wait before the second attempt to open; doubles up to the limit
    retry_first: float = Field(0.5, gt=0, le=60)
    retry_most: float = Field(30.0, gt=0, le=3600)
