"""A form that is sent after its session is over: nothing that was typed is lost."""

from __future__ import annotations

import html
import re

import pytest

from enroll.kept_form import LONGEST, kept_form

pytestmark = pytest.mark.slow

PASSWORD = "a-long-enough-secret"
TYPED = {"name": "李 & <李>", "building": "3", "unit": "1201", "note": "怕风", "face_alone": "1"}


def hidden(page):
    found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


@pytest.fixture
def idle(clerk, clock):
    """A clerk whose session is over."""
    clock.advance(31 * 60)
    return clerk


def signed_in(client, page, **change):
    fields = {**dict(hidden(page)), "login": "desk", "password": PASSWORD, **change}
    return client.post("/login", data=fields)


def test_what_was_typed_is_shown_after_the_sign_in_and_saved_by_a_press(idle, desk):
    page = idle.fill("/people/new", **TYPED)
    assert page.status_code == 401
    assert "What you typed is kept" in page.text
    assert desk.store.people.count() == 0
    wrong = signed_in(idle, page.text, password="wrong")
    assert wrong.status_code == 401
    again = signed_in(idle, wrong.text)
    assert again.status_code == 200
    assert "李 &amp; &lt;李&gt;" in again.text
    assert 'action="/people/new"' in again.text
    assert "<li>怕风</li>" in again.text
    assert "<li>1</li>" not in again.text  # a tick is no text
    assert desk.store.people.count() == 0  # nothing happens before somebody presses
    fields = hidden(again.text)
    assert [value for name, value in fields if name == "csrf"] != [idle.csrf]
    saved = idle.post("/people/new", data=dict(fields))
    assert saved.url.path.endswith("/consent")
    person = desk.store.people.find()[0]
    assert (person.name, person.note, person.face_alone) == ("李 & <李>", "怕风", True)


def test_a_field_that_was_sent_several_times_stays_so(idle):
    rows = {"name": "李", "more_name": ["李二", "李三"], "more_birth_year": ["1980", ""]}
    again = signed_in(idle, idle.fill("/people/new", **rows).text)
    fields = hidden(again.text)
    assert [value for name, value in fields if name == "more_name"] == ["李二", "李三"]
    assert [value for name, value in fields if name == "more_birth_year"] == ["1980", ""]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/people/1/pins", {"pin": "135791"}),
        ("/account", {"present": "a", "password": "b", "again": "b"}),
        ("/accounts", {"login": "x", "password": "another-long-one"}),
        ("/live/north/open", {"reason": "搬家"}),
        ("/people/1/delete", {}),
        ("/people/new", {"name": "x" * LONGEST}),
    ],
    ids=["pin", "own password", "account", "order", "nothing typed", "too long"],
)
def test_secrets_orders_and_empty_forms_are_not_kept(idle, path, fields):
    page = idle.fill(path, **fields)
    assert page.url.path == "/login"
    assert "What you typed is kept" not in page.text
    for value in fields.values():
        assert f'value="{value}"' not in page.text


def test_a_file_is_not_kept(idle):
    came = {"referer": "http://desk.test/imports?page=2"}
    page = idle.post("/imports/new", files={"table": ("a.csv", b"name\nLi\n")}, headers=came)
    assert page.url.path == "/login"
    assert page.status_code == 200
    assert "so nothing was done now either" in page.text
    assert "a file has to be chosen again" in page.text
    answer = signed_in(idle, page.text)
    assert str(answer.url) == "http://desk.test/imports?page=2"  # where it is done again


def test_the_way_back_after_a_sign_in_is_none_to_another_site(idle):
    page = idle.post("/imports/1/run", headers={"referer": "http://evil.test/imports"})
    assert page.url.params["back"] == "/"


def test_a_form_of_another_site_is_refused_before_it_is_kept(idle):
    answer = idle.post("/people/new", data=TYPED, headers={"origin": "http://evil.test"})
    assert answer.status_code == 403
    assert "李" not in answer.text


@pytest.mark.parametrize("path", ["//evil.test/x", "http://evil.test", "/live/a/open", "", "/a\n"])
def test_a_form_goes_only_to_a_page_of_the_desk(path):
    assert kept_form("/people/new", "name=x") is not None
    assert kept_form(path, "name=x") is None


def test_too_many_fields_are_no_fault(idle):
    page = idle.post("/people/new", content="&".join(["a=1"] * 3000), headers=FORM)
    assert page.url.path == "/login"
    form = {"login": "desk", "password": PASSWORD, "kept_path": "/people/new"}
    answer = idle.post("/login", data={**form, "kept": "&".join(["a=1"] * 3000)})
    assert answer.url.path == "/"


FORM = {"content-type": "application/x-www-form-urlencoded"}
