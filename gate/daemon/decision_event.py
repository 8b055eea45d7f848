"""The event of a decision."""

from __future__ import annotations

from datetime import datetime

from gate import __version__
from gate.events.event import Event
from gate.passage import outputs


def decision_event(gate: str, at: datetime, decided: outputs.Decided) -> Event:
    """The event of a decision: scores and versions apart, the rest as the values it came from."""
    decision = decided.decision
    sight = decision.request.sight
    scores: dict[str, float] = {}
    versions = {"software": __version__}
    if sight is not None:
        compared = {
            "best": sight.score,
            "second": sight.second_score,
            "evidence": round(sight.evidence, 3),
            "threshold": round(sight.threshold, 3),
        }
        scores = {name: float(value) for name, value in compared.items() if value is not None}
        used = {"encoder": sight.encoder, "fit": sight.fit, "liveness": sight.liveness.method}
        versions |= {name: version for name, version in used.items() if version}
    return Event.of_decision(
        gate,
        at,
        decision,
        passage=decided.passage,
        scores=scores,
        versions=versions,
        latency=1000 * decided.latency,
        details={"queued": round(1000 * decided.queued, 1)} if decided.queued else {},
    )
