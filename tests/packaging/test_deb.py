"""The recipe of the Debian package: what goes in, scripts, man pages, completion."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DEB = ROOT / "packaging" / "deb"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DEB / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def manual() -> ModuleType:
    return module("manual")


@pytest.fixture(scope="module")
def papers() -> ModuleType:
    return module("papers")


@pytest.fixture(scope="module")
def build(manual: ModuleType, papers: ModuleType) -> ModuleType:
    return module("build")


def test_the_changelog_is_debians(papers: ModuleType, tmp_path: Path) -> None:
    assert papers.maintainer({"DEBFULLNAME": "李红", "DEBEMAIL": "li@example.org"}) == (
        "李红 <li@example.org>"
    )
    text = "# Changelog\n\n## Unreleased\n\n### Fixed\n- One,\n  two.\n\n"
    text += "## 0.2.0\n- A.\n\n## 0.1.0\n- B.\n"
    log = papers.changelog(text, "access-gate", "0.2.0", "Gate <gate@example.org>", 0.0)
    signed = "\n\n -- Gate <gate@example.org>  Thu, 01 Jan 1970 00:00:00 -0000\n"
    assert log == (
        "access-gate (0.2.0) unstable; urgency=medium\n\n  [ Fixed ]\n  * One,\n    two.\n  * A."
        f"{signed}\naccess-gate (0.1.0) unstable; urgency=medium\n\n  * B.{signed}"
    )
    if shutil.which("dpkg-parsechangelog"):
        file = tmp_path / "changelog"
        ours = (ROOT / "CHANGELOG.md").read_text("utf-8")
        file.write_text(papers.changelog(ours, "access-gate", "0.2.0", papers.maintainer({}), 0.0))
        parsed = ["dpkg-parsechangelog", "-l", str(file), "-S", "Version"]
        done = subprocess.run(parsed, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("0.2.0\n", "")


@pytest.mark.slow
def test_every_package_at_run_time_is_in_and_none_of_the_tests(build: ModuleType) -> None:
    names = build.needed()
    assert {"numpy", "onnxruntime", "sqlalchemy", "apprise", "evdev", "tomlkit"} <= names
    assert not {"pytest", "mypy", "ruff", "playwright"} & names
    lock = (ROOT / "requirements.lock").read_text()
    text = build.locked(names - {"dlib"}, lock)
    entries = [line for line in text.splitlines() if line[:1].isalpha()]
    assert len(entries) >= len(names) - 1  # some have an entry for each system
    assert text.count("--hash=sha256:") >= len(entries)
    assert "\npytest" not in text


def test_every_command_has_its_man_page(manual: ModuleType) -> None:
    root = manual.tree()
    pages = manual.pages(root, "1.2.3")
    assert set(pages) == {"gate.1", *(f"gate-{name}.1" for name in root.commands)}
    assert "new\\-recovery\\-key" in pages["gate-backup.1"]
    assert ".SS gate broker renew" in pages["gate-broker.1"]
    for text in pages.values():
        assert text.startswith('.TH "GATE')
        assert ".SH NAME" in text


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@pytest.mark.slow
def test_man_shows_them_without_complaint(manual: ModuleType, tmp_path: Path) -> None:
    manual.main(tmp_path)
    pages = sorted((tmp_path / "man").glob("*.1"))
    assert pages
    for page in pages:
        shown = subprocess.run(
            ["man", "--warnings", "-l", str(page)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert shown.returncode == 0
        assert shown.stderr == "", page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gate ba", "backup"),
        ("gate broker se", "setup"),
        ("gate backup --new", "--new-recovery-key"),
        ("gate init --no-t", "--no-try"),
    ],
)
def test_bash_completes_commands_and_options(
    manual: ModuleType, tmp_path: Path, line: str, offered: str
) -> None:
    file = tmp_path / "gate.bash"
    file.write_text(manual.completion(manual.tree()))
    words = " ".join(f'"{word}"' for word in line.split())
    script = f"source {file}; COMP_WORDS=({words}); COMP_CWORD={len(line.split()) - 1}; "
    script += '_gate; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [offered]


@pytest.mark.parametrize("name", ["preinst.in", "postinst", "prerm", "postrm"])
def test_the_maintainer_scripts_are_for_a_plain_shell(name: str) -> None:
    subprocess.run(["sh", "-n", str(DEB / name)], check=True)
    assert (DEB / name).read_text().splitlines()[0] == "#!/bin/sh"


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
@pytest.mark.parametrize(
    ("dpkg_knows", "runs", "environment", "refused"),
    [
        ("0.1.0", "", {}, False),
        ("0.2.0", "", {}, False),
        ("0.3.0", "", {}, True),
        ("0.1.0", "0.3.0", {}, True),  # exchanged by `gate update`
        ("", "", {}, False),  # never installed, or purged
        ("0.3.0", "", {"GATE_DOWNGRADE": "1"}, False),
        ("0.3.0", "", {"GATE_UPDATE": "1"}, False),
    ],
)
def test_an_older_version_is_not_installed_over_a_newer(
    tmp_path: Path, dpkg_knows: str, runs: str, environment: dict[str, str], refused: bool
) -> None:
    script = tmp_path / "preinst"
    script.write_text((DEB / "preinst.in").read_text("utf-8").replace("@VERSION@", "0.2.0"))
    assert not Path("/etc/gate/gate.toml").exists()  # else the register is looked at, too
    gate = tmp_path / "gate"
    gate.write_text(f"#!/bin/sh\n[ -z '{runs}' ] && exit 1\necho {runs}\n")
    gate.chmod(0o755)
    done = subprocess.run(
        ["sh", str(script), "upgrade" if dpkg_knows else "install", dpkg_knows, "0.2.0"],
        capture_output=True,
        text=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **environment},
        check=False,
    )
    assert (done.returncode != 0) is refused, done.stderr
    assert ("已安装较新的版本 0.3.0" in done.stderr) is refused


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A box with a register of schema 0008 that runs; a service has it open."""
    (tmp_path / "gate.toml").write_text('name = "north"\ndata = "var"\n')
    data = tmp_path / "var"
    data.mkdir()
    with closing(sqlite3.connect(data / "gate.db")) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.executescript((ROOT / "fixtures" / "registers" / "0008.sql").read_text())
    return data


