"""Build the Debian package: everything the gate needs in it but Debian's own Python.

    python packaging/deb/build.py [FOLDER]     # or: make deb

The packages of requirements.lock, each checked by its hash, are laid out as a virtual environment
in /usr/lib/gate for the Python of the Debian release on which this runs (12: 3.11, 13: 3.13): the
installation needs neither compiler nor network. The recipe is the same on every architecture.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib import metadata
from pathlib import Path

import manual
import papers
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gate import __version__
from gate.setup import shipped
from gate.store.migrate import revisions

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAME = "access-gate"
EXTRAS = ("hardware", "notify", "hub", "sftp")
HOME = Path("usr/lib/gate")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SCRIPTS = ("preinst.in", "postinst", "prerm", "postrm")
LAUNCHER = f"""#!/{HOME}/bin/python3
import sys

from gate.cli import main

sys.argv[0] = "gate"
sys.exit(main())
"""


def needed(name: str = NAME, extras: tuple[str, ...] = EXTRAS) -> set[str]:
    """Every package that ``name`` needs here, by canonical name; read from what is installed."""
    found: set[str] = set()
    open_ = [(name, extras)]
    seen = set()
    while open_:
        one, wanted = open_.pop()
        if (one, wanted) in seen:
            continue
        seen.add((one, wanted))
        for text in metadata.requires(one) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": e}) for e in ("", *wanted)):
                continue
            other = canonicalize_name(requirement.name)
            if other != canonicalize_name(name):
                found.add(other)
            open_.append(
                (
                    other,
                    tuple(sorted(requirement.extras))
                    + (wanted if other == canonicalize_name(name) else ()),
                )
            )
    return found


def locked(names: set[str], lock: str) -> str:
    """The entries of the lock for ``names``, with their hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    kept = [
        e for e in entries if canonicalize_name(re.split(r"[=\[ ;]", e, maxsplit=1)[0]) in names
    ]
    return "\n".join(kept) + "\n"


def run(*command: str | Path) -> str:
    # what is compiled here must not look for libraries where this Python has them
    linker = {"LDSHARED": f"{sysconfig.get_config_var('CC')} -shared"}
    done = subprocess.run(
        [str(c) for c in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **linker},
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(tree: Path, work: Path) -> None:
    """The virtual environment below ``tree``, its interpreter being Debian's own."""
    home = tree / HOME
    site = home / "lib" / PYTHON / "site-packages"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python3").symlink_to(f"/usr/bin/{PYTHON}")
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    launcher = home / "bin" / "gate"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    # dlib is in the lock as dlib-bin, which is the same module
    names = needed() - {"dlib"}
    wanted = work / "requirements.txt"
    wanted.write_text(locked(names, (ROOT / "requirements.lock").read_text()))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    into = ("--no-deps", "--no-compile", "--target", site)
    run(*pip, *into, "--require-hashes", "--no-build-isolation", "-r", wanted)
    source = work / "source"  # a copy: building leaves files in the tree
    source.mkdir()
    for part in ("gate", "enroll", "pyproject.toml", "README.md", "LICENSE"):
        run("cp", "-r", ROOT / part, source)
    run(*pip, *into, "--no-build-isolation", source)
    shutil.rmtree(site / "bin", ignore_errors=True)
    for origin in site.glob("*.dist-info/direct_url.json"):
        origin.unlink()  # where this was built is nobody's business
    for cache in site.rglob("__pycache__"):
        shutil.rmtree(cache)
    # the services may not write here: compiled once, valid whatever the clock of the box says
    compile_ = ("-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash")
    subprocess.run([sys.executable, *compile_, "-s", str(tree), "-p", "/", str(site)], check=False)


def system_files(tree: Path, work: Path) -> None:
    """Command, units, udev names, completion and man pages."""
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/gate").symlink_to(f"/{HOME}/bin/gate")
    units = tree / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for name in shipped.unit_names():
        (units / name).write_text(shipped.unit(name, gate=Path(f"/{HOME}/bin/gate")))
    rules = tree / "usr/lib/udev/rules.d"
    rules.mkdir(parents=True)
    shutil.copy(HERE / "60-gate.rules", rules)
    root = manual.tree()
    complete = tree / "usr/share/bash-completion/completions"
    complete.mkdir(parents=True)
    (complete / "gate").write_text(manual.completion(root))
    man = tree / "usr/share/man/man1"
    man.mkdir(parents=True)
    for name, text in manual.pages(root, __version__).items():
        (man / f"{name}.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    docs = tree / "usr/share/doc" / NAME
    docs.mkdir(parents=True)
    (docs / "copyright").write_text(papers.COPYRIGHT)
    history = (ROOT / "CHANGELOG.md").read_text("utf-8")
    made = float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    log = papers.changelog(history, NAME, __version__, papers.maintainer(), made)
    (docs / "changelog.gz").write_bytes(gzip.compress(log.encode(), 9, mtime=0))
    overrides = tree / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    (overrides / NAME).write_text(papers.OVERRIDES)
    shutil.copytree(ROOT / "docs", docs / "docs", ignore=shutil.ignore_patterns("*.jpg", "desk"))


def of_upgrade() -> dict[str, str]:
    """What preinst knows of the version it belongs to."""
    files, copy = (
        (ROOT / path).read_text("utf-8").replace("from __future__ import annotations\n", "")
        for path in ("gate/files.py", "gate/store/register_copy.py")
    )
    program = f"from __future__ import annotations\nimport sys\n{files}\n" + copy.replace(
        "from gate import files\n", "files = sys.modules[__name__]\n"
    )
    return {"VERSION": __version__, "SCHEMA": revisions()[-1], "COPY": program}


def control(tree: Path, architecture: str) -> None:
    """The folder DEBIAN: control file, maintainer scripts, question of the purge."""
    folder = tree / "DEBIAN"
    size = int(run("du", "-sk", tree).split()[0])
    folder.mkdir()
    values = {
        "MAINTAINER": papers.maintainer(),
        "ARCH": architecture,
        "SIZE": str(size),
        "PYTHON": PYTHON,
        **of_upgrade(),
    }
    for name in ("control.in", *SCRIPTS):
        text = (HERE / name).read_text("utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        file = folder / name.removesuffix(".in")
        file.write_text(text, "utf-8")
        file.chmod(0o644 if name == "control.in" else 0o755)
    shutil.copy(HERE / "templates", folder)
    for path in tree.rglob("*"):  # whatever the umask of the builder
        if not path.is_symlink():
            library = ".so" in path.suffixes
            executable = path.is_dir() or (path.stat().st_mode & 0o100 and not library)
            path.chmod(0o755 if executable else 0o644)


def build(target: Path) -> Path:
    """Build the package into ``target``; returns the file."""
    architecture = run("dpkg", "--print-architecture").strip()
    work = target / "deb"
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "tree"
    tree.mkdir(parents=True)
    environment(tree, work)
    system_files(tree, work)
    control(tree, architecture)
    file = target / f"{NAME}_{__version__}_{architecture}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", tree, file)
    shutil.rmtree(work)
    return file


if __name__ == "__main__":
    built = build(Path(sys.argv[1] if sys.argv[1:] else ROOT / "build"))
    print(f"{built}: {built.stat().st_size / 1e6:.0f} MB")
