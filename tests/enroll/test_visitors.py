"""Visitors: today's list, a permit in one form, and what a visitor sees on a telephone."""

from __future__ import annotations

import re
from datetime import timedelta

import cv2
import numpy as np
import pytest

from enroll import visitor_link, visitors
from enroll.permits import Permits, permits_of
from gate.access.permit import PermitRefused
from gate.access.permit_image import find_permit
from gate.access.settings import PermitSettings
from gate.events.event import Event


@pytest.fixture
def issuing(desk, tmp_path):
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    return desk


def invited(client, **fields):
    """Invite somebody; the part of the link behind /v/."""
    answer = client.fill("/visitors", name="王客", building="2", unit="501", **fields)
    return re.search(r"http://desk\.test/v/([\w-]+)", answer.text)[1]


def today(desk):
    now = desk.clock.utc()
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return visitors.of_day(desk.store, midnight, now)


@pytest.mark.slow
def test_one_form_makes_visitor_and_permit(issuing, clerk):
    token = invited(clerk, hours=5, uses=3, gates=["north", "south"])
    (one,) = today(issuing)
    assert (one.name, one.home, one.state, one.came) == ("王客", "2 501", "expected", None)
    assert (one.permit.uses_allowed, one.permit.gates) == (3, ["north", "south"])
    assert one.permit.valid_until - one.permit.valid_from == timedelta(hours=5)
    row = issuing.store.people.get(one.person)
    assert (row.kind, row.valid_until >= one.permit.valid_until) == ("visitor", True)
    person, credential = issuing.permits.book.look_up(
        visitor_link.text_of(token), "north", issuing.clock.utc()
    )
    assert (person.id, credential.problem) == (one.person, "")


@pytest.mark.slow
def test_the_visitor_sees_the_permit_without_an_account(issuing, clerk, browser):
    token = invited(clerk)
    nobody = browser()
    page = nobody.get(f"/v/{token}")
    assert page.status_code == 200
    assert "王客" in page.text
    assert "<script" not in page.text
    assert nobody.get("/visitors").url.path == "/login"


@pytest.mark.slow
def test_the_picture_that_is_kept_is_read_by_the_gate(issuing, clerk, browser):
    token = invited(clerk)
    data = np.frombuffer(browser().get(f"/v/{token}/permit.png").content, np.uint8)
    text = find_permit(cv2.imdecode(data, cv2.IMREAD_COLOR))
    assert text == visitor_link.text_of(token)
    assert browser().get(f"/v/{token}/permit.pdf").content.startswith(b"%PDF")


@pytest.mark.slow
@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_link_ends_with_its_permit(issuing, clerk, browser, clock, end):
    token = invited(clerk, hours=2)
    (one,) = today(issuing)
    if end == "revoked":
        issuing.permits.book.revoke(one.permit.id, "gone")
    else:
        clock.advance(3 * 3600)
    page = browser().get(f"/v/{token}").text
    assert "opens no longer" in page
    assert "王客" not in page
    assert browser().get(f"/v/{token}/permit.png").status_code == 410


@pytest.mark.slow
def test_a_link_names_nobody_who_is_not_in_the_register(issuing, clerk, browser):
    token = invited(clerk)
    (one,) = today(issuing)
    issuing.store.people.delete(one.person)
    assert "王客" not in browser().get(f"/v/{token}").text
    assert browser().get(f"/v/{token}/permit.pdf").status_code == 410


@pytest.mark.slow
def test_a_link_that_was_changed_or_made_up_is_no_page(issuing, clerk, browser):
    token = invited(clerk)
    changed = ("B" if token[30] == "A" else "A").join((token[:30], token[31:]))
    for wrong in (changed, token[:-4], "x", "A" * 90):
        assert browser().get(f"/v/{wrong}").status_code == 404
        with pytest.raises(PermitRefused):
            visitor_link.shown(issuing.permits.book, wrong, issuing.clock.utc())


@pytest.mark.slow
def test_a_permit_for_later_says_so(issuing, clerk, browser, clock):
    starts = (clock.utc() + timedelta(hours=30)).astimezone().strftime("%Y-%m-%dT%H:%M")
    token = invited(clerk, starts=starts)
    assert "Not valid yet" in browser().get(f"/v/{token}").text
    assert today(issuing) == []


