"""Where the tests run unattended they try the same examples each time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("unattended", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("unattended")
