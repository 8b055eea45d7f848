"""The values recognition works with. No code here reads a clock, a file or a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Image = NDArray[np.uint8]


class Unusable(StrEnum):
    """Why a face cannot carry an identity, in the order in which they are shown."""

    TOO_FAR = "too_far"
    CUT_OFF = "cut_off"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BACKLIGHT = "backlight"
    BLURRED = "blurred"
    TURNED = "turned"
    EYES_SHUT = "eyes_shut"
    MASK = "mask"
    OCCLUDED = "occluded"


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one face; see ``recognition/quality/assessment.py`` for how each is measured.

    All are None when not measured. Higher is better except for the angles.
    """

    size: float | None = None  # distance between the eyes, pixels
    sharpness: float | None = None  # 0..100, fine detail as a share of all detail
    brightness: float | None = None  # mean luminance of the face, 0..255
    contrast: float | None = None  # standard deviation of the luminance, 0..128
    yaw: float | None = None  # degrees, rough
    pitch: float | None = None  # degrees
    roll: float | None = None  # degrees
    eyes_open: float | None = None  # 0..1
    mask: float | None = None  # 0..1, 1 surely masked
    overall: float | None = None  # 0..1, fitted by error versus discard


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is in a frame, and whether it can be used.

    Attributes:
        box: left, top, right, bottom in pixels of the frame; may reach outside it.
        score: the detector's own confidence, 0..1.
        landmarks: float32 (5, 2): the eye on the image's left, the eye on the image's right,
            nose tip, mouth corner on the image's left, mouth corner on the image's right;
            None when the detector gives none.
        quality: figures, once measured.
        unusable: why it is not matched; None when it is good enough.
        detector: the name of what found it; boxes of different detectors are cut differently.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: NDArray[np.float32] | None = None
    quality: Quality | None = None
    unusable: Unusable | None = None
    detector: str = ""

    @property
    def width(self) -> float:
        """Of the box, pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Of the box, pixels."""
        return self.box[3] - self.box[1]

    def moved(self, right: float, down: float) -> Face:
        """The same face in an image whose origin lies so many pixels to the left and above.

        Args:
            right, down: pixels.
        """
        a, b, c, d = self.box
        landmarks = self.landmarks
        if landmarks is not None:
            landmarks = (landmarks + np.array((right, down))).astype(np.float32)
        box = (a + right, b + down, c + right, d + down)
        return replace(self, box=box, landmarks=landmarks)

    @property
    def area(self) -> float:
        """Of the box, square pixels."""
        return max(0.0, self.width) * max(0.0, self.height)


@dataclass(frozen=True, slots=True)
class Template:
    """What enrolment keeps of one photograph of one person: never the photograph.

    Attributes:
        person: the store's number of the person.
        vector: float32 (d,), unit length, raw: no site fit applied.
        encoder: name and version of what made it, e.g. "dlib/1" or "retail-0095/fp16".
        quality: 0..1 at enrolment.
        label: "generated" for filled-up demonstration galleries, else "".
    """

    person: int
    vector: Vector
    encoder: str
    quality: float = 1.0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of the gallery and how well the probe fits.

    ``score``: dimensionless, as of ``gate.recognition.matching``; higher is better.
    """

    person: int
    score: float


class Verdict(StrEnum):
    """What recognition makes of a tracked face so far."""

    WAIT = "wait"  # not enough evidence yet
    KNOWN = "known"  # enough evidence for ``best``
    DOUBTFUL = "doubtful"  # more frames will not help: ask for a card
    UNKNOWN = "unknown"  # nobody enrolled
    UNUSABLE = "unusable"  # no usable face: see ``guidance``
    ATTACK = "attack"  # a picture or a screen


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a living face is before the camera.

    ``score``: nats, a log-likelihood ratio, > 0 live.
    """

    method: str  # the networks joined by "+", "motion", "off"; with "/warn" it decides nothing
    score: float = 0.0
    live: bool | None = None  # None: unknown


@dataclass(frozen=True, slots=True)
class Sighting:
    """What recognition has gathered about one tracked person over several frames.

    Attributes:
        probe: float32 (d,), unit length, raw: what was gathered of the face. Only where faces are
            learnt from cards, in memory, for seconds.
    """

    track: int
    camera: str
    first_seen: float  # monotonic seconds
    last_seen: float
    frame: int
    face: Face
    frames: int  # frames in which the track was seen
    used: int  # frames that were encoded
    verdict: Verdict
    best: Candidate | None = None
    second: Candidate | None = None
    evidence: float = 0.0  # log-likelihood ratio, nats, for ``best`` against an impostor
    threshold: float = 0.0  # nats that ``evidence`` must reach
    guidance: Unusable | None = None  # what to show the person
    liveness: Liveness = field(default_factory=lambda: Liveness("off"))
    first_usable: float | None = None  # monotonic seconds of the first usable face
    encoder: str = ""
    fit: str = ""  # version of the site fit and calibration
    claimed: int | None = None  # the person whose card was shown, verified against this face
    # the face's box as shares of the frame's width and height; may reach outside 0..1
    place: tuple[float, float, float, float] | None = None
    claim_held: bool = False  # whether the face is theirs, at the threshold of verification
    probe: Vector | None = field(default=None, repr=False, compare=False)
