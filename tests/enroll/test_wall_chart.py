"""The wall chart: homes by floor and door, marks, with and without names."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest

from enroll.register import SOON
from enroll.wall_chart import Mark, chart_of, place_of
from gate.recognition.face import Template

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("unit", "place"),
    [
        ("1201", (12, "01")),
        ("101", (1, "01")),
        ("0302", (3, "02")),
        ("2-501", (5, "2-01")),
        ("1单元302室", (3, "1单元02")),
        ("12", None),
        ("门卫", None),
        ("001", None),
        ("", None),
    ],
)
def test_floor_and_door_of_a_unit(unit, place):
    assert place_of(unit) == place


@pytest.fixture
def homes(desk):
    """Number of a building of two floors, and its people by name."""
    places, store, now = desk.store.places, desk.store, desk.clock.utc()
    fields = {
        ("201", "甲"): {},
        ("201", "乙"): {"blocked": True},
        ("102", "丙"): {"valid_until": now + SOON - timedelta(hours=1)},
        ("102", "丁"): {"valid_until": now + SOON + timedelta(hours=1)},
        ("102", "戊"): {"valid_until": now - timedelta(hours=1)},
        ("102", "己"): {"active": False},
        ("门卫", "庚"): {"kind": "staff"},
    }
    people = {
        name: store.people.create(name, household_id=places.household("3", unit).id, **more).id
        for (unit, name), more in fields.items()
    }
    places.household("9", "101")
    vector = np.ones(128, np.float32) / np.sqrt(np.float32(128))
    for name in "乙丙丁戊":
        store.templates.add(Template(people[name], vector, "dlib/1"))
    for purpose, answer in (("face", "refused"), ("not_seen", "agreed")):
        store.consents.record(people["庚"], answer, "1", purpose=purpose, at=now)
    return places.buildings()[0].id, people


def test_people_are_in_their_homes_with_their_marks(desk, homes):
    chart = chart_of(desk.store.database, homes[0], desk.clock.utc())
    assert (chart.building, chart.doors) == ("3", ["01", "02"])
    assert [floor for floor, _ in chart.floors] == [2, 1]  # the top one first
    (second,) = chart.floors[0][1]["01"]
    (first,) = chart.floors[1][1]["02"]
    marks = {one.name: one.marks for home in (second, first) for one in home.people}
    assert marks == {
        "甲": (Mark.NO_FACE,),
        "乙": (Mark.BLOCKED,),
        "丙": (Mark.ENDS_SOON,),
        "丁": (),
        "戊": (Mark.ENDED,),
    }
    (guard,) = chart.others
    assert [(one.name, one.marks) for one in guard.people] == [("庚", (Mark.MISSED,))]


def test_who_needs_help_or_lives_alone_is_marked_as_long_as_they_agree(clerk, desk, homes):
    building, people = homes
    path = f"/people/{people['甲']}/consent"
    assert "chart" in clerk.get(path, params={"purpose": "help", "language": "en"}).text
    for purpose in ("help", "alone"):
        clerk.fill(path, answer="agreed", language="zh", purpose=purpose, birth_year="1940")

    def marks():
        chart = chart_of(desk.store.database, building, desk.clock.utc())
        return next(
            one.marks
            for _, row in chart.floors
            for found in row.values()
            for home in found
            for one in home.people
            if one.name == "甲"
        )

    assert marks() == (Mark.HELP, Mark.NO_FACE, Mark.ALONE)
    page = clerk.get(f"/chart/{building}").text
    assert "needs help" in page.split("甲")[1].split("</a>")[0]
    assert "lives alone" in page.split("甲")[1].split("</a>")[0]
    assert desk.store.consents.answer(people["甲"]) is None, "the face was not asked for"
    clerk.fill(path, answer="withdrawn", language="zh", purpose="help")
    assert marks() == (Mark.NO_FACE, Mark.ALONE)
    assert "Ask whether to mark that help is needed" in clerk.get(f"/people/{people['甲']}").text


def test_the_chart_leads_to_each_person_and_is_audited(clerk, desk, homes):
    building, people = homes
    page = clerk.get("/chart")
    assert page.url.path == f"/chart/{building}"
    for name, number in people.items():
        assert bool(re.search(f'<a href="/people/{number}">{name}', page.text)) == (name != "己")
    (line,) = desk.store.audit.lines(action="people.chart")
    assert (line.subject, line.details) == (str(building), {"names": True})


def test_without_names_no_name_is_in_the_page(clerk, homes):
    building, people = homes
    page = clerk.get(f"/chart/{building}", params={"names": "false"}).text
    body = page[page.index("<main") :]
    assert not [name for name in people if name in body]
    assert f'<a href="/people/{people["甲"]}">resident' in body


def test_without_buildings_the_page_teaches_the_next_step(clerk):
    assert "No buildings yet" in clerk.get("/chart").text
    assert clerk.get("/chart/7").status_code == 404


def test_who_may_not_see_people_sees_no_chart(browser, homes):
    assert browser("technician").get(f"/chart/{homes[0]}").status_code == 403
