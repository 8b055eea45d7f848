"""The encoder of a site: what its gallery was enrolled with decides, where nothing else is set."""

from __future__ import annotations

from gate.config.settings import Settings
from gate.recognition.encoders import Encoder, build_encoder
from gate.store.store import Store


def site_encoder(settings: Settings, store: Store) -> Encoder:
    """The encoder that the gate, the desk and the command line use at this site.

    Templates of different encoders cannot be compared, so a gallery goes on with the encoder most
    of its templates are of, although a better one may have been installed since.

    Raises ModelError, StoreError.
    """
    counts = store.templates.count()
    enrolled = max(counts, key=lambda name: counts[name], default="")
    return build_encoder(settings.recognition, settings.models, enrolled)
