"""The register at the desk."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import numpy as np
import pytest

from enroll import retention
from gate.recognition.face import Template

pytestmark = pytest.mark.slow

HOME = {"building": "3", "unit": "1201"}


def create(client, name, **fields):
    answer = client.fill("/people/new", name=name, **{"birth_year": "1950", **HOME, **fields})
    assert answer.url.path.endswith("/consent"), answer.text
    return int(answer.url.path.split("/")[2])


def test_a_new_person_goes_on_to_consent_and_is_found(clerk, desk):
    person = create(clerk, "李建国", number="A-17")
    for text in ("建国", "A-17", "1201", "李 1201"):
        found = clerk.get("/people", params={"text": text}, headers={"HX-Target": "found"}).text
        assert f"/people/{person}" in found
        assert "<html" not in found
    assert "Nobody found" in clerk.get("/people", params={"text": "王"}).text
    assert desk.store.places.address(desk.store.people.get(person).household_id)[:2] == (
        "3",
        "1201",
    )


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "Name: is missing"),
        ({"name": "x" * 121}, "Name: is too long"),
        ({"kind": "king"}, "Kind: is none of the known kinds"),
        ({"unit": ""}, "building and unit"),
        ({"kind": "tenant"}, "end date"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "before its beginning"),
        ({"birth_year": "1800"}, "Year of birth: is no year"),
        ({"birth_year": "2199"}, "Year of birth: is no year from 1900 to now"),
        ({"birth_year": "MCM"}, "Year of birth: is no year"),
        ({"valid_until": "soon"}, "Valid until: is not a date"),
        ({"locale": "fr"}, "Language: is neither"),
        ({"name": "a\x00b"}, "Name: holds control characters"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_and_nothing_written(clerk, desk, fields, wrong):
    answer = clerk.fill("/people/new", **{"name": "Li", **HOME, **fields})
    assert answer.status_code == 400
    assert wrong in answer.text
    assert desk.store.people.count() == 0


def test_a_form_may_leave_open_all_but_the_name(clerk, desk):
    fields = ("number", "birth_year", "phone", "building", "unit", "valid_from", "valid_until")
    clerk.fill("/people/new", name="Li", **dict.fromkeys(fields, ""))
    (person,) = desk.store.people.find("Li")
    assert (person.birth_year, person.number, person.household_id) == (None, None, None)


def test_a_number_belongs_to_one_person(clerk, desk):
    create(clerk, "A", number="7")
    answer = clerk.fill("/people/new", name="B", number="7", **HOME)
    assert "has this number already" in answer.text
    assert desk.store.people.count() == 1


def test_the_last_day_of_a_tenancy_counts_in_full(clerk, desk):
    person = create(clerk, "T", kind="tenant", valid_until="2026-03-31")
    until = desk.store.people.get(person).valid_until.astimezone()
    assert (until.day, until.month, until.hour) == (1, 4, 0)
    assert 'value="2026-03-31"' in clerk.get(f"/people/{person}/edit").text


def test_blocking_needs_no_deletion_and_can_be_undone(clerk, desk):
    person = create(clerk, "Li")
    clerk.fill(f"/people/{person}/block", reason="lost the card", blocked="true")
    assert desk.store.people.get(person).blocked_reason == "lost the card"
    assert "lost the card" in clerk.get(f"/people/{person}").text
    clerk.fill(f"/people/{person}/block", blocked="false")
    assert not desk.store.people.get(person).blocked


def test_a_child_needs_a_guardian(clerk, desk):
    person = create(clerk, "Xiao Li", birth_year="2018")
    path = f"/people/{person}/consent"
    refused = clerk.fill(path, answer="agreed", language="zh")
    assert "guardian must answer" in refused.text
    assert desk.store.consents.of(person) == []
    clerk.fill(path, answer="agreed", language="zh", guardian="Li Jianguo")
    kept = desk.store.consents.answer(person)
    assert (kept.answer, kept.guardian, kept.text_version, kept.language, kept.asked_by) == (
        "agreed",
        "Li Jianguo",
        "1",
        "zh",
        "desk",
    )


def test_consent_needs_an_age(clerk, desk):
    person = create(clerk, "Li")
    desk.store.people.update(person, birth_year=None)
    path = f"/people/{person}/consent"
    assert "year of birth" in clerk.fill(path, answer="agreed", language="zh").text
    clerk.fill(path, answer="agreed", language="zh", birth_year="1950")
    assert desk.store.consents.answer(person).answer == "agreed"


def test_a_refused_face_is_a_full_way_through(clerk, desk):
    person = create(clerk, "Li")
    answer = clerk.fill(f"/people/{person}/consent", answer="refused", language="zh")
    assert answer.url.path == f"/people/{person}"
    assert "Card or permit instead" in answer.text
    assert clerk.get(f"/people/{person}/enrol").url.path == f"/people/{person}/consent"


def test_withdrawing_deletes_the_face_at_once(clerk, desk):
    person = enrolled(clerk, desk)
    clerk.fill(f"/people/{person}/consent", answer="withdrawn", language="zh")
    assert desk.store.templates.count() == {}


def enrolled(clerk, desk, vector=None):
    person = create(clerk, "Li")
    clerk.fill(f"/people/{person}/consent", answer="agreed", language="zh")
    row = np.ones(128, np.float32) if vector is None else vector
    desk.store.templates.add(Template(person, row / np.linalg.norm(row), "dlib/1"))
    return person


def test_moving_out_deletes_the_face_now_and_the_rest_later(clerk, desk):
    person = enrolled(clerk, desk)
    desk.store.credentials.add(person, "card", "0002972728")
    clerk.fill(f"/people/{person}/move-out")
    assert desk.store.templates.count() == {}
    assert not desk.store.people.get(person).active
    assert desk.store.credentials.of(person)[0].revoked
    now = desk.clock.utc()
    assert retention.run(desk, now + timedelta(days=29))["people"] == 0
    assert retention.run(desk, now + timedelta(days=31))["people"] == 1
    assert desk.store.people.get(person) is None


def test_whose_last_day_is_over_is_shown_then_deleted_unless_it_is_put_off(clerk, desk):
    now = desk.clock.utc()
    yesterday = now - timedelta(days=1)
    gone = desk.store.people.create("Wang", kind="visitor", valid_until=yesterday).id
    stays = desk.store.people.create("Zhao", kind="tenant", valid_until=yesterday).id
    desk.store.people.create("Li", kind="tenant", valid_until=now + timedelta(days=1))
    assert "2 whose last day is over: extend, or they are deleted" in clerk.get("/").text
    listed = clerk.get("/people?state=ended").text
    assert "Wang" in listed
    assert "Zhao" in listed
    assert "Li<" not in listed
    assert "Wang" not in clerk.get("/people?state=active").text
    day = (yesterday + timedelta(days=30)).astimezone().date()
    assert f"{day}" in clerk.get(f"/people/{gone}").text
    desk.store.people.update(stays, valid_until=now + timedelta(days=365))
    assert f"{day}" not in clerk.get(f"/people/{stays}").text
    assert retention.run(desk, yesterday + timedelta(days=29))["people"] == 0
    assert retention.run(desk, yesterday + timedelta(days=31))["people"] == 1
    assert desk.store.people.get(gone) is None
    assert desk.store.people.get(stays) is not None


def test_only_a_manager_deletes(clerk, manager, desk):
    person = create(clerk, "Li")
    assert clerk.fill(f"/people/{person}/delete").status_code == 403
    assert "Deleted" in manager.fill(f"/people/{person}/delete").text
    assert desk.store.people.get(person) is None


def test_after_a_deletion_no_byte_of_the_template_is_left_anywhere(clerk, manager, desk, tmp_path):
    person = enrolled(clerk, desk, np.random.default_rng(3).normal(size=128).astype(np.float32))
    path = desk.store.database.path
    with sqlite3.connect(path) as raw:
        sealed = raw.execute("SELECT vector FROM templates").fetchone()[0]
    files = [path, path.with_name(path.name + "-wal")]
    assert any(sealed[16:80] in file.read_bytes() for file in files if file.exists())
    manager.fill(f"/people/{person}/delete")
    backup = tmp_path / "backup.db"
    desk.store.database.backup(backup)
    for file in (*files, backup):
        data = file.read_bytes() if file.exists() else b""
        assert not any(sealed[i : i + 16] in data for i in range(0, len(sealed) - 16, 16)), file
    assert backup.stat().st_size > 0


def test_own_data_holds_everything_but_the_numbers_of_the_face(clerk, desk):
    person = enrolled(clerk, desk)
    data = clerk.get(f"/people/{person}/data").json()
    assert data["person"]["name"] == "Li"
    assert data["consents"][0]["answer"] == "agreed"
    assert data["face_templates"][0]["encoder"] == "dlib/1"
    assert "vector" not in str(data)


def test_every_view_and_change_is_audited_without_names(clerk, desk):
    person = create(clerk, "李建国")
    clerk.get(f"/people/{person}")
    clerk.get(f"/people/{person}/data")
    lines = desk.store.audit.lines()
    assert {"person.create", "person.view", "person.data_file", "sign_in"} <= {
        line.action for line in lines
    }
    assert "李建国" not in str([line.details for line in lines])
    assert desk.store.audit.verify() == []


def test_rights_given_for_a_night_leave_a_trace(clerk, desk):
    person = create(clerk, "李建国", face_alone="on")
    for groups, kind in (("safe room", "staff"), ("", "resident")):
        sent = {"name": "李建国", "kind": kind, "groups": groups, "face_alone": "on"}
        clerk.fill(f"/people/{person}/edit", **sent)
    clerk.fill(f"/people/{person}/edit", name="李建国", kind="resident", face_alone="on", note="x")
    lines = [line for line in desk.store.audit.lines() if line.action.startswith("person.c")]
    assert [line.details for line in reversed(lines)] == [
        {"kind": "resident"},
        {"kind": "staff", "groups": ["safe room"]},
        {"kind": "resident", "groups": []},
        {},
    ]


def test_an_unknown_person_is_a_page_not_a_crash(clerk):
    answer = clerk.get("/people/999")
    assert answer.status_code == 404
    assert "no such person in the register" in answer.text


@pytest.mark.parametrize("text", ["wangfang", "wf", "fang", "王", "0012345678", "3 1201"])
def test_a_person_is_found_by_pinyin_initials_card_and_home(clerk, desk, text):
    home = desk.store.places.household("3", "1201", "")
    wang = desk.store.people.create("王芳", household_id=home.id)
    desk.store.people.create("李建国")
    clerk.fill(f"/people/{wang.id}/cards", number="0012345678")
    page = clerk.get("/people", params={"text": text}).text
    assert "王芳" in page
    assert "李建国" not in page


@pytest.mark.parametrize(
    "text",
    [
        *("3号楼2单元501", "3-2-501", "3#2-501", "3栋2单元501室", "三号楼二单元501", "03-02-0501"),
        *("3幢 2单元 501", "2单元501室", "2-501", "3号楼501", "王芳 3-2-501"),
    ],
)
def test_a_person_is_found_by_their_home_as_people_say_it(clerk, desk, text):
    for name, *home in (
        ("王芳", "3号楼", "2单元501"),
        ("李建国", "3号楼", "2单元1501"),
        ("赵敏", "13号楼", "1单元501"),
    ):
        household = desk.store.places.household(*home)
        desk.store.people.create(name, household_id=household.id)
    page = clerk.get("/people", params={"text": text}).text
    assert "王芳" in page
    assert "李建国" not in page
    assert "赵敏" not in page


@pytest.mark.parametrize("text", ["13800000001", "+8613800000001", "138-0000-0001", "0000001"])
@pytest.mark.parametrize("written", ["13800000001", "138 0000 0001", "+86 138-0000-0001"])
def test_a_person_is_found_by_a_telephone_however_it_is_divided(clerk, desk, written, text):
    desk.store.people.create("王芳", phone=written)
    desk.store.people.create("李建国", phone="13900000002")
    page = clerk.get("/people", params={"text": text}).text
    assert "王芳" in page
    assert "李建国" not in page


def test_the_dot_within_a_name_is_found_as_any_keyboard_writes_it(clerk, desk):
    desk.store.people.create("买买提•艾山")
    assert "买买提•艾山" in clerk.get("/people", params={"text": "买买提·艾山"}).text
    assert "买买提•艾山" not in clerk.get("/people", params={"text": "买%提"}).text


@pytest.mark.parametrize(
    "typed",
    [
        {"building": "3", "unit": "2-501"},
        {"building": "3栋", "unit": "2单元501室"},
        {"building": "", "unit": "3-2-501"},
        {"building": "3号楼2单元501", "unit": ""},
    ],
)
def test_a_home_of_the_register_is_not_made_again_under_another_spelling(clerk, desk, typed):
    home = desk.store.places.household("3号楼", "2单元501")
    desk.store.people.create("王芳", household_id=home.id)
    clerk.fill("/people/new", name="李建国", **typed)
    assert {row.household_id for row in desk.store.people.find()} == {home.id}
    answer = clerk.fill("/people/new", name="王芳", **typed)
    assert "王芳 of this home is in the register already" in answer.text
    assert len(desk.store.people.find()) == 2


@pytest.mark.parametrize("part", ["building", "unit"])
def test_a_flat_without_its_building_is_asked_about(clerk, desk, part):
    desk.store.places.household("3号楼", "2单元501")
    answer = clerk.fill("/people/new", name="李建国", **{"building": "", "unit": "", part: "2-501"})
    assert "building and unit" in answer.text.lower()
    assert desk.store.people.count() == 0


def test_people_are_sorted_by_pinyin_or_by_home(clerk, desk):
    for name, building in (("张伟", "2"), ("安然", "10"), ("曾欣", None)):
        home = desk.store.places.household(building, "101", "") if building else None
        desk.store.people.create(name, household_id=home.id if home else None)

    def order(sort):
        page = clerk.get("/people", params={"sort": sort}).text
        return sorted(("张伟", "安然", "曾欣"), key=page.index)

    assert order("name") == ["安然", "曾欣", "张伟"]
    assert order("home") == ["张伟", "安然", "曾欣"]
    assert order("'; drop") == order("name")


def test_the_next_of_a_household_has_its_home_filled_in(clerk, desk):
    home = desk.store.places.household("3", "808", "")
    one = desk.store.people.create("Li", household_id=home.id)
    assert f"/people/new?family={one.id}" in clerk.get(f"/people/{one.id}").text
    form = clerk.get(f"/people/new?family={one.id}").text
    assert 'value="3"' in form
    assert 'value="808"' in form
    assert clerk.get("/people/new?family=999").status_code == 404


def test_who_moved_out_is_deleted_from_the_list_by_a_manager_only(manager, clerk, desk):
    gone = desk.store.people.create("Li", active=False)
    button = f'formaction="/people/{gone.id}/delete"'
    assert button in manager.get("/people?state=moved_out").text
    assert button not in clerk.get("/people?state=moved_out").text
    assert button not in manager.get("/people").text
    manager.fill(f"/people/{gone.id}/delete", action="extend")
    assert desk.store.people.get(gone.id) is None
