"""From folders to results: what ``gate evaluate`` runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gate.evaluation import comparisons, photos, study
from gate.evaluation.comparisons import Comparison, Shot
from gate.evaluation.embedding import Embedded, embed
from gate.evaluation.photos import Photo
from gate.evaluation.protocols import Trial
from gate.recognition.detection.detector import Detector
from gate.recognition.encoders.encoder import Encoder

OLD = 60  # years
MERGES = Path(__file__).with_name("east_asian_merges.txt")


@dataclass(frozen=True, slots=True)
class Data:
    """What is measured on.

    Attributes:
        named, numbered: photographs of people with names and without.
        merged: ``named`` + ``numbered`` once more, people who appear twice made one; may be empty.
        pairs: for verification.
        groups: names by group.
        one_group: the group protocol (e) is about.
        webcam, clips: folders of (g) and (h).
    """

    named: Sequence[Photo]
    numbered: Sequence[Photo] = ()
    merged: Sequence[Photo] = ()
    pairs: Sequence[tuple[str, str, bool]] = ()
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    one_group: str = ""
    webcam: Path | None = None
    clips: Path | None = None

    def of_one_group(self, others: int = 0) -> Data:
        """The photographs that (e) and (f) are about: of the group, and of numbered people.

        ``others``: so many people besides, whose names come first.
        """
        members = self.groups.get(self.one_group, frozenset())
        rest = sorted({photo.person for photo in self.named} - members)
        kept = members | set(rest[:others])
        rows = [row for row, photo in enumerate(self.named) if photo.person in kept]
        merged = [self.merged[row] for row in rows] if self.merged else []
        return replace(
            self,
            named=[self.named[row] for row in rows],
            merged=[*merged, *self.merged[len(self.named) :]],
        )

    def __str__(self) -> str:
        people = len({photo.person for photo in self.named})
        text = f"{len(self.named)} photographs of {people} people"
        if self.numbered:
            text += f", {len(self.numbered)} of people without names"
        return text


def data_in(
    folder: Path,
    *,
    errata: Path | None = None,
    pairs: Path | None = None,
    groups: dict[str, Path] | None = None,
    numbered: Path | None = None,
    merges: Path | None = None,
    most: int | None = None,
) -> Data:
    """The data in ``folder``; files beside it are used where they have the usual names.

    ``most``: photographs of a person that are used, the first of them.

    Raises ConfigurationError.
    """
    errata = errata or _there(folder / "errata.txt")
    pairs = pairs or _there(folder / "pairs.txt")
    lists = dict(groups or {})
    usual = _there(folder / "east_asian_names.txt")
    if usual and not lists:
        lists["East Asian names"] = usual
    if numbered is None:
        numbered = _there(folder.parent / "east_asian") if usual else None
    named = photos.named_people(folder)
    if errata:
        named = photos.corrected(named, errata)
    named = photos.first_of_each(named, most)
    others = photos.grouped_people(numbered, numbered / "groups.txt") if numbered else []
    return Data(
        named,
        others,
        photos.merged([*named, *others], merges or MERGES) if others else (),
        photos.pairs_in(pairs) if pairs else (),
        {name: photos.names_in(file) for name, file in lists.items()},
        next(iter(lists), "") if others else "",
        _there(folder.parent / "nuaa") if usual else None,
        _there(folder.parent / "clips") if usual else None,
    )


def _by_age(
    everybody: Sequence[Photo], labels: Sequence[str], rows: Sequence[int]
) -> dict[str, frozenset[str]]:
    """Impostors by age, where photographs are called AGE_SEX_…, as those of UTKFace are."""
    ages = {
        labels[row]: int(found[1])
        for row in rows
        if (found := re.match(r"(\d+)_[01]_", everybody[row].name))
    }
    if not ages:
        return {}
    old = frozenset(person for person, age in ages.items() if age >= OLD)
    return {f"{OLD}+, strangers": old, f"under {OLD}, str.": frozenset(ages) - old}


def _there(path: Path) -> Path | None:
    return path if path.exists() else None


def measure(
    data: Data,
    encoder: Encoder,
    detector: Detector,
    cache: Path,
    *,
    ways: Sequence[str],
    which: str = "abcdefgh",
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """All figures of one encoder; photographs that no protocol asks for are not encoded."""
    if data.one_group and set(which) <= set("efgh"):
        data = data.of_one_group()
    embedded = embedded_in(data, encoder, detector, cache)
    rows: list[study.Row] = []
    for trial, people in trials_in(data, embedded, which):
        for way in ways:
            say(f"{encoder.name} ({trial.name}) {trial.title}: {way}")
            rows += study.rows_of(embedded.vectors, trial, encoder.name, people, way=way)
    say(f"{encoder.name}: comparisons of single pictures")
    compared = compared_in(data, encoder, detector, cache, which)
    row_of = {photo.name: row for row, photo in enumerate(data.named) if embedded.found[row]}
    checked = study.verification(embedded.vectors, row_of, data.pairs) if "a" in which else None
    return {
        "rows": rows,
        "pairs": checked,
        "comparisons": compared,
        "photos": len(embedded.found),
        "missing": int(np.count_nonzero(~embedded.found)),
    }


def compared_in(
    data: Data, encoder: Encoder, detector: Detector, cache: Path, which: str
) -> list[Comparison]:
    """Protocols (f) to (h), as far as their data are there."""
    shots: dict[str, list[Shot]] = {}
    if "f" in which and data.groups:
        shots["f"] = comparisons.of_group(data.named, next(iter(data.groups.values())))
    if "g" in which and data.webcam:
        shots["g"] = comparisons.of_webcam(data.webcam)
    if "h" in which and data.clips:
        shots["h"] = comparisons.of_clips(data.clips)
    result = []
    for letter, some in shots.items():
        pictures = [shot.photo for shot in some]
        found = embed(pictures, encoder, detector, cache, encoder.name)
        result += comparisons.comparisons(letter, some, found.vectors)
    return result


def embedded_in(data: Data, encoder: Encoder, detector: Detector, cache: Path) -> Embedded:
    """The vectors of all photographs, ``named`` first."""
    return embed([*data.named, *data.numbered], encoder, detector, cache, encoder.name)


def trials_in(
    data: Data, embedded: Embedded, which: str = "bcde"
) -> Iterator[tuple[Trial, study.People]]:
    """Every trial, and (e) once more with the people who appear twice made one."""
    everybody = [*data.named, *data.numbered]
    numbers = tuple(range(len(data.named), len(everybody)))
    sets = [(which, [photo.person for photo in everybody])]
    if data.merged and "e" in which:
        sets.append(("e", [photo.person for photo in data.merged]))
    for number, (wanted, labels) in enumerate(sets):
        ages = _by_age(everybody, labels, numbers)
        people = study.People(tuple(labels), data.groups, data.one_group, numbers, ages)
        for trial in study.trials(people, embedded.found.tolist(), wanted):
            yield (study.with_merges(trial) if number else trial), people
