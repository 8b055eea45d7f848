"""Which photographs a protocol needs."""

from __future__ import annotations

from pathlib import Path

from gate.evaluation.measure import Data
from gate.evaluation.photos import Photo

NAMES = ["Bo", "Bo", "Cho", "Dan"]
NAMED = [Photo(Path(f"{at}.jpg"), str(at), name) for at, name in enumerate(NAMES)]
NUMBERED = [Photo(Path("9.jpg"), "9", "#9")]
MERGED = [*NAMED[:3], Photo(Path("3.jpg"), "3", "Cho"), Photo(Path("9.jpg"), "9", "Cho")]
DATA = Data(NAMED, NUMBERED, MERGED, groups={"g": frozenset({"Cho"})}, one_group="g")


def test_of_one_group_the_others_with_names_are_left_out() -> None:
    some = DATA.of_one_group()
    assert some.named == [NAMED[2]]
    assert some.numbered == NUMBERED
    assert some.merged == [MERGED[2], MERGED[4]]


def test_so_many_others_come_too_by_their_names() -> None:
    some = DATA.of_one_group(others=1)
    assert some.named == NAMED[:3]
    assert some.merged == [*MERGED[:3], MERGED[4]]
