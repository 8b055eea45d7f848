"""Guesses of passwords from many addresses: what is kept of them, and who is shut out."""

from __future__ import annotations

import pytest

from enroll import sign_in_limit
from enroll.sign_in_limit import SHARED, SignInLimit

LONGEST = 300.0  # seconds


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limit, "_KEYS", 150)


def flooded(limit: SignInLimit, login: str, addresses: int) -> list[float]:
    return [limit.wait(f"fd00::{number:x}", login) for number in range(addresses)]


def test_addresses_that_have_to_wait_fill_no_memory_either() -> None:
    limit = SignInLimit(5, LONGEST, lambda: 0.0)
    waits = flooded(limit, "li", 1000)
    assert waits.count(0.0) == SHARED
    assert len(limit._pairs) == 150


def test_logins_nobody_has_fill_no_memory() -> None:
    limit = SignInLimit(5, LONGEST, lambda: 0.0)
    for number in range(400):
        limit.wait("fd00::1", f"nobody{number}")
    assert (len(limit._pairs), len(limit._logins)) == (150, 150)


def test_the_owner_is_not_shut_out_by_a_flood_of_addresses() -> None:
    limit = SignInLimit(5, LONGEST, lambda: 0.0)
    assert limit.wait("owner", "li") == 0.0
    limit.right("owner", "li")
    assert flooded(limit, "li", 1000)[-1] > 0
    assert limit.wait("owner", "li") == 0.0
