"""``face_recognition`` itself, to be measured and compared with.

Its package of models finds its files by ``pkg_resources``, which new versions of setuptools no
longer have; while it is imported, a module with the one function it asks for takes that place.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from gate.errors import ModelError

_NONE = object()


def resource_filename(package: str, resource: str) -> str:
    """As of ``pkg_resources``: the path of a file of an installed package. Raises ModelError."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the package {package} is not installed", hint=f"install it: pip install {package}"
        )
    return str(Path(spec.origin).parent / resource)


def face_recognition() -> Any:
    """The module. Raises ModelError where it is not installed."""
    stand_in = ModuleType("pkg_resources")
    stand_in.__dict__["resource_filename"] = resource_filename
    before = sys.modules.get("pkg_resources", _NONE)
    sys.modules["pkg_resources"] = stand_in
    try:
        import face_recognition as module  # type: ignore[import-untyped]
    except ImportError as error:
        raise ModelError(
            f"face_recognition cannot be imported: {error}",
            hint="install it: pip install face-recognition",
        ) from error
    finally:
        del sys.modules["pkg_resources"]
        if before is not _NONE:
            sys.modules["pkg_resources"] = cast(ModuleType, before)
    return module
