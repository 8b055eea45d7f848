"""What the desk needs to work with faces, or the reason why it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces


@dataclass(frozen=True, slots=True)
class Faces:
    """``known`` is of the first of the examiner's encoders: the one the gate matches with."""

    examiner: Examiner
    known: KnownFaces

    @property
    def encoder(self) -> str:
        return self.examiner.encoders[0].name
