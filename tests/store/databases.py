"""Which database a test of the store is about, where it is about one."""

from __future__ import annotations

import pytest

# looks into SQLite's own files: not run on PostgreSQL
ON_FILES = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
