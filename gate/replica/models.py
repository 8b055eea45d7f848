"""Model files from the hub: what a configuration names and this box lacks, piece by piece.

They lie in ``hub/models`` in the data folder, beside the box's own, and count only for a
configuration that names them (``ModelsSettings.carried``). A file takes its place once its size
and hash were found right; until then its part lies beside it and is gone on with.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gate.config import from_hub
from gate.config.settings import load
from gate.errors import ConfigurationError, ModelError
from gate.models.folder import State, accepted, is_whole, state
from gate.models.install import Progress, part_of, settle
from gate.models.table import ModelFile, model
from gate.replica.identity import Identity
from gate.replica.reach import why_not

_SPARE = 200 << 20  # bytes of the disk that models leave to the register
_WAIT = httpx.Timeout(15.0, connect=3.0)


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that is fetched from the hub, and the folder it is for."""

    file: ModelFile
    folder: Path

    @property
    def target(self) -> Path:
        return self.folder / self.file.path

    @property
    def size(self) -> int:
        return self.file.size or 0

    @property
    def there(self) -> int:
        """Bytes that have come."""
        try:
            return part_of(self.target, self.file).stat().st_size
        except OSError:
            return 0

    def keep(self, start: int, piece: bytes) -> bool:
        """Add what follows the first ``start`` bytes. Whether the file is whole and in its place.

        Raises ModelError: another file came, which is thrown away, or the disk refuses.
        """
        part = part_of(self.target, self.file)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("ab") as handle:
                handle.truncate(start)
                handle.write(piece)
        except OSError as error:
            raise ModelError(
                f"the model cannot be written: {error.strerror}",
                where=str(part),
                hint="check owner and room of the data folder",
            ) from None
        if start + len(piece) < self.size:
            return False
        settle(part, self.target, self.file)
        return True


def missing(config: Path, values: Mapping[str, Any]) -> tuple[MissingFile, ...]:
    """The files that a configuration of the hub needs and this box does not have.

    Raises ConfigurationError when the values do not fit the box's own file, ModelError when the
    disk has no room for the files.
    """
    settings = load(config, hub=values)
    carried = settings.models.carried
    if carried is None:
        return ()
    folder, names = carried
    found = []
    for known in (model(name) for name in sorted(names)):
        if not accepted(known, settings.models):
            continue
        if state(known, settings.models)[0] is State.INSTALLED:
            continue
        files = [file for file in known.files if file.sha256 is not None]
        found += [MissingFile(f, folder) for f in files if not is_whole(folder / f.path, f)]
    _room_for(found, settings.data)
    return tuple(found)


def _room_for(files: Sequence[MissingFile], data: Path) -> None:
    needed = sum(each.size - each.there for each in files)
    free = shutil.disk_usage(data).free if data.exists() else 0
    if files and data.exists() and free < needed + _SPARE:
        raise ModelError(
            f"the models need {needed / 1e6:.0f} MB, the disk has {free / 1e6:.0f} MB left",
            where=str(from_hub.models_of(data)),
            hint="make room on the disk of the box",
        )


def fits(config: Path) -> Callable[[Mapping[str, Any]], tuple[MissingFile, ...]]:
    """``missing`` for one box; values that do not fit its file need nothing: the trial says why."""

    def lacking(values: Mapping[str, Any]) -> tuple[MissingFile, ...]:
        try:
            return missing(config, values)
        except ConfigurationError:
            return ()

    return lacking


class FromHub:
    """The hub as a source of ``gate models fetch``; one thread."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def bring(self, file: ModelFile, part: Path, progress: Progress) -> str:
        """See ``gate.models.install.Nearby``."""
        with httpx.Client(verify=self._identity.tls(), timeout=_WAIT, trust_env=False) as client:
            failures = []
            for url in self._identity.urls:
                try:
                    _bring(client, url, file, part, progress)
                except (httpx.HTTPError, OSError) as error:
                    failures.append(_why(error))
                else:
                    return f"the hub {url}"
        raise ModelError(
            f"the hub cannot be reached: {'; '.join(failures)}",
            where=", ".join(self._identity.urls),
            hint="check the network; the official sources are asked next",
        )


def _why(error: httpx.HTTPError | OSError) -> str:
    if isinstance(error, OSError):  # of this box's disk
        return error.strerror or type(error).__name__
    return why_not(error).what


def _bring(client: httpx.Client, url: str, file: ModelFile, part: Path, progress: Progress) -> None:
    with part.open("ab") as handle:
        while handle.tell() < (file.size or 0):
            answer = client.get(f"{url}/models/{file.sha256}", params={"start": handle.tell()})
            if answer.status_code != 200 or not answer.content:
                raise ModelError(
                    f"the hub does not have {file.name}",
                    where=url,
                    hint="install it there with `gate models fetch`",
                )
            handle.write(answer.content)
            progress(handle.tell())
