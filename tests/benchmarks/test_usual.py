"""face_recognition is imported whether or not setuptools still has pkg_resources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.usual import face_recognition, resource_filename
from gate.errors import ModelError

WITHOUT = """
import sys
sys.modules["pkg_resources"] = None  # as if it were not installed
from benchmarks.usual import face_recognition
module = face_recognition()
assert module is face_recognition(), "imported once"
assert sys.modules["pkg_resources"] is None
print(module.api.face_recognition_model)
"""


@pytest.mark.slow
def test_its_models_are_found_without_pkg_resources() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


@pytest.mark.slow
def test_the_module_is_the_one_python_imports() -> None:
    assert face_recognition().__name__ == "face_recognition"


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="no_such_package is not installed"):
        resource_filename("no_such_package", "models/x.dat")
