"""What is known of scores before a site has people enough."""

from __future__ import annotations

import pytest

from gate.recognition.matching.score_prior import prior_of


@pytest.mark.parametrize("encoder", ["dlib", "retail-0095", "faceplugin", "retail-0095+faceplugin"])
def test_every_encoder_has_its_own_and_mates_are_above_others(encoder: str) -> None:
    prior = prior_of(f"{encoder}/1-abc")
    assert prior is prior_of(encoder)
    assert prior.plain_mate > prior.plain_other
    assert prior.mate_spread > 0
    assert prior.source


def test_an_encoder_of_ones_own_is_taken_for_one_like_dlib() -> None:
    assert prior_of("taguchi/1") is prior_of("dlib")


def test_half_of_the_mates_lie_below_the_mean_and_one_in_six_a_deviation_lower() -> None:
    prior = prior_of("dlib")
    assert prior.below(prior.mate) == pytest.approx(0.5)
    assert prior.below(prior.mate - prior.mate_spread) == pytest.approx(0.1587, abs=1e-4)
    assert prior.below(-1) < 1e-9
