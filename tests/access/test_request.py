"""The figures of a sighting that the rules look at."""

from __future__ import annotations

from dataclasses import replace

from gate.access.request import Sight
from gate.recognition.face import Candidate, Face, Liveness, Sighting, Unusable, Verdict

SIGHTING = Sighting(
    track=1,
    camera="a",
    first_seen=0.0,
    last_seen=0.0,
    frame=0,
    face=Face((0, 0, 90, 90), 0.9),
    frames=9,
    used=5,
    verdict=Verdict.KNOWN,
    best=Candidate(3, 7.5),
    second=Candidate(4, 1.25),
    evidence=12.0,
    threshold=8.0,
    guidance=Unusable.TOO_DARK,
    liveness=Liveness("motion", 2.5, True),
    encoder="e1",
    fit="f1",
    claimed=3,
    claim_held=True,
)


def test_all_figures_of_a_sighting_are_there() -> None:
    assert Sight.of(SIGHTING) == Sight(
        verdict=Verdict.KNOWN,
        best=3,
        second=4,
        score=7.5,
        second_score=1.25,
        evidence=12.0,
        threshold=8.0,
        liveness=Liveness("motion", 2.5, True),
        guidance="too_dark",
        encoder="e1",
        fit="f1",
        claimed=3,
        claim_held=True,
    )


def test_what_was_not_found_is_left_empty() -> None:
    sight = Sight.of(replace(SIGHTING, best=None, second=None, guidance=None))
    assert (sight.best, sight.score) == (None, None)
    assert (sight.second, sight.second_score) == (None, None)
    assert sight.guidance == ""
