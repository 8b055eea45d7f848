from pathlib import Path

import pytest

from gate.config.settings import build
from gate.services.rule_set import build_context
from gate.store.store import Store


@pytest.mark.parametrize(
    ("policy", "alone"), [("off", 0.5), ("record", 0.5), ("advise", 0.5), ("require", 1.0)]
)
def test_who_was_measured_steps_aside_where_a_temperature_can_refuse(
    tmp_path: Path, policy: str, alone: float
) -> None:
    settings = build({"data": str(tmp_path), "temperature": {"policy": policy, "port": "/dev/x"}})
    with Store.open(settings.store, tmp_path) as store:
        passage = build_context(settings, store).settings
    assert min(passage.make_room, passage.show_grant) == alone
