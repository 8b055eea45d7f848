"""The broker goes and the power goes; what is left afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak.broker_down import broker_down
from benchmarks.soak.kill import kill
from gate.integrations.broker import find_mosquitto
from tests.warm import Program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(find_mosquitto() is None, reason="there is no mosquitto here"),
]


@pytest.mark.slow
def test_events_made_while_the_broker_is_away_arrive_in_order_when_it_is_back(
    tmp_path: Path,
) -> None:
    outcome = broker_down(tmp_path, seconds=4.0, around=3.0)
    assert outcome.while_down > 0
    assert outcome.missing == []
    assert outcome.in_order


@pytest.mark.slow
def test_three_times_kill_9_and_no_event_is_lost_and_the_relay_rests(tmp_path: Path) -> None:

    def start(config: Path) -> Program:
        return Program("run", "-c", str(config), out=tmp_path / "said")

    left = kill(3, tmp_path, seed=3, longest=8.0, start=start)
    assert left.kills == 3
    assert left.events > 0
    assert (left.gaps, left.lost, left.two_ids) == ([], [], [])
    assert left.openings <= left.granted
    assert left.on_after_restart == 0
    assert max(left.on_after_kill, default=0.0) < 2.0
