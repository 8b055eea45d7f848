"""The encoder that the configuration names."""

from __future__ import annotations

from pathlib import Path

from gate.errors import ModelError
from gate.recognition.encoders import retail_0095
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.encoders.encoder import Encoder
from gate.recognition.encoders.reference import ReferenceEncoder
from gate.recognition.encoders.retail_0095 import Retail0095
from gate.recognition.settings import RecognitionSettings


def build_encoder(settings: RecognitionSettings) -> Encoder:
    """The encoder of ``settings.encoder``. Raises ModelError when its files are missing.

    "auto" is retail-0095 where its files are installed and dlib's elsewhere.
    """
    name, cache = settings.encoder, settings.cache_dir
    models = settings.models_folder()
    xml = retail_0095.find(models)
    if name == "reference":
        return ReferenceEncoder()
    if name == "dlib" or (name == "auto" and xml is None):
        return DlibEncoder(cache, mirror=settings.mirror, threads=settings.threads)
    if name in ("auto", "retail-0095"):
        if xml is None:
            raise ModelError(
                "the files of the encoder retail-0095 are not installed",
                where=str(models),
                mend='install them with `gate models fetch`, or set encoder = "auto"',
            )
        return Retail0095(xml, cache, mirror=settings.mirror, threads=settings.threads)
    return DlibEncoder(cache, file=Path(name), mirror=settings.mirror, threads=settings.threads)
