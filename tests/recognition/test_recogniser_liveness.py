"""Which looks are measured for liveness, and what an attack is called."""

from __future__ import annotations

import pytest

from gate.camera.source import Frame
from gate.recognition.face import Liveness, Vector, Verdict
from gate.recognition.tracking import Track
from tests.recognition.actors import alone, play, vector, verdicts


def test_a_picture_held_up_is_called_an_attack() -> None:
    def watch(frame: Frame, track: Track) -> Liveness:
        return Liveness("model", -6.0, False)

    seen = play(alone([vector(1)] * 5), watch=watch)
    assert Verdict.KNOWN not in verdicts(seen)
    assert seen[-1][0].verdict is Verdict.ATTACK


def watched(faces: list[Vector], score: float) -> tuple[list[float], list[Verdict]]:
    """When liveness was measured, and the verdicts."""
    times: list[float] = []

    def watch(frame: Frame, track: Track) -> Liveness:
        times.append(frame.captured)
        return Liveness("model", score, score > 0)

    return times, verdicts(play(alone(faces), watch=watch))


def test_liveness_of_a_stranger_is_measured_at_the_first_two_looks_only() -> None:
    times, found = watched([vector(50, 0.3, i) for i in range(50)], 1.0)
    assert len(times) == 2
    assert found[-1] is Verdict.UNKNOWN


def test_liveness_of_an_attack_is_measured_at_every_look() -> None:
    times, found = watched([vector(50, 0.3, i) for i in range(50)], -6.0)
    assert len(times) >= 4
    assert found[-1] is Verdict.ATTACK


@pytest.mark.parametrize(("score", "looks"), [(2.5, 5), (5.0, 2)])
def test_liveness_of_a_resident_is_measured_until_it_is_beyond_doubt(
    score: float, looks: int
) -> None:
    times, found = watched([vector(1, 0.2, i) for i in range(50)], score)
    assert min(len(times), 5) == looks
    assert found[-1] is Verdict.KNOWN


def test_a_frame_that_may_be_somebody_elses_is_no_evidence_of_life() -> None:
    faces = [vector(1, 0.2, i) for i in range(5)]
    times, _ = watched([faces[0], vector(60), *faces[1:3]], 1.0)
    assert times == pytest.approx([0.0, 0.2, 0.3])
