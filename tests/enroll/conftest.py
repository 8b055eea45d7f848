"""A desk over a fresh database, and browsers that are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from enroll.desk import Desk
from enroll.permissions import Role
from gate.clock import ManualClock
from gate.config.desk import DeskSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import AccountRow
from tests.enroll.app import app_of

PASSWORD = "a-long-enough-secret"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One for all tests of a file: starting and ending it takes three seconds of processor."""
    from tests.enroll.chromium import started

    with started(tmp_path_factory.mktemp("camera")) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def desk(store: Store, clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(
        DeskSettings(language="en", sign_ins=100, hosts=("desk.test",)),
        store,
        clock=clock,
        folder=tmp_path,
        synchronised=lambda: True,
    )
    yield desk
    desk.imports.close()


class Browser(TestClient):
    """A test client that fills in the token of its session."""

    csrf = ""

    def sign_in(self, login: str, password: str = PASSWORD) -> None:
        answer = self.post("/login", data={"login": login, "password": password})
        assert answer.status_code == 200, answer.text
        self.csrf = re.search(r'data-csrf="([^"]+)"', self.get("/account").text)[1]  # type: ignore[index]

    def fill(self, path: str, **fields: object):  # type: ignore[no-untyped-def]
        """Fill in a form of the page and send it."""
        return self.post(path, data={"csrf": self.csrf, **fields})


def begin_session(client: Browser, desk: Desk, account: AccountRow) -> None:
    """What ``sign_in`` does, without its three pages: a third of the time of most tests."""
    token = desk.sessions.begin(account.id, "testclient", "testclient")
    desk.store.audit.note_urgently(account.login, "sign_in")
    client.cookies.set(desk.cookie, token, domain=client.base_url.host, path="/")
    found = desk.sessions.find(token)
    assert found is not None
    client.csrf = found[1].csrf


@pytest.fixture
def browser(desk: Desk) -> Iterator[Callable[..., Browser]]:
    """``browser("desk")`` is a browser signed in as a desk clerk; ``browser()`` is nobody."""
    app = app_of(desk)
    opened = []

    def make(role: str = "") -> Browser:
        client = Browser(app, base_url="http://desk.test", headers={"accept": "text/html"})
        opened.append(client)
        if role:
            account = next((row for row in desk.accounts.all() if row.login == role), None)
            account = account or desk.accounts.create(role, PASSWORD, Role(role), role.title())
            begin_session(client, desk, account)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def manager(browser: Callable[..., Browser]) -> Browser:
    return browser("manager")


@pytest.fixture
def clerk(browser: Callable[..., Browser]) -> Browser:
    return browser("desk")
