"""The desk answers to its own names only."""

from __future__ import annotations

import pytest

from enroll.own_hosts import is_own, own_names

NAMES = own_names("127.0.0.1", ["Desk.Example"])


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8443", "127.0.0.1:8443", "[::1]:8443", "192.0.2.7", "desk.example.",
     "DESK.example:8443"],
)  # fmt: skip
def test_own_names_and_addresses_are_answered(host):
    assert is_own(host, NAMES)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "desk.example.evil.example", "", "localhost@evil.example", "[bad", "a b"],
)
def test_other_names_are_not(host):
    assert not is_own(host, NAMES)


@pytest.mark.slow
def test_a_request_for_another_name_is_refused_before_any_page(browser, desk):
    client = browser()
    for path in ("/login", "/healthz", "/static/desk.css"):
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400
        assert client.get(path, headers={"Host": "127.0.0.1"}).status_code == 200, path
