"""Two boxes with one identity: a memory card that was copied, or a copy put back beside its box.

Each start of a box names itself by an instance of its own, and an ended one never comes back. So
where an instance comes back again and again after another one, two are running. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_BACK = 3  # times: a beat that was held up on its way comes back once, and the next after it again
_WITHIN = timedelta(hours=1)
_BEFORE = 5  # instances known


def followed(known: Mapping[str, Any], instance: str, at: datetime) -> dict[str, Any]:
    """What is known of a box's instances after a beat of one; JSON values.

    Args:
        known: as this returned after the beat before, or empty.
        instance: of the box that sent the beat; "" of one that does not name it.
        at: by the hub's clock, with zone.
    """
    last = str(known.get("last", ""))
    before, back = list(known.get("before", ())), list(known.get("back", ()))
    if not instance or instance == last:
        return {"last": last, "before": before, "back": back}
    if instance in before:
        back = [*back, at.isoformat()][-_BACK:]
    before = [each for each in (last, *before) if each and each != instance][:_BEFORE]
    return {"last": instance, "before": before, "back": back}


def doubled(known: Mapping[str, Any], now: datetime) -> bool:
    """Whether two boxes of one identity sent beats within the last hour."""
    back = [datetime.fromisoformat(each) for each in known.get("back", ())]
    return len(back) == _BACK and all(abs(now - at) < _WITHIN for at in back)
