"""No package is installed whose hash was not written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = (ROOT / "requirements.lock", *sorted((ROOT / "packaging").glob("**/*.lock")))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_its_version_and_hash(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.M).replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip()]
    assert entries
    wrong = [e for e in entries if "==" not in e or not re.search(r"--hash=sha256:[0-9a-f]{64}", e)]
    assert wrong == []


def test_whatever_is_installed_from_a_lock_is_checked_by_hash() -> None:
    installs = [
        line
        for file in (ROOT / "Makefile", ROOT / "packaging" / "deb" / "build.py")
        for line in file.read_text().splitlines()
        if re.search(r"(install|\*pip).*\"?-r\"?[ ,]", line)
    ]
    assert len(installs) >= 4
    assert [line for line in installs if "--require-hashes" not in line] == []
