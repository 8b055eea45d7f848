"""The whole register of a gate: loaded beside, checked by its hash, then applied piece by piece."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gate.errors import StoreError
from gate.replica.apply import Applier, Cursor


class Arriving:
    """A file beside the register; nothing of it counts before ``whole``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._file = path.open("wb")

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)

    def whole(self) -> Path:
        """The file, complete and as the hub sent it. Raises StoreError."""
        self._file.close()
        digest, last, count = hashlib.sha256(), b"", -1
        with self._path.open("rb") as file:
            for line in file:
                digest.update(last)
                last, count = line, count + 1
        try:
            end = json.loads(last)
            right = end["sha256"] == digest.hexdigest() and end["end"] == count - 1
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            raise StoreError(
                "a snapshot arrived incomplete",
                where=str(self._path),
                hint="nothing: it is asked for again",
            )
        return self._path

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def apply_snapshot(applier: Applier, path: Path) -> tuple[int, int, Cursor]:
    """Who left, who changed, and the number it is of.

    Deletions come first, then changes, in transactions as small as those of the feed: a decision
    meanwhile sees each person whole, as before or as after. Killed half way, it is begun again.
    """
    lines = _lines(path)
    head = next(lines)
    applier.take_keys(head["keys"])
    applier.gone(head.get("erased", ()))  # these ask for a receipt
    left = applier.keep_only({record["ref"] for record in _lines(path) if "ref" in record})
    changed = applier.records(record for record in lines if "ref" in record)
    applier.rules(head["rules"])
    applier.calibrations(head["calibrations"])
    if "configuration" in head:  # a hub of before does not know of it
        applier.configuration(head["configuration"])
    cursor = Cursor(head["n"], head["mark"], head["scope"])
    applier.move(cursor)
    return left, changed, cursor


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)
