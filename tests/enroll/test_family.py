"""A family entered at once: rows for the others of the home, each with their own answer."""

from __future__ import annotations

import re

import pytest

FIRST = {"name": "赵一", "birth_year": "1980", "building": "3", "unit": "808", "phone": "138"}


def family(client, names, years, **fields):
    sent = {**FIRST, **fields, "more_name": names, "more_birth_year": years}
    return client.fill("/people/new", **sent)


@pytest.mark.slow
def test_one_form_makes_all_of_a_home_and_each_is_asked(clerk, desk):
    page = family(clerk, ["赵二", "赵三", ""], ["1982", "2015", ""], face_alone="1")
    people = {row.name: row for row in desk.store.people.find()}
    assert set(people) == {"赵一", "赵二", "赵三"}
    assert len({row.household_id for row in people.values()}) == 1
    assert people["赵一"].phone == "138"
    assert [people[name].phone for name in ("赵二", "赵三")] == ["", ""]
    assert all(row.face_alone for row in people.values())

    asked = []
    while "/consent" in page.url.path:
        number = int(re.search(r"/people/(\d+)/consent", str(page.url))[1])
        asked.append(desk.store.people.get(number).name)
        then = re.search(r'name="then" value="([\d,]*)"', page.text)[1]
        answer = {"answer": "agreed", "language": "zh", "guardian": "赵一", "then": then}
        page = clerk.post(f"/people/{number}/consent", data={"csrf": clerk.csrf, **answer})
    assert asked == ["赵一", "赵二", "赵三"]
    for row in people.values():
        assert desk.store.consents.answer(row.id).answer == "agreed"


@pytest.mark.slow
def test_an_answer_that_is_refused_keeps_the_others_waiting(clerk, desk):
    page = family(clerk, ["小赵"], ["2020"])
    number = desk.store.people.find("赵一")[0].id
    child = desk.store.people.find("小赵")[0].id
    assert f'value="{child}"' in page.text
    sent = {"answer": "agreed", "language": "zh", "then": str(number)}
    again = clerk.fill(f"/people/{child}/consent", **sent)
    assert again.status_code == 400  # a guardian answers for a child
    assert f'name="then" value="{number}"' in again.text
    assert desk.store.consents.answer(child) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "years"), [(["赵二", ""], ["1982", "1990"]), (["赵二"], ["82"]), (["赵\x01"], [""])]
)
def test_a_wrong_row_makes_nobody_and_keeps_what_was_typed(clerk, desk, names, years):
    page = family(clerk, names, years)
    assert page.status_code == 400
    assert desk.store.people.count() == 0
    assert f'name="more_birth_year" value="{years[0]}"' in page.text


@pytest.mark.slow
def test_a_chain_that_was_made_up_is_refused(clerk, desk):
    person = desk.store.people.create("x", birth_year=1980).id
    assert clerk.get(f"/people/{person}/consent?then=1;2").status_code == 422
    gone = clerk.fill(f"/people/{person}/consent", answer="refused", language="zh", then="999")
    assert gone.status_code == 404


@pytest.mark.slow
def test_after_the_camera_the_next_of_the_home_is_offered(clerk, desk):
    family(clerk, ["赵二", "赵三"], ["1982", "1984"])
    one, two, three = (desk.store.people.find(name)[0] for name in ("赵一", "赵二", "赵三"))
    desk.store.consents.record(two.id, "agreed", "1")
    desk.store.consents.record(three.id, "refused", "1")
    page = clerk.get(f"/people/{one.id}/try").text
    assert f'href="/people/{two.id}/enrol"' in page
    assert f'href="/people/{three.id}/enrol"' not in page
    assert 'data-ended="The camera was switched off. Press “Start the camera” to go on."' in page
