"""What the new software does with a copy of the data, run by the new software itself.

    python -m gate.update.trial CONFIGURATION DATA

Opens the copy (which migrates it), reads every face, loads the models and prints what is there.
Exit status 1 with the reason on standard error when anything of it fails.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gate import __version__
from gate.config.settings import load
from gate.errors import GateError
from gate.recognition.detection.detector import build_detector
from gate.services.encoder_choice import site_encoder
from gate.services.gallery_sync import KnownFaces
from gate.store.migrate import revision
from gate.store.store import Store


def trial(config: Path, data: Path) -> dict[str, object]:
    """Raises GateError."""
    settings = load(config).model_copy(update={"data": data})
    with Store.open(settings.store, data, create=False, copied=False) as store:
        build_detector(settings.recognition, settings.models)
        encoder = site_encoder(settings, store)
        known = KnownFaces(store, encoder.name, encoder.dimension)
        return {
            "software": __version__,
            "schema": revision(store.database),
            "people": store.people.count(),
            "events": store.events.count(),
            "faces": known.matcher().people,
        }


def main(arguments: list[str]) -> int:
    try:
        found = trial(Path(arguments[0]), Path(arguments[1]))
    except GateError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
