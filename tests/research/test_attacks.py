"""Simulated attacks are drawn, and error rates counted, as they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from gate.evaluation.interval import percent, wilson
from research.ages import People, impostors, in_band, share_above
from research.attacks import Subject, calibrated, ratios, report
from research.replay_attack import DEVICES, Device, Presentation

PICTURE = np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)
BOX = (120.0, 80.0, 200.0, 170.0)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
@pytest.mark.slow
def test_every_device_is_drawn_at_the_size_of_the_camera(device: Device) -> None:
    frame = Presentation(device, np.random.default_rng(1)).show(PICTURE, BOX)
    assert frame.shape == (480, 640, 3)
    assert frame.dtype == np.uint8


@pytest.mark.slow
def test_the_hand_trembles_and_the_same_seed_draws_the_same() -> None:
    one, same = (Presentation(DEVICES[0], np.random.default_rng(2)) for _ in range(2))
    first, second = one.show(PICTURE, BOX), one.show(PICTURE, BOX)
    np.testing.assert_array_equal(first, same.show(PICTURE, BOX))
    assert np.abs(first.astype(int) - second).mean() > 1


def subjects() -> list[Subject]:
    random = np.random.default_rng(3)
    made = []
    for number in range(80):
        live = number % 2 == 0
        scores = [random.normal(2 if live else -2, 1, 2) for _ in range(5)]
        made.append(Subject("live" if live else "print", f"source {number}", live, scores))
    return made


@pytest.mark.slow
def test_the_fusion_gives_living_faces_more_than_attacks() -> None:
    value = ratios(subjects_ := subjects(), (0, 1))
    live = [value[id(s)] for s in subjects_ if s.live]
    attacks = [value[id(s)] for s in subjects_ if not s.live]
    assert min(live) > max(attacks)


@pytest.mark.slow
def test_a_network_that_knows_nothing_gets_no_weight() -> None:
    made = subjects()
    random = np.random.default_rng(4)
    for subject in made:
        subject.scores = [np.array([score[0], random.normal()]) for score in subject.scores]
    weights = calibrated(made, (0, 1)).weights
    assert weights[0] > 5 * weights[1]


def test_apcer_counts_attacks_that_pass_and_bpcer_faces_that_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = subjects()
    value = {id(s): 1.0 for s in made}
    report("all pass", made, value, (0.0, 2.0))
    lines = capsys.readouterr().out.splitlines()
    live = next(line for line in lines if "BPCER" in line)
    attack = next(line for line in lines if "APCER" in line)
    assert "0 of 40" in live
    assert "40 of 40" in live
    assert attack.index("40 of 40") < attack.index("0 of 40, 0.00")


def test_wilson_intervals() -> None:
    assert wilson(0, 360)[1] == pytest.approx(0.0106, abs=5e-4)
    assert wilson(50, 100) == pytest.approx((0.404, 0.596), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)
    assert percent(1, 4).startswith("1 of 4, 25.00 %")


def test_pairs_of_one_person_are_no_impostors() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    people = People(
        vectors, np.array(["#1", "#1", "#2", "#3"]), np.array([20, 20, 30, 70]), np.ones(4, bool)
    )
    assert share_above(impostors(people), 0.5) == (0, 5)
    assert in_band(people, (18, 24)).tolist() == [True, True, False, False]
