"""A look through a camera: off by default, for some roles, written down, nowhere on the disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from enroll.app import create_app
from enroll.desk import Desk
from enroll.live_picture_access import MINUTE, LivePictureAccess, gates_with_picture
from gate.services.live_picture import PictureServer
from tests.enroll.conftest import Browser

JPEG = b"\xff\xd8\xff" + b"a picture of whoever stands there" * 50 + b"\xff\xd9"
GATE = "gate-1"


@pytest.fixture
def allowed(desk: Desk) -> Desk:
    """The desk with the pictures switched on."""
    desk.settings = desk.settings.model_copy(update={"live_picture": True})
    return desk


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[PictureServer]:
    server = PictureServer(tmp_path, GATE, lambda: JPEG)
    server.open()
    yield server
    server.close()


def audited(desk: Desk) -> list[tuple[str, str, str]]:
    lines = desk.store.audit.lines(100)
    return [(x.actor, x.action, x.subject) for x in lines if x.action == "picture.look"]


@pytest.mark.slow
def test_it_is_off_by_default(clerk, desk, gate):
    assert not desk.settings.live_picture
    assert "/picture" not in clerk.get("/").text
    for path in (f"/live/{GATE}/picture", f"/live/{GATE}/picture.jpg"):
        assert clerk.get(path).status_code == 404
    assert clerk.fill(f"/live/{GATE}/picture").status_code == 404
    assert audited(desk) == []


@pytest.mark.slow
@pytest.mark.parametrize("role", ["technician", "auditor"])
def test_roles_that_see_no_faces_see_no_picture(browser, allowed, gate, role):
    client = browser(role)
    assert "/picture" not in client.get("/").text
    assert client.get(f"/live/{GATE}/picture").status_code == 403
    assert client.get(f"/live/{GATE}/picture.jpg").status_code == 403
    assert client.fill(f"/live/{GATE}/picture").status_code == 403
    assert audited(allowed) == []


@pytest.mark.slow
def test_a_look_is_asked_for_and_written_down_and_lasts_a_minute(clerk, allowed, gate, clock):
    assert f'href="/live/{GATE}/picture"' in clerk.get("/").text
    assert clerk.get(f"/live/{GATE}/picture.jpg").status_code == 403, "not asked for"
    assert "picture.jpg" not in clerk.get(f"/live/{GATE}/picture").text
    page = clerk.fill(f"/live/{GATE}/picture")
    assert f'src="/live/{GATE}/picture.jpg"' in page.text
    answer = clerk.get(f"/live/{GATE}/picture.jpg")
    assert answer.content == JPEG
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert audited(allowed) == [("desk", "picture.look", GATE)]
    clock.advance(MINUTE + 1)
    assert clerk.get(f"/live/{GATE}/picture.jpg").status_code == 403
    clerk.fill(f"/live/{GATE}/picture")
    assert len(audited(allowed)) == 2, "each look is a line"


@pytest.mark.slow
def test_the_look_of_one_account_is_no_other_s(clerk, manager, allowed, gate):
    clerk.fill(f"/live/{GATE}/picture")
    assert clerk.get(f"/live/{GATE}/picture.jpg").status_code == 200
    assert manager.get(f"/live/{GATE}/picture.jpg").status_code == 403


@pytest.mark.slow
def test_nothing_of_the_picture_reaches_the_disk(clerk, allowed, gate, tmp_path):
    clerk.fill(f"/live/{GATE}/picture")
    assert clerk.get(f"/live/{GATE}/picture.jpg").content == JPEG
    read = 0
    for file in tmp_path.rglob("*"):
        if file.is_file():
            read += 1
            assert JPEG[3:40] not in file.read_bytes(), file
    assert read > 0


@pytest.mark.slow
def test_a_gate_that_is_not_there_is_said_so(clerk, allowed, tmp_path):
    assert "/picture" not in clerk.get("/").text
    clerk.fill(f"/live/{GATE}/picture")
    answer = clerk.get(f"/live/{GATE}/picture.jpg")
    assert answer.status_code == 503
    assert "off or on another machine" in answer.text
    assert clerk.get("/live/nowhere/picture").status_code == 404
    assert gates_with_picture(tmp_path, [GATE]) == frozenset()


@pytest.mark.slow
def test_a_restart_of_the_desk_ends_every_look(clerk, allowed, gate):
    clerk.fill(f"/live/{GATE}/picture")
    again = create_app(dataclasses.replace(allowed))
    other = Browser(again, base_url="http://desk.test", headers={"accept": "text/html"})
    other.cookies = clerk.cookies
    assert other.get("/account").status_code == 200
    assert other.get(f"/live/{GATE}/picture.jpg").status_code == 403


def test_looks_that_are_over_are_forgotten():
    now = [0.0]
    access = LivePictureAccess(lambda: now[0])
    for account in range(50):
        access.begin(account, GATE)
    now[0] = MINUTE
    assert access.left(1, GATE) == 0.0
    access.begin(7, GATE)
    assert len(access._until) == 1
    assert access.left(7, GATE) == MINUTE