@pytest.mark.slow
def test_the_list_says_who_came_and_what_is_over(issuing, clerk, clock):
    for name in ("came", "used", "gone", "waits"):
        clerk.fill("/visitors", name=name, hours=3, uses=1)
    people = {one.name: one for one in today(issuing)}
    ref = issuing.store.people.get(people["came"].person).ref
    now = clock.utc()
    issuing.store.events.append(
        [Event.make("north", "passage.granted", now, method="permit", person=ref)]
    )
    issuing.permits.book.use(people["used"].permit.id)
    issuing.permits.book.revoke(people["gone"].permit.id, "x")
    states = {one.name: (one.state, one.came) for one in today(issuing)}
    assert states == {
        "waits": ("expected", None),
        "came": ("came", now),
        "used": ("used_up", None),
        "gone": ("revoked", None),
    }
    assert [one.name for one in today(issuing)] == ["waits", "came", "used", "gone"]
    page = clerk.get("/visitors").text
    assert page.count('/revoke" data-ask="Revoke the permit?') == 2


@pytest.mark.slow
@pytest.mark.parametrize(("per", "length"), [(1, "hours"), (24, "days"), (168, "weeks")])
def test_a_permit_lasts_hours_days_or_weeks(issuing, clerk, per, length):
    invited(clerk, hours=3, per=per)
    (one,) = today(issuing)
    assert one.permit.valid_until - one.permit.valid_from == timedelta(**{length: 3})
    assert clerk.fill("/visitors", name="李客", hours=3, per=7).status_code == 422


@pytest.mark.slow
def test_no_permit_lasts_more_than_a_year(issuing, clerk):
    invited(clerk, hours=100, per=168)
    (one,) = today(issuing)
    assert one.permit.valid_until - one.permit.valid_from == timedelta(days=366)


@pytest.mark.slow
def test_a_form_sent_twice_makes_no_second_visitor(issuing, clerk, clock):
    starts = clock.utc().astimezone().strftime("%Y-%m-%dT%H:%M")
    form = {"name": "王客", "building": "2", "unit": "501", "hours": 3, "per": 24, "uses": 0}
    clerk.fill("/visitors", **form)
    answer = clerk.fill("/visitors", **form, starts=starts)
    assert answer.status_code == 400
    assert "王客 is in the register as a visitor until" in answer.text
    assert issuing.store.people.count() == 1
    for kept in (f'value="{starts}"', 'value="3"', '<option value="24" selected>'):
        assert kept in answer.text  # what was typed stays
    assert clerk.fill("/visitors", **form, another="1").status_code == 200
    assert issuing.store.people.count() == 2
    clock.advance(5 * 24 * 3600)
    clerk.sign_in("desk")
    assert clerk.fill("/visitors", **form).status_code == 200  # both are over


@pytest.mark.slow
def test_nobody_is_registered_when_the_permit_cannot_be_issued(issuing, clerk):
    assert clerk.fill("/visitors", name="王客", hours=5000, gates=["北门"]).status_code == 400
    assert clerk.fill("/visitors", name=" ", hours=5).status_code == 400
    assert clerk.fill("/visitors", name="x", building="2").status_code == 400
    assert issuing.store.people.count() == 0


@pytest.mark.slow
def test_a_person_s_permit_goes_onto_a_telephone_too(issuing, clerk):
    person = issuing.store.people.create("Li").id
    answer = clerk.fill(f"/people/{person}/permits", hours=4, for_telephone="true", gates="north")
    assert "http://desk.test/v/" in answer.text
    (permit,) = permits_of(issuing.store, person, issuing.clock.utc())
    assert permit.gates == ["north"]


@pytest.mark.slow
def test_an_empty_day_teaches_the_next_step_and_an_auditor_issues_none(issuing, clerk, browser):
    assert "Nobody is expected today" in clerk.get("/visitors").text
    auditor = browser("auditor")
    assert "Issue the permit" not in auditor.get("/visitors").text
    assert auditor.fill("/visitors", name="x").status_code == 403


@pytest.mark.parametrize("typed", [("3", "2-501"), ("", "3-2-501")])
def test_a_visitor_comes_to_the_home_of_the_register_however_it_is_spelt(clerk, issuing, typed):
    home = issuing.store.places.household("3号楼", "2单元501")
    clerk.fill("/visitors", name="张三", building=typed[0], unit=typed[1])
    (visitor,) = issuing.store.people.find()
    assert visitor.household_id == home.id
