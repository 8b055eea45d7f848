"""What is known before a site has people enough: measured, named, never of the site itself.

Scores of mates cannot be learnt from a gallery of one photograph a person, so they come from
here at every site; ``gate evaluate --site`` shows the site's own beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal laws of scores; see docs/recognition.md for the data and the commands.

    Attributes:
        source: the data the figures were measured on.
        mate, mate_spread: mean and standard deviation of the score of a mate, fitted;
            dimensionless.
        plain_mate, plain_mate_spread: the same for the plain cosine, no fit and no cohort term.
        plain_other, plain_other_spread: the plain cosine of two different people, of the
            hardest group measured.
    """

    source: str
    mate: float
    mate_spread: float
    plain_mate: float
    plain_mate_spread: float
    plain_other: float
    plain_other_spread: float

    def below(self, score: float) -> float:
        """Share of single photographs of residents that score less, 0 to 1; under a fit."""
        return NormalDist(self.mate, self.mate_spread).cdf(score)


_SOURCE = "LFW; other people: East Asian faces of UTKFace"
_NAMES = "LFW; other people: East Asian names of LFW"
_PRIORS = {
    "dlib": Prior(_SOURCE, 0.42, 0.10, 0.960, 0.014, 0.89, 0.024),
    "retail-0095": Prior(_SOURCE, 0.49, 0.11, 0.72, 0.11, 0.18, 0.146),
    "faceplugin": Prior(_NAMES, 0.46, 0.11, 0.70, 0.11, 0.04, 0.117),
    "retail-0095+faceplugin": Prior(_NAMES, 0.47, 0.11, 0.71, 0.11, 0.09, 0.114),
}


def prior_of(encoder: str) -> Prior:
    """The prior for an encoder by its name before the slash; dlib's for those unknown here."""
    return _PRIORS.get(encoder.split("/")[0], _PRIORS["dlib"])
