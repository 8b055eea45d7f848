"""A button that is pressed twice sends its form once."""

from __future__ import annotations

from benchmarks.desk_browser import served
from enroll.permissions import Role
from tests.enroll.chromium import MARKS, PASSWORD, browser

pytestmark = MARKS


def test_a_form_is_sent_once_however_often_its_button_is_pressed(desk):
    desk.accounts.create("wang", PASSWORD, Role.MANAGER)
    with served(desk) as address, browser(address) as clerk:
        clerk.sign_in("wang")
        clerk.go("/people/new")
        clerk.fill(name="李建国")
        sent = clerk.page.evaluate(
            """() => {
                let sent = 0;
                document.addEventListener("submit", (event) => {
                    sent += !event.defaultPrevented;
                    event.preventDefault();
                });
                const form = document.querySelector("main form");
                form.requestSubmit();
                form.requestSubmit();
                return sent;
            }"""
        )
        assert sent == 1
        clerk.go("/people/new")
        clerk.fill(name="李建国")
        clerk.press("Save and go on to consent")
        clerk.page.wait_for_url("**/consent**")
        assert desk.store.people.count() == 1
