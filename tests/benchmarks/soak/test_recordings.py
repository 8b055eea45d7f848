"""The soak of recordings: what it shows the gate, and what it counts as wrong."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.soak.recordings import Change, Tally, showings
from gate.demo.report import ASKED, GRANTED, REFUSED, Attempt
from gate.demo.scenes import Scene, scenes
from tests.source import ROOT

PLAIN = Change(gain=1.0, size=1.0, noise=0.0, quality=95, mirrored=False)


def attempt(outcome: str, **more: object) -> Attempt:
    values = {"person": "Ann", "enrolled": True, "expected": GRANTED, "recognised": "Ann"} | more
    return Attempt(recording="x", outcome=outcome, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        attempt(GRANTED, person="Bob", enrolled=False, expected=REFUSED, recognised=""),
        attempt(GRANTED, person="", enrolled=False, expected=REFUSED, attack="print of Ann"),
        attempt(GRANTED, recognised="Bob"),
        attempt(ASKED, recognised="Bob"),
    ],
)
def test_what_must_not_happen_is_wrong(wrong: Attempt) -> None:
    tally = Tally()
    tally.add([attempt(GRANTED), attempt(ASKED, recognised=""), wrong])
    assert [a.outcome for a in tally.wrong] == [wrong.outcome]


def test_a_resident_let_in_and_a_stranger_kept_out_are_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally()
    stranger = attempt(REFUSED, person="Bob", enrolled=False, expected=REFUSED, recognised="")
    tally.add([attempt(GRANTED), attempt(GRANTED, by_card=True), stranger])
    assert not tally.wrong
    tally.print(0.5)
    said = capsys.readouterr().out
    assert "by face: 1 of 2" in said
    assert "by card 1" in said
    assert "strangers let in: 0 of 1" in said


def test_a_change_keeps_the_shape_and_is_the_same_again() -> None:
    image = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    change = Change.drawn(random.Random(3))
    changed = change.applied(image, 7)
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert np.array_equal(changed, change.applied(image, 7))
    assert not np.array_equal(changed, image)


def test_brightness_mirror_and_size_do_what_they_say() -> None:
    image = np.full((48, 64, 3), 100, np.uint8)
    image[:, 32:] = 200
    darker = Change(0.5, 1.0, 0.0, 95, False).applied(image, 0)
    assert abs(float(darker[:, :24].mean()) - 50) < 2
    mirrored = Change(1.0, 1.0, 0.0, 95, True).applied(image, 0)
    assert mirrored[:, :24].mean() > 190
    assert mirrored[:, 40:].mean() < 110
    image[:] = 0
    image[20:28, 28:36] = 255
    larger = Change(1.0, 1.5, 0.0, 95, False).applied(image, 0)
    assert larger.mean() > 1.5 * PLAIN.applied(image, 0).mean()


def test_each_recording_is_shown_before_one_comes_again() -> None:
    found = scenes(ROOT / "fixtures" / "recordings")
    shown = showings(found, random.Random(1))
    rounds: list[list[Scene]] = [[next(shown) for _ in found] for _ in range(2)]
    for each in rounds:
        assert sorted(s.path for s in each) == sorted(s.path for s in found)
    assert rounds[0] != rounds[1]
