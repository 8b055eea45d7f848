"""Times and rules at the desk: words, previews by the policy, saving, undoing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from enroll import rule_change
from enroll.rule_change import ALLOW, DAYS, SCHEDULE, Change, apply
from enroll.weekly_grid import grid_of
from gate.access.settings import AccessSettings
from gate.errors import AccessError
from tests.enroll.painted import painted
from tests.enroll.test_calendar_text import NOTICE

CLEANING = {"kinds": ["staff"], "groups": ["cleaning"], "methods": ["card"]}


@pytest.fixture
def cleaners(desk):
    """Twelve cleaners with a card, a rule for them alone, and no other for staff."""
    desk.access = AccessSettings(allow=({"name": "household", "kinds": {"resident"}},))
    for number in range(12):
        row = desk.store.people.create(f"Cleaner {number}", kind="staff", groups=["cleaning"])
        desk.store.credentials.add(row.id, "card", f"{number + 1:010}")
    desk.store.rulebook.set_schedule("work", "mon-fri 07:00-19:00")
    desk.store.rulebook.set_allow("cleaning", {**CLEANING, "schedule": "work"})
    return desk


@pytest.mark.slow
def test_the_page_says_rules_and_times_in_words(cleaners, manager):
    page = manager.get("/rules").text
    assert "Staff of the group cleaning, by card, Monday to Friday 07:00–19:00, at every gate" in (
        page
    )
    assert "Resident, by" in page
    assert "from the configuration" in page
    manager.cookies.set("desk_language", "zh")
    assert "星期一至星期五 07:00–19:00" in manager.get("/rules").text


@pytest.mark.slow
def test_a_painted_week_is_previewed_with_the_people_it_takes_from(cleaners, manager):
    shorter = painted(grid_of("mon-fri 08:00-19:00")[0])
    said = manager.fill("/rules/preview/schedule", name="work", grid=shorter).text
    assert "12 people lose: by card, Monday to Friday 07:00–08:00, at every gate" in said
    assert said.count('href="/people/') == 12
    longer = painted(grid_of("mon-fri 07:00-19:00; sat 09:00-12:00")[0])
    said = manager.fill("/rules/preview/schedule", name="work", grid=longer).text
    assert "12 more people may pass: by card, Saturday 09:00–12:00" in said
    same = manager.fill("/rules/preview/schedule", name="work", text="mon-fri 07:00-19:00").text
    assert "Nobody gains or loses anything." in same
    assert cleaners.store.rulebook.schedules() == {"work": "mon-fri 07:00-19:00"}


@pytest.mark.slow
def test_a_painted_week_is_saved_as_text_and_undone(cleaners, manager, clock):
    bits = painted(grid_of("mon-fri 08:00-19:00; holiday closed")[0])
    manager.fill("/rules/schedules", name="work", text="", grid=bits)
    book = cleaners.store.rulebook
    assert book.schedules()["work"] == "mon-fri 08:00-19:00; holiday closed"
    token = re.search(r'name="token" value="([^"]+)"', manager.get("/rules").text)[1]
    assert "as before" in manager.fill("/rules/undo", token=token).text
    assert book.schedules()["work"] == "mon-fri 07:00-19:00"
    assert "over" in manager.fill("/rules/undo", token=token).text


@pytest.mark.slow
def test_an_undo_is_offered_to_who_made_the_change_for_ten_minutes(cleaners, clock):
    now = clock.utc()
    apply(cleaners.store, Change(SCHEDULE, {"work": "mon 08:00-09:00"}), "ann", now)
    assert rule_change.newest(cleaners.store, "ben", now) is None
    assert rule_change.newest(cleaners.store, "ann", now + timedelta(minutes=11)) is None
    assert rule_change.newest(cleaners.store, "ann", now + timedelta(minutes=9))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        Change(SCHEDULE, {"new": "mon 08:00-09:00"}),
        Change(SCHEDULE, {"work": None}),
        Change(ALLOW, {"cleaning": None}),
        Change(ALLOW, {"cleaning": {"kinds": ["staff", "carer"], "both": True}}),
        Change(DAYS, {"2027-10-01": ["holiday", "国庆节"], "2027-10-09": ["fri", "补班"]}),
    ],
)
def test_every_change_can_be_tried_done_and_undone(cleaners, change, clock):
    store, book = cleaners.store, cleaners.store.rulebook

    def state():
        days = [(row.day, row.counts_as, row.name) for row in book.holidays()]
        return book.schedules(), book.allows(), days

    before, now = state(), clock.utc()
    tried = cleaners.rules(rule_change.Draft(book, change))
    assert state() == before
    apply(store, change, "ann", now)
    assert cleaners.rules() == tried
    assert state() != before
    assert rule_change.undo(store, rule_change.newest(store, "ann", now))
    assert state() == before


@pytest.mark.slow
def test_nothing_is_undone_when_it_was_changed_meanwhile(cleaners, clock):
    store = cleaners.store
    apply(store, Change(SCHEDULE, {"work": "mon 08:00-09:00"}), "ann", clock.utc())
    store.rulebook.set_schedule("work", "tue 08:00-09:00")
    assert not rule_change.undo(store, rule_change.newest(store, "ann", clock.utc()))
    assert store.rulebook.schedules() == {"work": "tue 08:00-09:00"}


@pytest.mark.slow
def test_a_rule_is_made_with_a_form_and_says_what_it_does_first(cleaners, manager):
    for number in range(3):
        row = cleaners.store.people.create(f"Carer {number}", kind="carer")
        cleaners.store.credentials.add(row.id, "card", f"{number + 100:010}")
    form = {"name": "carers", "kinds": ["carer"], "methods": ["card"], "schedule": "work"}
    said = manager.fill("/rules/preview/allow", **form, groups="").text
    assert "3 more people may pass: by card, Monday to Friday 07:00–19:00" in said
    assert "carers" not in cleaners.store.rulebook.allows()
    manager.fill("/rules/allows", **form, groups="")
    body = {"kinds": ["carer"], "methods": ["card"], "schedule": "work"}
    assert cleaners.store.rulebook.allows()["carers"] == body
    assert 'value="carer" checked' in manager.get("/rules/allow?name=carers").text


@pytest.mark.slow
@pytest.mark.parametrize("form", [{"kinds": ["cat"]}, {"methods": ["smile"]}])
def test_a_rule_that_means_nothing_is_refused_and_kept_nowhere(cleaners, manager, form):
    assert "not valid" in manager.fill("/rules/preview/allow", name="x", **form).text
    assert manager.fill("/rules/allows", name="x", **form).status_code == 400
    assert list(cleaners.store.rulebook.allows()) == ["cleaning"]


@pytest.mark.slow
def test_removing_asks_with_what_it_takes(cleaners, manager):
    page = manager.get("/rules/remove?part=allow&name=cleaning").text
    assert "12 people lose: by card, Monday to Friday 07:00–19:00" in page
    manager.fill("/rules/allows/remove", name="cleaning")
    assert cleaners.store.rulebook.allows() == {}


@pytest.mark.slow
def test_the_calendar_of_a_year_is_shown_before_it_is_kept(cleaners, manager, clock):
    text = NOTICE.replace("2025", str(clock.utc().year + 1))
    nothing = manager.fill("/rules/preview/calendar", year=2025, text="").text
    assert "appears here before you save it" in nothing  # no empty card
    said = manager.fill("/rules/preview/calendar", year=2025, text=text).text
    assert "国庆节、中秋节" in said
    assert cleaners.store.rulebook.holidays() == []
    manager.fill("/rules/calendar", year=2025, text=text)
    assert len(cleaners.store.rulebook.holidays()) == 28 + 5
    assert manager.fill("/rules/calendar", year=2025, text="no").status_code == 400


@pytest.mark.slow
def test_many_days_are_kept_all_or_none(cleaners):
    from datetime import date

    with pytest.raises(AccessError, match="cannot count"):
        cleaners.store.rulebook.set_days(
            {date(2027, 1, 1): ("holiday", ""), date(2027, 1, 2): ("feast", "")}
        )
    assert cleaners.store.rulebook.holidays() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["", "/schedule", "/allow", "/calendar", "/remove?part=schedule&name=x"]
)
def test_a_clerk_sees_none_of_it(clerk, path):
    assert clerk.get(f"/rules{path}").status_code == 403
