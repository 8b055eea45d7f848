"""What goes wrong at the desk is said so that it can be put right, and leads back to the form."""

from __future__ import annotations

import pytest

from gate.store.tables import PersonRow

pytestmark = pytest.mark.slow


@pytest.fixture
def person(desk):
    home = desk.store.places.household("3", "1201", "")
    return desk.store.people.create("李建国", number="A-17", household_id=home.id).id


def test_a_card_read_twice_is_no_fault_and_another_s_says_whose(clerk, desk, person):
    other = desk.store.people.create("王芳").id
    for _ in range(2):
        answer = clerk.fill(f"/people/{person}/cards", number="0002972728")
    assert answer.status_code == 200
    assert "has that card already" in answer.text
    assert len(desk.store.credentials.of(person)) == 1
    refused = clerk.fill(f"/people/{other}/cards", number="0002972728")
    assert refused.status_code == 400
    assert "somebody has this card already" in refused.text
    assert "李建国" in refused.text


def test_no_card_number_is_said_in_the_reader_s_language(clerk, person):
    clerk.get("/language/zh")
    page = clerk.fill(f"/people/{person}/cards", number="12ab").text
    assert "<p>12ab</p>" in page
    assert "请按卡上印的写" in page
    assert "hexadecimal" not in page


@pytest.mark.parametrize(
    ("referer", "link"),
    [
        ("http://desk.test/people/1?said=saved", "/people/1?said=saved"),
        ("http://evil.test/people/1", None),
        ("http://desk.test//evil.test/", "/"),
        ("", None),
    ],
)
def test_a_refusal_leads_back_to_the_page_of_the_form(clerk, person, referer, link):
    data = {"csrf": clerk.csrf, "number": "x"}
    page = clerk.post(f"/people/{person}/cards", data=data, headers={"referer": referer}).text
    assert "data-back" in page if link else "data-back" not in page
    assert f'href="{link}" data-back' in page or not link
    assert "evil" not in page


def test_a_deletion_is_confirmed_on_paper_once(manager, desk, person):
    page = manager.fill(f"/people/{person}/delete", paper="true")
    assert page.status_code == 200
    for text in ("Confirmation of a deletion", "李建国", "A-17", "3 1201", "Manager", "data-print"):
        assert text in page.text
    assert "They are deleted after 180 days." in page.text
    assert desk.store.people.get(person) is None
    assert manager.fill(f"/people/{person}/delete", paper="true").status_code == 404
    with desk.store.database.read() as session:
        assert session.query(PersonRow).count() == 0


def test_a_clerk_who_may_not_delete_gets_no_paper(clerk, desk, person):
    assert clerk.fill(f"/people/{person}/delete", paper="true").status_code == 403
    assert desk.store.people.get(person) is not None
    assert "paper" not in clerk.get(f"/people/{person}").text
