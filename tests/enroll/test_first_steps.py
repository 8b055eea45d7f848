"""From the first account to the first person let in."""

from __future__ import annotations

import pytest

from enroll.first_steps import steps
from gate.events.event import Event
from gate.services.gate_status import StatusWriter
from gate.texts.catalogue import catalogue


@pytest.mark.parametrize(
    ("known", "upcoming"),
    [
        ((False, False, False), "A gate is running"),
        ((True, False, False), "Somebody is in the register"),
        ((True, True, False), "A face or a card is enrolled"),
        ((True, True, True), "Somebody was let in"),
    ],
)
def test_the_next_step_is_the_first_that_is_not_done(known, upcoming):
    found = steps(*known)
    assert next(step.text for step in found if not step.done) == upcoming


def test_every_step_has_its_chinese():
    texts = [text for one in steps(True, True, True) for text in (one.text, one.teach, one.label)]
    assert [text for text in texts if text and text not in catalogue("zh")] == []


@pytest.mark.slow
def test_today_leads_to_the_first_person_let_in_and_then_keeps_quiet(desk, manager):
    def taught():
        page = manager.get("/").text
        return page.partition('aria-current="step"')[2].partition("</li>")[0]

    assert "A gate is running" in taught()
    board = StatusWriter(desk.store.key_values, desk.gate, desk.clock, lambda write: write())
    board.put("gate", {"software": "1", "faults": []})
    board.keep()
    now = desk.clock.utc()
    desk.store.events.append([Event.make(desk.gate, "gate.started", now)])
    assert 'href="/people/new"' in taught()
    person = desk.store.people.create("Li")
    assert "A face or a card is enrolled" in taught()
    desk.store.credentials.add(person.id, "card", "0002972728")
    assert "Walk to the gate" in taught()
    granted = Event.make(desk.gate, "passage.granted", now, method="card", person=person.ref)
    desk.store.events.append([granted])
    assert "First steps" not in manager.get("/").text


@pytest.mark.slow
def test_who_may_not_enrol_is_taught_nothing(browser):
    assert "First steps" not in browser("auditor").get("/").text
