"""The wheel alone is a product: an installation without the checkout makes every file it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a new environment with the wheel in it and this one's packages behind it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    # a copy: building leaves files in the tree
    tree = folder / "tree"
    tree.mkdir()
    for name in ("gate", "enroll", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(tree)], check=True)
    subprocess.run([*pip, *build, str(tree)], check=True, timeout=300)
    (wheel,) = folder.glob("access_gate-*.whl")
    home = folder / "venv"
    venv.create(home, symlinks=True)
    site = next(home.glob("lib/python*/site-packages"))
    subprocess.run(
        [*pip, "--python", str(home / "bin" / "python"), "install", "--no-deps", "--quiet", wheel],
        check=True,
        timeout=300,
    )
    # a plain line adds the folder behind, without what installs this checkout as editable
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "gate"


def run(gate: Path, home: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GATE_", "PYTHON"))}
    environment |= {"HOME": str(home)}
    environment.pop("SUDO_USER", None)
    done = subprocess.run(
        [str(gate), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=home,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_configuration_units_and_broker_files_come_from_the_wheel(
    gate: Path, tmp_path: Path
) -> None:
    assert str(tmp_path / "gate" / "gate.toml") in run(gate, tmp_path, "config", "path")
    run(gate, tmp_path, "config", "init")
    written = tmp_path / "gate" / "gate.toml"
    assert written.read_text() == (ROOT / "config" / "gate.toml").read_text()
    assert tomllib.loads(written.read_text())["name"] == "gate-1"
    assert str(tmp_path / "gate" / "var") in run(gate, tmp_path, "config", "path")

    run(gate, tmp_path, "config", "units", "units")
    unit = (tmp_path / "units" / "gate.service").read_text()
    assert f"ExecStart={gate.parent}/gate run --config {written}" in unit

    run(gate, tmp_path, "broker", "setup", "broker", "--host", "localhost", "--gate", "north")
    made = {path.name for path in (tmp_path / "broker").iterdir()}
    assert {"mosquitto.conf", "acl", "ca.crt", "broker.crt", "north.key"} <= made
    assert str(tmp_path / "broker") in (tmp_path / "broker" / "mosquitto.conf").read_text()


def test_a_box_is_set_up_from_the_wheel(gate: Path, tmp_path: Path) -> None:
    camera = ROOT / "fixtures" / "recordings" / "empty"
    said = run(
        gate,
        tmp_path,
        *("init", "--yes", "--name", "north", "--models", "skip", "--camera", str(camera)),
    )
    assert "north" in (tmp_path / "gate" / "gate.toml").read_text()
    assert (tmp_path / "gate" / "var" / "gate.key").exists()
    assert "database" in said  # doctor's table ends it
