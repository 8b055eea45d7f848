"""The way from photographs to figures, on a few people of the measuring data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.evaluation.measure import Data, data_in, measure
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders.build import build_encoder
from gate.recognition.settings import RecognitionSettings

LFW = os.environ.get("GATE_LFW_DIR", "")

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not LFW, reason="GATE_LFW_DIR is not set"),
]


def test_errata_groups_and_pairs_beside_the_folder_are_used() -> None:
    data = data_in(Path(LFW))
    assert len(data.named) == 6922
    assert len(data.groups["East Asian names"]) == 124
    assert len(data.pairs) > 2000
    named = {photo.person for photo in data.named}
    assert "Wang_Yingfan" not in named
    if data.numbered:
        merged = {photo.person for photo in data.merged}
        assert len(merged) < len(named | {photo.person for photo in data.numbered})


def test_a_few_people_are_told_apart_from_their_photographs(tmp_path: Path) -> None:
    named = data_in(Path(LFW)).named
    counts: dict[str, int] = {}
    for photo in named:
        counts[photo.person] = counts.get(photo.person, 0) + 1
    several = sorted(person for person in counts if counts[person] in (2, 3))[:30]
    single = sorted(person for person in counts if counts[person] == 1)[:30]
    few = Data([photo for photo in named if photo.person in {*several, *single}])
    settings = RecognitionSettings(encoder="dlib", min_face=40)
    models = ModelsSettings(folder=tmp_path)
    results = measure(
        few,
        build_encoder(settings, models),
        build_detector(settings, models),
        tmp_path,
        ways=("plain", "site"),
        which="b",
    )
    everybody = [row for row in results["rows"] if row.part == "all"]
    assert results["missing"] <= 2
    assert [row.way for row in everybody] == ["plain", "site"]
    assert all(row.rank_one > 0.85 for row in everybody)
