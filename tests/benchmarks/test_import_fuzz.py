"""Damaged files: 300 of each kind here, ten thousand by the command."""

from __future__ import annotations

import resource

import pytest

from benchmarks.import_fuzz import KINDS, run


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_a_damaged_file_is_read_or_refused_and_nothing_else(kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 0 < run(kind, 300, seed=7) < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10