def upgrade(
    build: ModuleType, box: Path, schema: str = "", step: str = "upgrade", **environment: str
) -> subprocess.CompletedProcess[str]:
    """What preinst does when the package is installed over a version that is there."""
    folder = box.parent
    text = (DEB / "preinst.in").read_text("utf-8")
    for key, value in build.of_upgrade().items():
        text = text.replace(f"@{key}@", schema if schema and key == "SCHEMA" else value)
    text = text.replace("/usr/lib/gate/bin/python3", sys.executable)
    text = text.replace("/var/lib/gate", str(box))
    script = folder / "preinst"
    script.write_text(text.replace("/etc/gate/gate.toml", str(folder / "gate.toml")))
    for name, body in {
        "gate": "exit 1",
        "dpkg": "exit 1",  # no version is greater than another
        "runuser": 'test "$1 $2 $3" = "-u gate --" && shift 3 && exec "$@"',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["sh", str(script), step, "0.1.0", "0.2.0"],
        capture_output=True,
        text=True,
        env={"PATH": f"{folder}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def test_the_register_is_copied_before_a_package_that_changes_it_is_unpacked(
    build: ModuleType, box: Path
) -> None:
    done = upgrade(build, box)
    assert done.returncode == 0, done.stderr
    copy = box / "gate-0008.before"
    assert f"升级前的人员库已保存在 {copy}\n" in done.stderr
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM people").fetchone()[0] == 2
    with closing(sqlite3.connect(box / "gate.db")) as raw:  # the new version changes it, not this
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone()[0] == "0008"


def test_a_package_that_does_not_change_the_register_copies_nothing(
    build: ModuleType, box: Path
) -> None:
    for schema, step, environment in (
        ("0008", "upgrade", {}),
        ("", "install", {}),
        ("", "upgrade", {"GATE_UPDATE": "1"}),  # `gate update` has copied it
        ("", "upgrade", {"GATE_NO_COPY": "1"}),
    ):
        done = upgrade(build, box, schema, step, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert not list(box.glob("*.before"))


def test_a_register_on_a_server_or_none_yet_stops_nothing(build: ModuleType, box: Path) -> None:
    (box / "gate.db").unlink()
    assert upgrade(build, box).returncode == 0
    with (box.parent / "gate.toml").open("a") as file:
        file.write('[store]\nurl = "postgresql+psycopg://gate@db/gate"\n')
    assert upgrade(build, box).returncode == 0
    assert not (box / "gate.db").exists()


@pytest.mark.parametrize("fault", ["in the way", "damaged", "configuration"])
def test_a_register_that_cannot_be_copied_stops_the_package(
    build: ModuleType, box: Path, fault: str
) -> None:
    if fault == "in the way":
        (box / "gate-0008.before").mkdir()
    elif fault == "damaged":
        (box / "gate.db").write_bytes(b"not a database" * 100)
    elif fault == "configuration":
        (box.parent / "gate.toml").write_text("name = ")
    before = (box / "gate.db").read_bytes()
    done = upgrade(build, box)
    assert done.returncode == 1
    assert "the installed version goes on" in done.stderr
    assert "现有版本继续运行" in done.stderr
    assert "副本改在门禁启动时制作" in done.stderr
    assert "Traceback" not in done.stderr
    causes = {
        "in the way": "directory",
        "damaged": "not a database",
        "configuration": "gate.toml",
    }
    assert causes[fault] in done.stderr
    assert (box / "gate.db").read_bytes() == before


def test_a_disk_without_any_room_stops_the_package(
    build: ModuleType, tmp_path: Path, box: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk, where mounting is allowed")
    try:
        shutil.copytree(box, disk, dirs_exist_ok=True)
        with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        box.rename(tmp_path / "elsewhere")
        box.symlink_to(disk)
        done = upgrade(build, box)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert done.returncode == 1
    assert re.search(r"not enough room on the disk: [\d.]+ MB needed, 0.0 MB free", done.stderr)


def test_a_purge_that_asks_nobody_deletes_nothing() -> None:
    script = (DEB / "postrm").read_text()
    asked = script.index('if [ "$delete" = true ]')
    assert script.index("delete=false") < asked < script.index("rm -rf /var/lib/gate")
    assert script.count("/etc/gate") == 2  # deleted in one place, named in the sentence
    assert "Default: false" in (DEB / "templates").read_text()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg is not installed")
def test_the_package_in_a_bare_debian(tmp_path: Path) -> None:
    """Built, its content looked at; the rest where debootstrap and root are there."""
    subprocess.run([sys.executable, str(DEB / "build.py"), str(tmp_path)], check=True)
    (file,) = tmp_path.glob("access-gate_*.deb")
    listed = subprocess.run(
        ["dpkg-deb", "--contents", str(file)], capture_output=True, text=True, check=True
    ).stdout
    for wanted in (
        "./usr/bin/gate ->",
        "./usr/lib/gate/bin/gate",
        "./usr/lib/systemd/system/gate.service",
        "./usr/lib/systemd/system/gate-kiosk.service",
        "./usr/lib/udev/rules.d/60-gate.rules",
        "./usr/share/man/man1/gate-init.1.gz",
        "./usr/share/bash-completion/completions/gate",
        "./usr/share/doc/access-gate/changelog.gz",
        "./usr/share/lintian/overrides/access-gate",
    ):
        assert wanted in listed, wanted
    assert " root/root " in listed.splitlines()[0]
    if not shutil.which("debootstrap"):
        pytest.skip("debootstrap is not installed: the package was built, not tried")
    tried = [str(ROOT / "packaging" / "try_deb.sh"), str(file), "bookworm", str(tmp_path / "try")]
    subprocess.run(tried, check=True)
