"""Photographs and who is on them: folders, label corrections, groups, pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from gate.errors import ConfigurationError

_KINDS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph.

    Attributes:
        path: the file.
        name: its name without folder and ending.
        person: who it shows; "#12" for the twelfth group of people without names.
        frame: its number, where the file is a recording.
    """

    path: Path
    name: str
    person: str
    frame: int | None = None


def _files(folder: Path, pattern: str) -> list[Path]:
    inside = folder / "images" if (folder / "images").is_dir() else folder
    found = sorted(path for path in inside.glob(pattern) if path.suffix.lower() in _KINDS)
    if not found:
        raise ConfigurationError(
            "there are no photographs where they were looked for",
            where=str(inside / pattern),
            hint="name a folder with one folder a person and their photographs in it",
        )
    return found


def named_people(folder: Path) -> list[Photo]:
    """``person/photo.jpg`` below ``folder`` or its ``images``. Raises ConfigurationError."""
    return [Photo(path, path.stem, path.parent.name) for path in _files(folder, "*/*")]


def grouped_people(folder: Path, groups: Path) -> list[Photo]:
    """Photographs of people without names; ``groups`` has lines ``PHOTO NUMBER``.

    Raises ConfigurationError when the file cannot be read.
    """
    number = dict(_pairs_of_words(groups))
    return [
        Photo(path, path.stem, "#" + number.get(path.stem, path.stem))
        for path in _files(folder, "*")
    ]


def corrected(photos: Iterable[Photo], errata: Path) -> list[Photo]:
    """With the labels of ``errata``: lines ``PHOTO PERSON``, ``*`` in a photo matches any.

    The person ``-`` is nobody else here. Raises ConfigurationError when the file cannot be read.
    """
    rules = _pairs_of_words(errata)
    result = []
    for photo in photos:
        for pattern, person in rules:
            if fnmatchcase(photo.name, pattern):
                photo = replace(photo, person=f"-{photo.name}" if person == "-" else person)
                break
        result.append(photo)
    return result


def first_of_each(photos: Iterable[Photo], most: int | None) -> list[Photo]:
    """The first ``most`` photographs of each person, or all of them."""
    seen: Counter[str] = Counter()
    kept = []
    for photo in photos:
        seen[photo.person] += 1
        if most is None or seen[photo.person] <= most:
            kept.append(photo)
    return kept


def merged(photos: Iterable[Photo], merges: Path) -> list[Photo]:
    """With people who appear twice made one: lines ``PHOTO PHOTO`` or ``PHOTO PERSON``.

    Raises ConfigurationError when the file cannot be read.
    """
    kept = list(photos)
    person_of = {photo.name: photo.person for photo in kept}
    parent: dict[str, str] = {}

    def root(person: str) -> str:
        while person in parent:
            person = parent[person]
        return person

    for photo, other in _pairs_of_words(merges):
        if photo not in person_of:
            continue
        first, second = root(person_of[photo]), root(person_of.get(other, other))
        if first != second:
            # a name stays, of two numbers the lower
            keep, lose = sorted((first, second), key=lambda p: (p.startswith("#"), len(p), p))
            parent[lose] = keep
    return [replace(photo, person=root(photo.person)) for photo in kept]


def names_in(file: Path) -> frozenset[str]:
    """One name a line. Raises ConfigurationError."""
    return frozenset(_lines(file))


def pairs_in(file: Path) -> list[tuple[str, str, bool]]:
    """Photo names and whether they show one person, of a file like LFW's ``pairs.txt``.

    Raises ConfigurationError when the file cannot be read.
    """
    pairs = []
    for line in _lines(file):
        words = line.split()
        if len(words) == 3:
            one, first, second = words
            pairs.append((f"{one}_{int(first):04}", f"{one}_{int(second):04}", True))
        elif len(words) == 4:
            one, first, other, second = words
            pairs.append((f"{one}_{int(first):04}", f"{other}_{int(second):04}", False))
    return pairs


def _pairs_of_words(file: Path) -> list[tuple[str, str]]:
    pairs = []
    for line in _lines(file):
        words = line.split()
        if len(words) != 2:
            raise ConfigurationError(
                f"a line has {len(words)} words instead of two: {line!r}",
                where=str(file),
                hint="write PHOTO and PERSON with a space between them",
            )
        pairs.append((words[0], words[1]))
    return pairs


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the file cannot be read: {error}", where=str(file), hint="name another file"
        ) from None
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
