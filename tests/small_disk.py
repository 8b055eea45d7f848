"""A file system of its own, so small that it is soon full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(where: Path, size: str) -> Iterator[Path]:
    """Mounted at ``where``, of ``size``, such as "6m"; skips where mounting is not allowed."""
    where.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(where)]
    able = os.geteuid() == 0 and shutil.which("mount") is not None
    if not able or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk, where mounting is allowed")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)
