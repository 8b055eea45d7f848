"""Forms of the desk in a real browser: sent once, files, and back to what was typed."""

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


def test_a_file_is_chosen_in_the_page_s_language_whatever_the_browser_s(desk, tmp_path):
    desk.accounts.create("wang", PASSWORD, Role.MANAGER)
    table = tmp_path / "住户登记表.csv"
    table.write_text("姓名\n", encoding="utf-8")
    with served(desk) as address, browser(address) as clerk:
        clerk.sign_in("wang")
        clerk.go("/language/zh?back=/imports")
        shown = clerk.page.locator(".file:has([name=table])")
        assert shown.inner_text().split() == ["选择文件", "未选择文件"]
        assert shown.locator("input").evaluate("field => getComputedStyle(field).opacity") == "0"
        with clerk.page.expect_file_chooser() as chooser:
            shown.locator(".button").click(force=True)
        chooser.value.set_files(table)
        assert shown.inner_text().split() == ["选择文件", "住户登记表.csv"]


def test_back_from_a_refusal_what_was_typed_is_still_there(desk):
    person = desk.store.people.create("李建国").id
    desk.accounts.create("wang", PASSWORD, Role.MANAGER)
    with served(desk) as address, browser(address) as clerk:
        clerk.sign_in("wang")
        clerk.go(f"/people/{person}")
        clerk.fill(number="12ab", label="蓝卡")
        clerk.press("Add the card")
        clerk.page.click("[data-back]")
        clerk.page.wait_for_function(
            "() => document.querySelector('[name=label]')?.value === '蓝卡'"
        )
        assert clerk.page.url == f"{address}/people/{person}"
