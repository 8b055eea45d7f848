"""Folders, label corrections, merges, pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.evaluation import photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Bo/Bo_0001.png", "Bo/notes.txt"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def people(found: list[photos.Photo]) -> list[tuple[str, str]]:
    return [(photo.name, photo.person) for photo in found]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_one_folder_a_person(folder: Path) -> None:
    expected = [("Ann_0001", "Ann"), ("Ann_0002", "Ann"), ("Bo_0001", "Bo")]
    assert people(photos.named_people(folder)) == expected
    assert people(photos.named_people(folder / "images")) == expected


def test_an_empty_folder_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no photographs"):
        photos.named_people(tmp_path)


def test_labels_are_corrected(folder: Path) -> None:
    errata = write(folder / "errata.txt", "# why\nAnn_0001 Bo\nBo_* -\n")
    found = photos.corrected(photos.named_people(folder), errata)
    assert people(found) == [("Ann_0001", "Bo"), ("Ann_0002", "Ann"), ("Bo_0001", "-Bo_0001")]


def test_the_first_photographs_of_each_person() -> None:
    taken = [photos.Photo(Path(name), name, name[0]) for name in ("a1", "b1", "a2", "a3", "b2")]
    assert [photo.name for photo in photos.first_of_each(taken, 2)] == ["a1", "b1", "a2", "b2"]
    assert photos.first_of_each(taken, None) == taken


def test_numbered_people_and_merges(tmp_path: Path) -> None:
    for name in "pqrs":
        (tmp_path / f"{name}.jpg").touch()
    groups = write(tmp_path / "groups.txt", "p 1\nq 2\nr 3\ns 12\n")
    found = photos.grouped_people(tmp_path, groups)
    assert [photo.person for photo in found] == ["#1", "#2", "#3", "#12"]
    merges = write(tmp_path / "merges.txt", "s r\nr q\np Ann\n")
    assert [photo.person for photo in photos.merged(found, merges)] == ["Ann", "#2", "#2", "#2"]


def test_pairs_of_both_kinds(tmp_path: Path) -> None:
    file = write(tmp_path / "pairs.txt", "10 300\nAnn\t1\t2\nAnn\t1\tBo\t1\n")
    assert photos.pairs_in(file) == [
        ("Ann_0001", "Ann_0002", True),
        ("Ann_0001", "Bo_0001", False),
    ]


def test_a_line_too_long_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "errata.txt", "Ann_0001 Bo Cy\n")
    with pytest.raises(ConfigurationError, match="three|3 words"):
        photos.corrected([], file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        photos.names_in(tmp_path / "absent.txt")
