"""The units hold what safety.md says of them; systemd understands them; they are confined."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from gate.setup import shipped

SERVICES = [name for name in shipped.unit_names() if name.endswith(".service")]
MOST_EXPOSED = 2.0
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is not installed"
)


GATE = Path("/opt/gate/bin/gate")


def service(name: str = "gate.service") -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(shipped.unit(name, gate=GATE))
    return dict(parser["Service"])


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """All of them as they are written, with commands that exist here."""
    for name in shipped.unit_names():
        text = shipped.unit(name, gate=Path("/bin/true"))
        (tmp_path / name).write_text(text.replace("/usr/bin/cage", "/bin/true"))
    return tmp_path


def test_the_units_are_those_of_the_documentation() -> None:
    names = ("gate", "gate-desk", "gate-hub", "gate-hub-worker", "gate-kiosk", "gate-backup")
    assert {f"{name}.service" for name in names} == set(SERVICES)
    assert "gate-backup.timer" in shipped.unit_names()


def test_a_daemon_that_hangs_or_dies_is_restarted_after_its_relays_were_rested() -> None:
    found = service()
    assert (found["Type"], found["WatchdogSec"], found["Restart"]) == ("notify", "10", "always")
    assert found["WatchdogSignal"] == "SIGKILL"
    # a crash: ExecStop without a main process; the watchdog: ExecStopPost
    assert "sleep" in found["ExecStop"]
    assert "sleep" in found["ExecStopPost"]


def test_it_runs_as_a_user_of_its_own() -> None:
    found = service()
    assert found["User"] == "gate"
    assert found["NoNewPrivileges"] == "yes"
    assert found["ProtectSystem"] == "strict"
    assert found["DevicePolicy"] == "closed"
    # a group that does not exist would keep the gate from starting: the user's own groups count
    assert "SupplementaryGroups" not in found


def test_a_gate_whose_disk_fails_has_a_folder_in_memory_that_a_restart_does_not_empty() -> None:
    found = service("gate.service")
    assert found["RuntimeDirectory"] == "gate"
    assert found["RuntimeDirectoryMode"] == "0700"
    assert found["RuntimeDirectoryPreserve"] == "yes"


@pytest.mark.parametrize("name", SERVICES)
def test_every_placeholder_is_filled_and_the_files_are_limited(name: str) -> None:
    text = shipped.unit(name, gate=GATE)
    assert not re.search(r"@[A-Z]+@", text)
    assert int(service(name)["LimitNOFILE"]) >= 4096
    assert service(name)["LimitCORE"] == "0"  # the key and names would be in it
    assert str(GATE) in service(name)["ExecStart"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    text = shipped.unit(name)
    for line in ("User=gate", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert line in text, line


def test_the_kiosk_has_a_folder_for_its_sockets_that_its_confinement_leaves_open() -> None:
    found = service("gate-kiosk.service")
    assert found["ProtectHome"] == "yes"  # closes /run/user, where a session has them
    assert f"XDG_RUNTIME_DIR=/run/{found['RuntimeDirectory']} " in found["ExecStart"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_system_call_that_is_not_allowed_is_refused_and_kills_nobody(name: str) -> None:
    found = service(name)
    assert found["SystemCallFilter"]
    assert found["SystemCallErrorNumber"] == "EPERM"


@pytest.mark.slow
@needs_systemd
@pytest.mark.parametrize("name", shipped.unit_names())
def test_systemd_understands_it(name: str, units: Path) -> None:
    verify = ["systemd-analyze", "verify", str(units / name)]
    found = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    assert name not in found.stderr, found.stderr
    assert found.returncode == 0, found.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_counts_little_exposure(name: str, units: Path) -> None:
    rate = ["systemd-analyze", "security", "--offline=true", str(units / name)]
    found = subprocess.run(rate, capture_output=True, text=True, timeout=60, check=False)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", found.stdout)
    assert level, found.stdout + found.stderr
    assert float(level[1]) <= MOST_EXPOSED
