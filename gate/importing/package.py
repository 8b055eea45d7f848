"""The parts of an Office package (a ZIP), and their XML fed to handlers without namespaces."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from gate.errors import ConfigurationError
from gate.importing.book import Damaged

MOST_PART = 64 << 20  # bytes of one part that is kept: strings, styles
_PIECE = 1 << 16

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class Parts:
    """The parts of a package by their name, in any letter case and with either slash."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self.archive = archive
        self.where = where
        self._members = {
            _plain(info.filename): info for info in archive.infolist() if info.filename
        }

    def member(self, name: str) -> str | None:
        """The name of a part as the archive has it."""
        info = self._members.get(_plain(name))
        return info.filename if info else None

    def pieces(self, name: str, most: int = MOST_PART) -> Iterator[bytes]:
        """The bytes of a part, none when it is not there. Raises ConfigurationError."""
        info = self._members.get(_plain(name))
        if info is None:
            return
        taken = 0
        with self.archive.open(info) as file:
            while piece := file.read(_PIECE):
                taken += len(piece)
                if taken > most:
                    raise ConfigurationError(
                        "the workbook is too large when unpacked",
                        where=self.where,
                        hint="split it",
                    )
                yield piece

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Relations of a part: id → (type, target part)."""
        folder, file = posixpath.split(name)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
                kind = attributes.get("Type", "").rsplit("/", 1)[-1]
                found[attributes.get("Id", "")] = (kind, target)

        self.parse(f"{folder}/_rels/{file}.rels", start)
        return found

    def parse(
        self,
        name: str,
        start: Start,
        end: End | None = None,
        text: Callable[[str], None] | None = None,
        most: int = MOST_PART,
    ) -> None:
        """Feed a part to handlers, its names without namespaces."""
        parse(self.pieces(name, most), start, end, text)


def parse(
    pieces: Iterable[bytes],
    start: Start,
    end: End | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Feed XML to handlers, its names without namespaces; nothing when there is none."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(tag: str, attributes: dict[str, str]) -> None:
        start(tag.rsplit(":", 1)[-1], attributes)

    def doctype(*_: object) -> None:
        raise Damaged("a document type")  # entities that unpack to gigabytes

    parser.StartElementHandler = begin
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rsplit(":", 1)[-1])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    empty = True
    for piece in pieces:
        empty = False
        parser.Parse(piece, False)
    if not empty:
        parser.Parse(b"", True)


def attribute(attributes: dict[str, str], name: str) -> str:
    """An attribute by its name without a prefix; "" when it is not there."""
    return next((v for k, v in attributes.items() if k.rsplit(":", 1)[-1] == name), "")


def natural(text: str) -> int | None:
    """A whole number of up to nine ASCII digits; None when it is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
