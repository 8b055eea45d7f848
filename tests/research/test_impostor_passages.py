"""A passage is judged by what its looks have in common, as at the gate."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.face import Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site
from research.impostor_passages import LOOKS, Counted, standing, verdicts
from research.looks import FPIRS
from research.walkups import WalkUp

ENCODER = "retail-0095"
SIMILARITY = SimilarityStatistics(continues=-1.0, apart=0.0)


def unit(random: np.random.Generator) -> Vector:
    row = random.normal(size=64)
    return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.fixture(scope="module")
def site() -> tuple[Matcher, list[Vector]]:
    random = np.random.default_rng(3)
    rows = [unit(random) for _ in range(80)]
    gallery = Gallery(ENCODER, 64)
    gallery.add(Template(number, row, ENCODER) for number, row in enumerate(rows))
    snapshot = gallery.snapshot()
    return build_matcher(snapshot, *learn_site(snapshot, made="")), rows


def walk(*looks: Vector) -> WalkUp:
    return WalkUp("somebody", np.stack(looks), (1.0,) * len(looks))


def test_a_resident_is_known_at_the_second_look_and_not_at_one(
    site: tuple[Matcher, list[Vector]],
) -> None:
    matcher, rows = site
    assert verdicts(walk(rows[5], rows[5]), matcher, SIMILARITY, 0.01) == (2, 5)
    assert verdicts(walk(rows[5]), matcher, SIMILARITY, 0.01) == (0, -1)


def test_an_impostor_is_nobody(site: tuple[Matcher, list[Vector]]) -> None:
    random = np.random.default_rng(4)
    found = [verdicts(walk(*[unit(random)] * 3), site[0], SIMILARITY, 0.001) for _ in range(20)]
    assert found == [(0, -1)] * 20


def test_frames_of_somebody_who_stands_differ_a_little() -> None:
    image = np.random.default_rng(0).integers(0, 255, (120, 100, 3)).astype(np.uint8)
    frames = list(standing(image, np.random.default_rng(1)))
    assert len(frames) == LOOKS
    assert all(frame.shape == image.shape for frame in frames)
    assert not (frames[0] == frames[1]).all()


def test_each_rate_is_counted_for_itself() -> None:
    counted = Counted()
    counted.add([True, False, False])
    counted.add([True, True, False])
    assert (counted.hits, counted.of) == ([2, 1, 0], 2)
    assert str(counted).count(" of 2") == len(FPIRS)
