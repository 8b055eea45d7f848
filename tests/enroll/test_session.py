"""Set-up, sign-in, lock-out, sessions."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from enroll.passwords import weakness
from enroll.permissions import Role
from enroll.refused_sign_ins import MOST
from gate.store.tables import AccountRow, AuditRow, SessionRow
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

PASSWORD = "a-long-enough-secret"


def test_the_first_account_needs_the_code_of_the_command(browser, desk):
    code = desk.first_run.new_code()
    client = browser()
    assert client.get("/").url.path == "/setup"
    form = {"login": "li", "password": PASSWORD, "again": PASSWORD}
    assert "set-up code is wrong" in client.post("/setup", data={**form, "code": "guess"}).text
    assert client.post("/setup", data={**form, "code": code}).url.path == "/login"
    assert desk.accounts.all()[0].role == Role.MANAGER
    client.sign_in("li")
    assert client.get("/setup").url.path == "/login"


def test_a_code_works_ten_times_wrong_and_then_never(browser, desk):
    code = desk.first_run.new_code()
    client = browser()
    form = {"login": "li", "password": PASSWORD, "again": PASSWORD}
    for _ in range(10):
        client.post("/setup", data={**form, "code": "guess"})
    assert "no longer valid" in client.post("/setup", data={**form, "code": code}).text
    assert desk.accounts.count() == 0


def test_a_code_is_over_after_a_day(browser, desk, clock):
    code = desk.first_run.new_code()
    clock.advance(25 * 3600)
    form = {"login": "li", "password": PASSWORD, "again": PASSWORD, "code": code}
    assert "no longer valid" in browser().post("/setup", data=form).text


def test_weak_passwords_are_refused(browser, desk):
    code = desk.first_run.new_code()
    for weak in ("short", "1234567890", "lilililili", "xx-password-xx", "li-was-here-9"):
        form = {"login": "li", "password": weak, "again": weak, "code": code}
        assert browser().post("/setup", data=form).status_code == 400
    assert desk.accounts.count() == 0


@pytest.mark.parametrize("weak", ["qwerty123456", "woaini1314520", "Password2026", "zhangwei1990"])
def test_a_typical_password_is_refused_although_it_is_long(weak):
    assert weakness(weak, "li") == "The password is easily guessed"


def test_a_strong_password_is_taken():
    assert weakness(PASSWORD, "li") == ""


def test_the_own_password_cannot_be_guessed_at_its_page(clerk, desk):
    guess = {"password": "new-enough-secret-9", "again": "new-enough-secret-9"}
    for number in range(60):
        clerk.fill("/account", present=f"guess-{number}", **guess)
    assert clerk.fill("/account", present=PASSWORD, **guess).status_code == 400
    assert desk.accounts.sign_in("desk", PASSWORD, "another address") is not None


def test_a_stranger_who_guesses_locks_nobody_else_out(desk):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    for _ in range(20):
        assert desk.accounts.sign_in("wang", "wrong", "198.51.100.7") is None
    assert desk.accounts.sign_in("wang", PASSWORD, "198.51.100.7") is None
    assert desk.accounts.sign_in("wang", PASSWORD, "192.0.2.1") is not None


def test_parallel_guesses_count_before_they_are_checked_and_two_are_checked_at_once(
    desk, monkeypatch
):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    running, most, checked = 0, 0, 0
    lock, second = threading.Lock(), threading.Event()

    def slow(kept, password):
        nonlocal running, most, checked
        with lock:
            running, checked = running + 1, checked + 1
            most = max(most, running)
            if running == 2:
                second.set()
        second.wait(PATIENCE)  # however late it comes
        second.set()
        time.sleep(0.02)  # for a third, were it let in
        with lock:
            running -= 1
        return False

    monkeypatch.setattr("enroll.passwords._verify", slow)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: desk.accounts.sign_in("wang", f"g{n}", "1.2.3.4"), range(20)))
    assert (checked, most) == (desk.settings.attempts, 2)


def test_what_is_typed_as_a_login_is_not_kept(browser, desk):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    for login in ("my-secret-in-the-wrong-field", "wang"):
        browser().post("/login", data={"login": login, "password": "wrong"})
    with desk.store.database.read() as session:
        lines = session.query(AuditRow).filter(AuditRow.action == "sign_in.refused").all()
    assert [line.actor for line in lines] == ["unknown", "wang"]


def test_a_flood_of_wrong_passwords_does_not_fill_the_audit(browser, desk):
    desk.sign_ins.allowed = lambda address: True  # from many addresses
    client = browser()
    for _ in range(2 * MOST):
        client.post("/login", data={"login": "nobody", "password": "wrong"})
    with desk.store.database.read() as session:
        lines = session.query(AuditRow).filter(AuditRow.action == "sign_in.refused").count()
    assert lines == MOST


def test_five_wrong_passwords_make_the_guesser_wait(browser, desk, clock):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    client = browser()
    for _ in range(5):
        answer = client.post("/login", data={"login": "wang", "password": "wrong"})
        assert answer.status_code == 401
    right = {"login": "wang", "password": PASSWORD}
    assert client.post("/login", data=right).status_code == 401
    clock.advance(16 * 60)
    assert client.post("/login", data=right).status_code == 200


def test_an_unknown_login_is_answered_like_a_wrong_password(browser, desk):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    client = browser()
    known = client.post("/login", data={"login": "wang", "password": "wrong"})
    unknown = client.post("/login", data={"login": "nobody", "password": "wrong"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_a_session_idles_away_and_ends_after_its_hours(clerk, clock):
    assert clerk.get("/account").url.path == "/account"
    for _ in range(30):
        clock.advance(20 * 60)
        last = clerk.get("/account").url.path
    assert last == "/login"  # ten hours are over although never idle
    clerk.sign_in("desk")
    clock.advance(31 * 60)
    assert clerk.get("/account").url.path == "/login"


def test_the_database_holds_neither_password_nor_token(clerk, desk):
    token = clerk.cookies["desk"]
    with desk.store.database.read() as session:
        kept = session.query(SessionRow).one()
        account = session.query(AccountRow).one()
    assert token.encode() not in kept.token
    assert account.password.startswith("$argon2id$")


def test_signing_out_ends_the_session_on_the_server(clerk):
    cookie = clerk.cookies["desk"]
    clerk.fill("/logout")
    clerk.cookies.set("desk", cookie)
    assert clerk.get("/account").url.path == "/login"


def test_who_signs_out_after_the_session_is_over_is_signed_out(clerk, clock):
    clock.advance(31 * 60)
    page = clerk.fill("/logout")
    assert page.url.path == "/login"
    assert "You are signed out." in page.text
    assert "nothing was done" not in page.text


def test_disabling_an_account_ends_its_sessions(manager, clerk, desk):
    account = next(row for row in desk.accounts.all() if row.login == "desk")
    manager.fill(f"/accounts/{account.id}", role="desk", disabled="true")
    assert clerk.get("/account").url.path == "/login"
    assert clerk.post("/login", data={"login": "desk", "password": PASSWORD}).status_code == 401


def test_the_last_manager_cannot_be_disabled(manager, desk):
    account = desk.accounts.all()[0]
    answer = manager.fill(f"/accounts/{account.id}", role="manager", disabled="true")
    assert "last manager" in answer.text
    assert desk.accounts.get(account.id).disabled is None


def test_changing_the_password_needs_the_present_one(clerk):
    form = {"password": "another-long-one", "again": "another-long-one"}
    assert clerk.fill("/account", present="wrong", **form).status_code == 400
    assert clerk.fill("/account", present=PASSWORD, **form).url.path == "/login"
    clerk.sign_in("desk", "another-long-one")


def test_too_many_sign_ins_from_one_address(browser, desk):
    desk.sign_ins._count = 3
    client = browser()
    codes = [
        client.post("/login", data={"login": "x", "password": "y"}).status_code for _ in range(4)
    ]
    assert codes == [401, 401, 401, 429]


def test_both_languages(browser, desk):
    desk.accounts.create("wang", PASSWORD, Role.DESK)
    client = browser()
    assert "Sign in" in client.get("/login").text
    client.get("/language/zh", params={"back": "/login"})
    page = client.get("/login").text
    assert "登录" in page
    assert 'lang="zh-CN"' in page
