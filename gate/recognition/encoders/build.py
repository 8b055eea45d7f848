"""The encoder that the configuration names."""

from __future__ import annotations

from pathlib import Path

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.encoders.encoder import Encoder
from gate.recognition.encoders.reference import ReferenceEncoder
from gate.recognition.encoders.retail_0095 import Retail0095
from gate.recognition.encoders.sface import SFace
from gate.recognition.settings import RecognitionSettings


def build_encoder(settings: RecognitionSettings, models: ModelsSettings) -> Encoder:
    """The encoder of ``settings.encoder``; "auto" is retail-0095 where installed, else dlib's.

    Raises ModelError when its files are missing.
    """
    name, mirror, threads = settings.encoder, settings.mirror, settings.threads
    cache = models.folder
    if name == "reference":
        return ReferenceEncoder()
    if name in ("auto", "retail-0095"):
        xml = find("retail-0095", models)
        if xml is not None:
            return Retail0095(xml, cache, mirror=mirror, threads=threads)
    if name in ("auto", "dlib"):
        return DlibEncoder(cache, mirror=mirror, threads=threads)
    file = Path(name) if name.endswith(".dat") else find(name, models)
    if file is None:
        raise ModelError(
            f"the files of the encoder {name} are not installed",
            where=str(models.folder),
            mend='install them with `gate models fetch`, or set encoder = "auto"',
        )
    if name == "sface":
        return SFace(file, mirror=mirror)
    return DlibEncoder(cache, file=file, mirror=mirror, threads=threads)
