"""Whether this box can work with values of the hub, found out by a process of its own.

    python -m gate.replica.trial CONFIGURATION <values.json

Reads the configuration with them, loads the models they ask for and counts whom these know. Exit
status 1 with the reason on standard error when anything of it fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gate.config.settings import Settings, load
from gate.errors import GateError, ModelError
from gate.recognition.detection.detector import build_detector
from gate.services.encoder_choice import site_encoder
from gate.store.store import Store

_WITHIN = 300.0  # seconds; models are converted at their first use
_KNOWN = 0.9  # of the people with a face the encoder has to know so many


def tried(config: Path, values: Mapping[str, Any]) -> str:
    """Why the values cannot be used on this box, in one line; "" when they can."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "gate.replica.trial", str(config.absolute())],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            timeout=_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be tried: {type(error).__name__}"
    if not ran.returncode:
        return ""
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    return "; ".join(lines)[:200] or f"the trial ended with {ran.returncode}"


def trial(config: Path, values: Mapping[str, Any]) -> None:
    """Raises GateError with why they cannot be used."""
    now, then = load(config), load(config, hub=values)
    if _models_of(now) == _models_of(then):
        return
    with Store.open(then.store, then.data, create=False) as store:
        build_detector(then.recognition, then.models)
        encoder = site_encoder(then, store)
        known, faces = store.templates.known(encoder.name)
    if known < _KNOWN * faces:
        raise ModelError(
            f"{encoder.name} knows {known} of {faces} people with a face",
            where="recognition.encoder",
            hint="enrol the others with it at the hub first",
        )


def _models_of(settings: Settings) -> tuple[object, ...]:
    return settings.recognition, settings.models


def main(arguments: list[str]) -> int:
    os.nice(10)  # the gate serves meanwhile
    try:
        trial(Path(arguments[0]), json.load(sys.stdin))
    except GateError as error:
        print(error.what, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
