"""Every module with a job has a test: of its name, importing it, or named in tests/mirror.toml."""

from __future__ import annotations

import pytest

from tools.mirror import ROOT, has_a_job, listed, unlisted, without_test


@pytest.mark.slow  # two seconds of reading every test
def test_no_module_is_without_a_test() -> None:
    assert unlisted() == [], "write a test of its name, or name the one that runs it"


def test_what_is_listed_is_there() -> None:
    for module, test in listed().items():
        assert (ROOT / module).is_file(), module
        assert (ROOT / test).exists(), test


@pytest.mark.slow
def test_the_rule_would_notice() -> None:
    assert has_a_job(ROOT / "gate/access/policy.py")
    assert not has_a_job(ROOT / "gate/door/settings.py")
    assert "gate/access/policy.py" not in without_test()
    assert "gate/access/permit_print.py" in without_test()
