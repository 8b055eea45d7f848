"""Models: those the configuration names, and those that guard against pictures of people."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.models.folder import State, state
from gate.models.table import model
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.liveness.assessment import active, build_watch

FETCH = "`gate models fetch` installs it anew"
# what an automatic choice takes when it is there, and what it takes otherwise
PREFERRED = {"detector": ("yunet", "dlib's HOG"), "encoder": ("retail-0095", "dlib's ResNet")}


def models(settings: Settings) -> Iterator[Finding]:
    """Detector and encoder are opened, as the gate will do. Raises ModelError."""
    chosen = {
        "detector": settings.recognition.detector,
        "encoder": settings.recognition.encoder,
    }
    for part, choice in chosen.items():
        better, otherwise = PREFERRED[part]
        if choice not in ("auto", better):
            continue
        at, where = state(model(better), settings.models)
        if at is State.DAMAGED:
            yield Finding(part, Level.BAD, f"{better} is damaged ({where})", FETCH)
        elif at is State.MISSING and choice == "auto":
            says = f"{better} is not installed; {otherwise} is used, which errs more often"
            yield Finding(part, Level.WARN, says, "`gate models fetch` installs it")
    detector = build_detector(settings.recognition, settings.models)
    yield Finding("detector", Level.OK, detector.name)
    encoder = build_encoder(settings.recognition, settings.models)
    yield Finding("encoder", Level.OK, f"{encoder.name}, {encoder.dimension} values")


def liveness(settings: Settings) -> Iterator[Finding]:
    """Raises ModelError for a network that cannot be read."""
    build_watch(settings.liveness, settings.models)
    says = active(settings.liveness, settings.models)
    weak = "`gate models fetch`" in says or settings.liveness.mode == "off"
    mend = "" if not weak else "install networks, or ask for a card as well as the face"
    yield Finding("liveness", Level.WARN if weak else Level.OK, says.split(";")[0], mend)
