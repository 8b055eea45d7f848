"""The network goes while somebody fills in a form, in a real browser."""

from __future__ import annotations

import pytest

from benchmarks.desk_browser import served
from enroll.permissions import Role
from tests.enroll.chromium import MARKS, PASSWORD, browser

pytestmark = MARKS


@pytest.fixture
def clerk(chromium, desk):
    desk.accounts.create("desk", PASSWORD, Role.DESK)
    with served(desk) as address, browser(chromium, address) as clerk:
        clerk.sign_in("desk")
        yield clerk


def test_what_was_typed_stays_and_is_sent_when_the_network_is_back(clerk, desk):
    clerk.go("/people/new")
    clerk.fill(name="王芳", birth_year="1960")
    clerk.page.context.set_offline(True)
    clerk.press("Save and go on to consent")
    clerk.page.wait_for_selector("form [role=alert]", state="visible")
    clerk.look("away")
    assert clerk.page.input_value("[name=name]") == "王芳"
    assert desk.store.people.count() == 0
    clerk.page.context.set_offline(False)
    clerk.press("Save and go on to consent")
    clerk.page.wait_for_url("**/consent**")
    assert [row.name for row in desk.store.people.find()] == ["王芳"]
    assert clerk.faults == []


def test_a_desk_on_a_machine_without_any_network_is_reached(clerk, desk):
    clerk.go("/people/new")
    clerk.page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => false })")
    clerk.fill(name="王芳", birth_year="1960")
    clerk.press("Save and go on to consent")
    clerk.page.wait_for_url("**/consent**")
    assert [row.name for row in desk.store.people.find()] == ["王芳"]
