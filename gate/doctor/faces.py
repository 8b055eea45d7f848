"""Models: those the configuration names, and those that guard against pictures of people."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.models.folder import State, accepted, state
from gate.models.table import model
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import build_encoder
from gate.recognition.liveness.assessment import (
    active,
    build_watch,
    calls_attacks,
    lacking,
    networks,
)

FETCH = "`gate models fetch` installs it again"
# models that an automatic choice takes when they are there, and what is lacking without them
WANTED = {
    "detector": (("yunet", "centerface"), "faces are found and their landmarks read less well"),
    "encoder": (("retail-0095", "faceplugin"), "the encoder that is used errs more often"),
}


def models(settings: Settings) -> Iterator[Finding]:
    """Detector and encoder are opened, as the gate will do. Raises ModelError."""
    chosen = {
        "detector": settings.recognition.detector,
        "encoder": settings.recognition.encoder,
    }
    for part, (names, without) in WANTED.items():
        missing = []
        for name in names:
            wanted = chosen[part] == "auto" or name in chosen[part]
            if not wanted or not accepted(model(name), settings.models):
                continue
            at, where = state(model(name), settings.models)
            if at is State.DAMAGED:
                yield Finding(part, Level.BAD, f"{name} is damaged ({where})", FETCH)
            elif at is State.MISSING and chosen[part] == "auto":
                missing.append(name)
        if missing:
            says = f"{' and '.join(missing)}: not installed; {without}"
            yield Finding(part, Level.WARN, says, "`gate models fetch` installs what is missing")
    detector = build_detector(settings.recognition, settings.models)
    yield Finding("detector", Level.OK, detector.name)
    encoder = build_encoder(settings.recognition, settings.models)
    yield Finding("encoder", Level.OK, f"{encoder.name}, {encoder.dimension} values")


def liveness(settings: Settings) -> Iterator[Finding]:
    """Raises ModelError for a network that cannot be read."""
    build_watch(settings.liveness, settings.models)
    says = active(settings.liveness, settings.models)
    weak = "`gate models fetch`" in says or settings.liveness.mode == "off"
    hint = _advice(settings) if weak else ""
    yield Finding("liveness", Level.WARN if weak else Level.OK, says.split(";")[0], hint)


def _advice(settings: Settings) -> str:
    used, others = networks(settings.models), " + ".join(lacking(settings.models))
    if settings.liveness.mode != "required" or not others:
        return "install networks, or ask for a card as well as the face"
    brings = f"`gate models fetch` brings {others}"
    if not used:
        return f"{brings}: a face alone then opens where it is held to be live"
    if calls_attacks(used):
        return f"{brings}: fewer living people are then asked for a card"
    return (
        f"{brings}: fewer living people are then asked for a card, and pictures held up are "
        "reported as attacks"
    )
