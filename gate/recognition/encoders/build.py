"""The encoder that the configuration names, or the best whose files are installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.landmarks import LandmarkReader, build_reader
from gate.recognition.encoders.composite import Composite
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.encoders.encoder import Encoder, SimilarityStatistics
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.reference import ReferenceEncoder
from gate.recognition.encoders.refined import Refined
from gate.recognition.encoders.retail_0095 import Retail0095
from gate.recognition.encoders.sface import SFace
from gate.recognition.settings import RecognitionSettings

BOTH = "retail-0095+faceplugin"
# the models each encoder needs that "auto" may choose, best first; dlib's needs none
AUTOMATIC = {
    BOTH: ("retail-0095", "faceplugin"),
    "retail-0095": ("retail-0095",),
    "faceplugin": ("faceplugin",),
    "dlib": (),
}
SHARE = 0.5  # of retail-0095 in the score of both; docs/recognition.md has the figures


@dataclass(frozen=True, slots=True)
class _Parts:
    """What encoders are built from; networks are opened when they are needed."""

    settings: RecognitionSettings
    models: ModelsSettings
    reader: LandmarkReader | None

    def retail(self, *, brief_mirror: bool = True, threads: int | None = None) -> Retail0095:
        xml = self._file("retail-0095")
        settings = self.settings
        return Retail0095(
            xml,
            self.models.folder,
            mirror=settings.mirror,
            brief_mirror=brief_mirror,
            threads=settings.threads if threads is None else threads,
        )

    def faceplugin(self) -> Faceplugin:
        file = self._file("faceplugin")
        return Faceplugin(file, mirror=self.settings.mirror, threads=self.settings.threads)

    def both(self) -> Composite:
        # they run at once: a network that waits for the core of the other is slower than alone
        retail, other = self.retail(brief_mirror=False, threads=1), self.faceplugin()
        plain = "" if self.settings.mirror else "-plain"
        return Composite(
            f"{BOTH}/1{plain}",
            ((retail, SHARE), (other, 1 - SHARE)),
            SimilarityStatistics(continues=0.65, apart=0.70),
        )

    def dlib(self) -> DlibEncoder:
        settings = self.settings
        return DlibEncoder(self.models.folder, mirror=settings.mirror, threads=settings.threads)

    def refined(self, encoder: Encoder) -> Encoder:
        return encoder if self.reader is None else Refined(encoder, self.reader)

    def _file(self, name: str) -> Path:
        file = find(name, self.models)
        if file is None:
            raise ModelError(
                f"the files of the encoder {name} are not installed",
                where=str(self.models.folder),
                hint='install them with `gate models fetch`, or set encoder = "auto"',
            )
        return file


def build_encoder(
    settings: RecognitionSettings, models: ModelsSettings, enrolled: str = ""
) -> Encoder:
    """The encoder of ``settings.encoder``.

    "auto" is the best whose files are installed; but where a gallery was enrolled with another one
    that can still be built, it goes on with that.

    Args:
        enrolled: the name of the encoder most templates of the gallery are of; "" for none.

    Raises:
        ModelError: when its files are missing.
    """
    name = settings.encoder
    if name == "reference":
        return ReferenceEncoder()
    parts = _Parts(settings, models, build_reader(models))
    if name == "sface":
        return SFace(parts._file(name), mirror=settings.mirror)
    ways = dict(_ways(parts))
    if name != "auto" and name not in AUTOMATIC:
        file = Path(name) if name.endswith(".dat") else parts._file(name)
        return DlibEncoder(
            models.folder, file=file, mirror=settings.mirror, threads=settings.threads
        )
    chosen = [name] if name != "auto" else [n for n in AUTOMATIC if _there(n, models)]
    if enrolled:
        for each in chosen:
            for build in ways[each]:
                encoder = build()
                if encoder.name == enrolled:
                    return encoder
    return ways[chosen[0]][0]()


def automatic(models: ModelsSettings) -> str:
    """The name of the encoder that an empty gallery begins with."""
    return next(name for name in AUTOMATIC if _there(name, models))


def _there(name: str, models: ModelsSettings) -> bool:
    return all(find(model, models) is not None for model in AUTOMATIC[name])


def _ways(parts: _Parts) -> Iterator[tuple[str, list[Callable[[], Encoder]]]]:
    """How each encoder is built today, and how templates enrolled earlier were made."""
    yield BOTH, [lambda: parts.refined(parts.both()), parts.both]
    yield "retail-0095", [lambda: parts.refined(parts.retail()), parts.retail]
    yield "faceplugin", [lambda: parts.refined(parts.faceplugin()), parts.faceplugin]
    yield "dlib", [parts.dlib]
