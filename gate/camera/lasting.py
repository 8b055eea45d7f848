"""Finds a USB camera again: its number may be another one after it was plugged in again."""

from __future__ import annotations

from pathlib import Path

# links that udev keeps up to date; the first belong to the socket, the others to the camera's model
FOLDERS = (Path("/dev/v4l/by-path"), Path("/dev/v4l/by-id"))


class LastingName:
    """Follows ``source`` to its new number. Used by one thread."""

    def __init__(self, source: str, folders: tuple[Path, ...] = FOLDERS) -> None:
        self._source = Path(source)
        self._given, self._folders = source, folders
        self._links: list[Path] = []
        self._others: set[str] = set()

    def now(self) -> str:
        """The source to open: as configured or, once that is gone, where its link points now.

        A link that points to what was another camera is not followed: two of one kind share it.
        """
        if not self._source.name.startswith("video") or self._source.is_symlink():
            return self._given
        if self._source.exists():
            self._links = lasting(self._given, self._folders)
            self._others = set(map(str, self._source.parent.glob("video*"))) - {self._given}
            return self._given
        for link in self._links:
            target = link.resolve()
            if target.exists() and str(target) not in self._others:
                return str(target)
        return self._given


def lasting(device: str, folders: tuple[Path, ...] = FOLDERS) -> list[Path]:
    """The links in ``folders`` that point to ``device``, in that order."""
    real = Path(device).resolve()
    every = [link for folder in folders if folder.is_dir() for link in sorted(folder.iterdir())]
    return [link for link in every if link.resolve() == real]
