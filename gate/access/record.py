"""What is recorded of a request so that its decision can be explained: plain values, no names."""

from __future__ import annotations

from gate.access.request import Request, Sight


def record(request: Request) -> dict[str, object]:
    """The values of ``request`` as JSON-ready plain types; empty ones are left out."""
    values: dict[str, object] = {
        "when": request.when.isoformat(timespec="milliseconds"),
        "gate": request.gate,
        "mode": request.mode.value,
    }
    person = request.person
    if person is not None:
        values["person"] = {
            "ref": person.ref,
            "kind": person.kind.value,
            "active": person.active,
            "blocked": bool(person.blocked),  # the reason in words stays in the register
            "valid_from": person.valid_from.isoformat() if person.valid_from else None,
            "valid_until": person.valid_until.isoformat() if person.valid_until else None,
            "groups": sorted(person.groups),
            "face_alone": person.face_alone,
        }
    if request.sight is not None:
        values["sight"] = _sight(request.sight)
    if request.credential is not None:
        values["shown"] = {
            "problem": request.credential.problem,
            "serial": request.credential.serial,
        }
        if request.credential.duress:
            values["duress"] = True
    if request.findings:
        values["findings"] = [
            {
                "topic": f.topic,
                "good": f.good,
                "weight": f.weight.value,
                "reason": f.reason,
                "found": f.value,
            }
            for f in request.findings
        ]
    if request.reading is not None:
        reading = request.reading
        values["temperature"] = {
            "raw": reading.raw,
            "ambient": reading.ambient,
            "estimated": reading.estimated,
            "validity": reading.validity.value,
            "samples": reading.samples,
            "sensor": reading.sensor,
        }
    if request.inward is not None:
        values["presence"] = request.presence.value
        values["inward"] = request.inward
    if request.wary:
        values["wary"] = True
    if not request.clock_trusted:
        values["clock_trusted"] = False
    if request.order:
        values["order"] = request.order
    return values


def _sight(sight: Sight) -> dict[str, object]:
    return {
        "verdict": sight.verdict.value,
        "score": sight.score,
        "second_score": sight.second_score,
        "evidence": round(sight.evidence, 3),
        "threshold": round(sight.threshold, 3),
        "liveness": sight.liveness.method,
        "live": sight.liveness.live,
        "live_score": round(sight.liveness.score, 3),
        "guidance": sight.guidance,
        "encoder": sight.encoder,
        "fit": sight.fit,
        **({"claim_held": sight.claim_held} if sight.claimed is not None else {}),
    }
