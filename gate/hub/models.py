"""Model files for boxes without internet: by their hashes, in pieces a box can go on from."""

from __future__ import annotations

from gate.errors import StoreError
from gate.models.folder import folders, is_whole
from gate.models.settings import ModelsSettings
from gate.models.table import MODELS

PIECE = 1 << 20  # bytes of one answer


class Shelf:
    """The model files that are installed on the hub's machine, whole, and have a published hash.

    Any thread.
    """

    def __init__(self, settings: ModelsSettings) -> None:
        self._settings = settings

    def piece(self, sha256: str, start: int) -> bytes | None:
        """At most ``PIECE`` bytes from ``start``; empty at the end, None for a file that is not
        there. Raises StoreError when it cannot be read.
        """
        files = (file for known in MODELS for file in known.files if file.sha256 == sha256)
        file = next(files, None)
        if file is None or file.sha256 is None:
            return None
        for folder in folders(self._settings):
            path = folder / file.path
            if not is_whole(path, file):
                continue
            try:
                with path.open("rb") as handle:
                    handle.seek(start)
                    return handle.read(PIECE)
            except OSError as error:
                raise StoreError(
                    f"a model file cannot be read: {error.strerror}",
                    where=str(path),
                    hint="check its owner and the disk of the hub, then `gate models verify`",
                ) from error
        return None
