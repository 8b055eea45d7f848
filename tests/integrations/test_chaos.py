"""A short run of benchmarks/soak/chaos.py, which runs for twenty minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.integrations.broker import find_mosquitto

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_event_arrives_once_whatever_fails() -> None:
    if find_mosquitto() is None:
        pytest.skip("there is no mosquitto here")
    chaos = [sys.executable, "-m", "benchmarks.soak.chaos", "--minutes", "0.5"]
    chaos += ["--brokers", "3", "--cuts", "4", "--kills", "2", "--fills", "1"]
    done = subprocess.run(chaos, cwd=ROOT, capture_output=True, text=True)
    assert "every event received once, in order" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
