"""Walk-ups made of photographs: nearer with each frame, and what a power of the quality does."""

from __future__ import annotations

import numpy as np
import pytest

from gate.evaluation.metrics import Outcome
from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.face import Image, Template, Vector
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.site_calibration import learn_site
from research.walkups import FRAMES, WalkUp, outcome, probe, report, walk_up


class Encoder:
    name, dimension, similarity = (
        "retail-0095",
        32,
        SimilarityStatistics(continues=-1.0, apart=0.0),
    )

    def crops(self, image: Image, faces: object) -> Image:
        raise NotImplementedError

    def encode(self, crops: Image, *, brief: bool = False) -> Vector:
        raise NotImplementedError


def unit(random: np.random.Generator, near: Vector | None = None, noise: float = 1.0) -> Vector:
    row = random.normal(size=32) / np.sqrt(32) * noise
    row = row if near is None else near + row
    return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.mark.slow
def test_the_frames_of_a_walk_up_come_nearer_and_are_seen_in_one_light() -> None:
    photograph = np.full((250, 250, 3), 200, np.uint8)
    for seed in range(6):
        frames = list(walk_up(photograph, np.random.default_rng(seed)))
        sizes = [frame.shape[0] - 80 for frame in frames]
        assert len(frames) == FRAMES
        assert sizes == sorted(sizes)
        assert sizes[0] < 250 * 30 / 43 + 1
        assert sizes[-1] <= 250
        lights = [float(frame.mean()) for frame in frames]
        assert max(lights) < 1.5 * min(lights)
    again = list(walk_up(photograph, np.random.default_rng(5)))
    assert all((a == b).all() for a, b in zip(frames, again, strict=True))


def test_a_steeper_power_follows_the_better_frame() -> None:
    random = np.random.default_rng(1)
    far, near = unit(random), unit(random)
    walk = WalkUp("somebody", np.stack([far, near]), (0.5, 0.8))
    alike, steep = (probe(walk, power, Encoder()) for power in (0, 6))
    assert alike @ near == pytest.approx(alike @ far, abs=1e-5)
    assert steep @ near > 0.99


@pytest.mark.slow
def test_poor_frames_cost_residents_and_the_power_that_helps_is_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(2)
    people = {f"resident {i}": unit(random) for i in range(60)}
    gallery = Gallery("retail-0095", 32)
    gallery.add(Template(i, row, "retail-0095") for i, row in enumerate(people.values()))
    snapshot = gallery.snapshot()
    matcher = build_matcher(snapshot, *learn_site(snapshot, made=""))
    everybody = people | {f"stranger {i}": unit(random) for i in range(60)}
    far, near = 6.0, 0.5
    walks = [
        WalkUp(
            who,
            np.stack([unit(random, row, noise) for noise in (far, far, far, near)]),
            (0.4, 0.4, 0.4, 0.9),
        )
        for who, row in everybody.items()
    ]
    by_power: dict[int, Outcome] = {
        power: outcome(walks, list(people), matcher, Encoder(), power)
        for power in (0, 1, 2, 3, 4, 5, 6, 8, 12)
    }
    alike, steep = by_power[0], by_power[6]
    assert len(alike.mates) == len(alike.others) == 60
    assert np.isfinite(steep.mates).sum() > np.isfinite(alike.mates).sum()
    report("retail-0095", 60, {"choose": by_power, "report": by_power})
    printed = capsys.readouterr().out
    assert "60 enrolled" in printed.replace("\n", " ")
    assert printed.count("chosen") == 1
    assert "power 0 instead" not in printed
