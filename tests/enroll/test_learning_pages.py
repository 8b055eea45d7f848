"""What was learnt from cards, at the desk: seen, undone, refused, allowed again; the consent."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from gate.recognition.face import Template
from gate.store.looks import Kept

pytestmark = pytest.mark.slow

ENCODER = "dlib/1"
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def face(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


@pytest.fixture
def ann(clerk, desk):
    desk.learns = True
    person = desk.store.people.create("王安", birth_year=1960).id
    for purpose in ("face", "learning"):
        clerk.fill(f"/people/{person}/consent", answer="agreed", language="zh", purpose=purpose)
    return person


@pytest.fixture
def line(desk, ann):
    looks = [Kept(0, face(i), AT, 1.0) for i in range(5)]
    return desk.store.looks.enrol(ann, ENCODER, looks, passages=6, days=3)


def templates(desk, person):
    return len(desk.store.looks.templates(person, ENCODER))


def test_the_question_is_one_of_its_own(clerk, desk, ann):
    assert desk.store.consents.answer(ann, "learning").answer == "agreed"
    page = clerk.get(f"/people/{ann}/consent", params={"purpose": "learning", "language": "en"})
    assert "Please do not lend your card" in page.text
    assert "the gate may learn the face" in clerk.get(f"/people/{ann}").text


def test_who_withdraws_has_nothing_left_of_it(clerk, desk, ann, line):
    desk.store.templates.add(Template(ann, face(9), ENCODER))
    desk.store.looks.keep(ann, ENCODER, face(1), passage="p", at=AT)
    clerk.fill(f"/people/{ann}/consent", answer="withdrawn", language="zh", purpose="learning")
    assert templates(desk, ann) == 1  # the photograph stays: its consent does
    assert desk.store.looks.waiting() == {}
    assert "nothing is learnt" in clerk.get(f"/people/{ann}").text


def test_a_no_to_the_face_takes_all_of_it(clerk, desk, ann, line):
    desk.store.looks.keep(ann, ENCODER, face(1), passage="p", at=AT)
    clerk.fill(f"/people/{ann}/consent", answer="withdrawn", language="zh")
    assert (templates(desk, ann), desk.store.looks.waiting()) == (0, {})


def test_staff_see_what_was_learnt_in_their_language(clerk, desk, ann, line):
    page = clerk.get("/learnt").text
    assert "王安" in page
    assert "from 6 passages on 3 days" in page
    assert "not yet: the screen says it" in page
    clerk.get("/language/zh")
    page = clerk.get("/learnt").text
    assert "由刷卡学习" in page
    assert "来自 6 次通行、3 天" in page
    assert desk.store.audit.lines(1, action="learnt.view")


def test_undone_it_is_gone_and_written_down(clerk, desk, ann, line):
    assert clerk.fill(f"/learnt/{line}/undo").status_code == 200
    assert templates(desk, ann) == 0
    assert desk.store.audit.lines(1, action="learnt.undo")[0].actor == "desk"
    event = desk.store.events.search(types=("face.unlearnt",), limit=1)[0]
    assert event.body["details"] == {"how": "enrolled", "by": "desk", "cause": "staff"}
    assert clerk.fill(f"/learnt/{line}/undo").status_code == 404
    assert "undone by desk" in clerk.get("/learnt").text


def test_refused_nothing_more_is_learnt_until_somebody_allows_it(clerk, desk, ann, line):
    clerk.fill(f"/learnt/{line}/refuse")
    assert templates(desk, ann) == 0
    assert desk.store.looks.refused(ann)
    assert "refused by desk" in clerk.get("/learnt").text
    clerk.fill(f"/people/{ann}/learning/allow")
    assert not desk.store.looks.refused(ann)


def test_a_card_that_teaches_no_face_waits_for_staff(clerk, desk, ann):
    other = desk.store.people.create("李贝").id
    desk.store.looks.note(ann, ENCODER, "resembles", other)
    assert "1 cards that teach no face" in clerk.get("/").text
    page = clerk.get("/learnt").text
    assert "looks like somebody else" in page
    assert "李贝" in page
    clerk.fill(f"/learnt/{desk.store.looks.lines(1)[0].id}/undo")
    assert "cards that teach no face" not in clerk.get("/").text


@pytest.fixture
def proposal(desk, ann):
    for index in range(5):
        desk.store.looks.keep(ann, ENCODER, face(index), passage=f"p{index}", at=AT)
    return desk.store.looks.propose(ann, ENCODER, passages=5, days=2)


def test_staff_confirm_whose_face_it_is(clerk, desk, ann, proposal):
    assert "1 faces to confirm" in clerk.get("/").text
    page = clerk.get("/learnt").text
    assert "To be confirmed" in page
    assert f'name="line" value="{proposal}"' in page
    assert clerk.fill("/learnt/confirm", line=proposal).status_code == 200
    row = desk.store.looks.proposal(ann)
    assert (row.state, row.by) == ("confirmed", "desk")
    assert desk.store.audit.lines(1, action="learnt.confirm")[0].actor == "desk"
    assert "confirmed by desk" in clerk.get("/learnt").text
    assert "faces to confirm" not in clerk.get("/").text


def test_nothing_chosen_or_gone_meanwhile_is_said(clerk, desk, ann, proposal):
    assert "Nothing was confirmed" in clerk.fill("/learnt/confirm").text
    clerk.fill(f"/learnt/{proposal}/refuse")
    assert desk.store.looks.waiting() == {}
    assert "Nothing was confirmed" in clerk.fill("/learnt/confirm", line=proposal).text
    assert desk.store.looks.refused(ann)
    assert not desk.store.events.search(types=("face.unlearnt",), limit=1)  # it was in no use


def test_an_auditor_confirms_nothing(browser, desk, ann, proposal):
    auditor = browser("auditor")
    assert 'name="line"' not in auditor.get("/learnt").text
    assert auditor.fill("/learnt/confirm", line=proposal).status_code == 403
    assert desk.store.looks.proposal(ann).state == "waiting"


def test_a_card_that_is_revoked_takes_back_its_face_and_says_so(clerk, desk, ann, line):
    card = desk.store.credentials.add(ann, "card", "0011223344").id
    page = clerk.fill(f"/people/{ann}/credentials/{card}/revoke", reason="lost").text
    assert "no longer opens until you confirm it" in page
    assert templates(desk, ann) == 0
    event = desk.store.events.search(types=("face.unlearnt",), limit=1)[0]
    assert event.body["details"] == {"how": "enrolled", "by": "desk", "cause": "card_revoked"}
    assert "waits for staff" in clerk.get("/learnt").text


def test_an_auditor_sees_it_and_changes_nothing(browser, desk, ann, line):
    auditor = browser("auditor")
    assert "王安" in auditor.get("/learnt").text
    assert auditor.fill(f"/learnt/{line}/undo").status_code == 403
    assert templates(desk, ann) == 5


def test_switched_off_the_page_says_so(clerk, desk):
    assert "Nothing is learnt" in clerk.get("/learnt").text


def test_it_is_in_the_file_of_ones_own_data(clerk, desk, ann, line):
    desk.store.looks.keep(ann, ENCODER, face(1), passage="p", at=AT)
    data = clerk.get(f"/people/{ann}/data").json()
    assert data["learnt_from_cards"][0]["kind"] == "enrolled"
    assert data["faces_not_used_yet"] == 1
