"""config/gate.service: what safety.md says of it stands there, and systemd understands it."""

from __future__ import annotations

import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent / "config" / "gate.service"


def service() -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FILE)
    return dict(parser["Service"])


def test_a_daemon_that_hangs_or_dies_is_started_anew_after_its_relays_were_rested() -> None:
    found = service()
    assert (found["Type"], found["WatchdogSec"], found["Restart"]) == ("notify", "10", "always")
    assert found["WatchdogSignal"] == "SIGKILL"
    # a crash: ExecStop without a main process; the watchdog: ExecStopPost
    assert "sleep" in found["ExecStop"]
    assert "sleep" in found["ExecStopPost"]


def test_it_runs_as_nobody_special() -> None:
    found = service()
    assert found["User"] == "gate"
    assert set(found["SupplementaryGroups"].split()) == {"dialout", "gpio", "video", "input"}
    assert found["NoNewPrivileges"] == "yes"
    assert found["ProtectSystem"] == "strict"
    assert found["DevicePolicy"] == "closed"


UNITS = sorted(file.name for file in FILE.parent.glob("gate*.service"))


@pytest.mark.parametrize("name", UNITS)
def test_every_service_is_confined(name: str) -> None:
    text = (FILE.parent / name).read_text()
    for line in ("User=gate", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert line in text, line


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("name", [*UNITS, "gate-backup.timer"])
def test_systemd_understands_it(name: str, tmp_path: Path) -> None:
    for file in FILE.parent.glob("gate*"):
        if file.suffix in (".service", ".timer"):
            text = file.read_text().replace("/opt/gate/.venv/bin/gate", "/bin/true")
            (tmp_path / file.name).write_text(text)
    verify = ["systemd-analyze", "verify", str(tmp_path / name)]
    found = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    assert name not in found.stderr, found.stderr
    assert found.returncode == 0, found.stderr
