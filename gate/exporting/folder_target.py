"""Records as files in a folder, each complete or not there at all."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from gate import files
from gate.exporting.settings import ExportSettings
from gate.exporting.target import Batch, DeliveryError, Receipt


class FolderTarget:
    """One file a batch, named by its records: written again it is the same file."""

    def __init__(self, settings: ExportSettings) -> None:
        self._folder = Path(unquote(urlsplit(settings.url).path))

    async def deliver(self, batch: Batch) -> Receipt:
        file = self._folder / batch.path / batch.name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.replace(file, batch.body, durable=True)
        except OSError as error:
            raise DeliveryError(
                f"the file cannot be written: {error.strerror}",
                where=str(file),
                hint="check the folder, its owner and the room on the disk; records wait meanwhile",
                certain=True,
            ) from None
        return Receipt()

    async def position(self) -> tuple[int, int] | None:
        return None

    async def close(self) -> None:
        pass
