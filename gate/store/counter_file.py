"""Counters of commands that were obeyed and could not be written into the database yet.

A small file beside it, made while there was room: overwriting it needs none. A gate that dies
before the database can be written again does not obey the same message a second time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

_SLOT = 4096  # bytes; two of them, written in turn, so that a torn one leaves the other
_DIGEST = 32


class CounterFile:
    """Belongs to one thread. A file that cannot be made or read is logged: less is kept then."""

    def __init__(self, path: Path | None) -> None:
        """``path``: None keeps nothing, for databases that are not files."""
        self._path = path
        self._turn = 0
        if path is not None:
            try:
                if not path.exists() or path.stat().st_size < 2 * _SLOT:
                    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                        file.write(bytes(2 * _SLOT))
            except OSError as error:
                log.warning("command.counters", extra={"cause": str(error)})

    def read(self) -> dict[str, int]:
        """The counters written last, by key."""
        newest = -1
        found: dict[str, int] = {}
        for place in (0, 1):
            slot = self._slot(place)
            if slot is not None and slot[0] > newest:
                newest, found = slot
                self._turn = newest
        return found

    def write(self, counters: dict[str, int]) -> None:
        """Replace what is kept; on the disk when this returns, if the disk can be written."""
        if self._path is None:
            return
        self._turn += 1
        body = json.dumps({"turn": self._turn, "counters": counters}).encode()
        if len(body) > _SLOT - _DIGEST - 1:
            log.error("command.counters", extra={"cause": "too many keys"})
            return
        slot = hashlib.sha256(body).digest() + body
        try:
            with self._path.open("r+b", buffering=0) as file:
                file.seek(self._turn % 2 * _SLOT)
                file.write(slot.ljust(_SLOT, b"\0"))
                os.fsync(file.fileno())
        except OSError as error:
            log.error("command.counters", extra={"cause": str(error)})

    def _slot(self, place: int) -> tuple[int, dict[str, int]] | None:
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(place * _SLOT)
                slot = file.read(_SLOT)
            digest, body = slot[:_DIGEST], slot[_DIGEST:].rstrip(b"\0")
            if hashlib.sha256(body).digest() != digest:
                return None
            kept = json.loads(body)
            counters = {str(key): int(value) for key, value in kept["counters"].items()}
            return int(kept["turn"]), counters
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
