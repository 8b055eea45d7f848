"""Gates by the names people know: a permit holds an identifier, the page says 东门."""

from __future__ import annotations

import re

import pytest

from enroll import visitor_link
from enroll.desk import LABELS_LAST
from enroll.gate_names import GateNames, for_permits
from enroll.permits import Permits, permits_of
from gate.access import permit_print
from gate.access.settings import PermitSettings
from gate.events.event import Event


@pytest.fixture
def named(desk, tmp_path):
    """Gates that report what people call them, and one of a name no permit can hold."""
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    now = desk.clock.utc()
    for gate in ("east", "west", "老门"):
        desk.store.events.append([Event.make(gate, "gate.started", now)])
    for gate, label in (("east", "东门"), ("west", "西门"), ("gate-1", " ")):
        things = {"gate": {"software": "1", "label": label}}
        value = {"at": now.isoformat(), "things": things}
        desk.store.key_values.set(f"state.{gate}", value)
    return desk


def test_labels_are_those_reported_and_that_of_this_machine(named):
    names = named.gate_names()
    assert [names.label(gate) for gate in ("east", "gate-1", "other")] == [
        "东门",
        "gate-1",
        "other",
    ]
    assert [names.full(gate) for gate in ("west", "gate-1")] == ["西门 (west)", "gate-1"]
    assert GateNames(named.store, "gate-1", "正门").full("gate-1") == "正门 (gate-1)"
    assert names.labelled(frozenset({"west", "east"})) == ["东门", "西门"]
    named.store.key_values.set("state.east", {"at": "", "things": {"gate": {"label": "东" * 99}}})
    assert names.label("east") == "东门"  # read once for a page
    named.clock.advance(LABELS_LAST / 2)
    assert named.gate_names().label("east") == "东门"  # and for the lines of the next seconds
    named.clock.advance(LABELS_LAST / 2)
    assert len(named.gate_names().label("east")) == 40


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("\u202e东\n门\u200b", {"east": "东门 (east)", "west": "东门 (west)"}),
        ("east", {"east": "东门", "west": "east (west)"}),
        ("\u200b", {"east": "东门", "west": "west"}),
    ],
)
def test_a_gate_that_calls_itself_like_another_is_told_apart(named, label, shown):
    things = {"gate": {"label": label}}
    named.store.key_values.set("state.west", {"at": "", "things": things})
    names = named.gate_names()
    assert {gate: names.label(gate) for gate in shown} == shown


def test_two_gates_of_one_label_are_told_apart(named):
    value = {"at": "", "things": {"gate": {"label": "东门"}}}
    named.store.key_values.set("state.west", value)
    names = named.gate_names()
    assert names.label("east") == names.full("east") == "东门 (east)"
    assert names.labelled({"west"}) == ["东门 (west)"]


def test_today_the_live_page_and_their_orders_name_gates_by_their_labels(named, clerk, browser):
    home = clerk.get("/").text
    assert "<strong>东门</strong>" in home
    assert "<strong>east</strong>" not in home
    named.store.events.append([Event.make("west", "door.forced", named.clock.utc())])
    home = clerk.get("/").text
    assert '<span class="soft">西门</span>' in home
    assert "<h2>东门 (east)</h2>" in clerk.get("/live").text


def test_the_bars_of_the_figures_are_of_gates_by_their_labels(named, clerk):
    now = named.clock.utc()
    granted = Event.make("west", "passage.granted", now, decision="grant", method="card")
    named.store.events.append([granted])
    figures = clerk.get("/figures").text
    assert "西门</" in figures
    assert ">west</" not in figures


def test_a_permit_names_what_a_gate_may_be_called_in_a_configuration():
    assert for_permits(["east", "老门", "North", "a b"]) == (["east"], ["老门", "North", "a b"])


@pytest.mark.slow
def test_a_gate_is_chosen_by_its_chinese_name_and_named_so_on_the_permit(
    named, clerk, browser, monkeypatch
):
    clerk.get("/language/zh")
    form = clerk.get("/visitors").text
    assert re.search(r'value="east"> 东门 \(east\)<', form)
    assert "以下大门不能勾选：老门。" in form
    assert 'value="老门"' not in form
    answer = clerk.fill("/visitors", name="王客", gates=["east"])
    token = re.search(r"http://desk\.test/v/([\w-]+)", answer.text)[1]
    assert "<dd>东门</dd>" in answer.text
    for gate, problem in (("east", ""), ("west", "permit_wrong_gate")):
        _, credential = named.permits.book.look_up(
            visitor_link.text_of(token), gate, named.clock.utc()
        )
        assert credential.problem == problem
    nobody = browser()
    assert "<dd>东门</dd>" in nobody.get(f"/v/{token}").text
    assert "东门" in clerk.get("/visitors").text
    printed = []
    monkeypatch.setattr(
        permit_print, "_line", lambda page, x, y, words, *_, **__: printed.append(words)
    )
    nobody.get(f"/v/{token}/permit.pdf")
    assert "东门" in printed


@pytest.mark.slow
def test_a_person_s_permit_is_for_gates_by_their_chinese_names_too(named, clerk):
    person = named.store.people.create("Li").id
    page = clerk.get(f"/people/{person}").text
    assert "东门 (east)" in page
    assert "These cannot be chosen: 老门." in page
    answer = clerk.fill(f"/people/{person}/permits", gates=["west"], for_telephone="true")
    assert "<dd>西门</dd>" in answer.text
    (permit,) = permits_of(named.store, person, named.clock.utc())
    assert permit.gates == ["west"]


@pytest.mark.slow
def test_what_a_permit_cannot_hold_is_said_in_chinese(named, clerk):
    clerk.get("/language/zh")
    answer = clerk.fill("/visitors", name="王客", gates=["老门"])
    assert "出入证写不下所选的大门" in answer.text
    named.permits.book._settings = PermitSettings(longest_days=1)
    answer = clerk.fill("/visitors", name="王客", hours=48)
    assert "出入证的有效期超过允许的长度" in answer.text
    assert named.store.people.count() == 0


@pytest.mark.slow
def test_events_are_looked_for_and_listed_by_the_names_of_the_gates(named, manager):
    page = manager.get("/events").text
    assert '<option value="east">东门 (east)</option>' in page
    assert '<td class="minor where">东门</td>' in page
