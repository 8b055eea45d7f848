"""Who gets which alarm when: severity, kinds, quiet hours, groups, repetition, limit."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gate.events.types import TYPES
from gate.notify import words
from gate.notify.plan import PER_HOUR, SEVERITY, Message, Plan
from gate.notify.settings import NotifyReceiver, NotifySettings

START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
STAFF = NotifyReceiver.model_validate({"name": "staff", "url": "json://x"})


def plan(*receivers: NotifyReceiver, **values: Any) -> Plan:
    return Plan(NotifySettings(enabled=True, to=receivers or (STAFF,), **values))


def event(kind: str, at: datetime = START, id: str = "", **details: Any) -> dict[str, Any]:
    return {"id": id or f"{kind}{at}", "type": kind, "time": at.isoformat(), "details": details}


def due(wanted: Plan, seconds: float = 0, hour: int | None = None) -> list[Message]:
    now = START + timedelta(seconds=seconds)
    local = now.astimezone(ZONE)
    return wanted.due(now, local if hour is None else local.replace(hour=hour))


def test_the_first_goes_at_once_and_what_follows_in_one_message() -> None:
    wanted = plan(group=60, repeat=0)
    assert wanted.add(event("device.lost", device="north-reader"), START)
    (first,) = due(wanted)
    assert (first.count, first.subject, first.severity) == (1, "north-reader", "warning")
    for second in range(1, 31):
        wanted.add(event("device.lost", START + timedelta(seconds=second)), START)
    assert due(wanted, 30) == []
    (second_one,) = due(wanted, 61)
    assert second_one.count == 30
    assert second_one.last - second_one.first == timedelta(seconds=29)
    assert due(wanted, 200) == []


def test_only_the_kinds_and_severities_that_were_asked_for() -> None:
    guard = NotifyReceiver(name="guard", severity="critical")
    with pytest.raises(ValueError, match="no type of event"):
        NotifyReceiver(name="x", kinds=("door.banana",))
    with pytest.raises(ValueError, match="no type of event"):
        NotifyReceiver(name="x", kinds=("door.fire*",))
    fire = NotifyReceiver(name="fire", severity="info", kinds=("door.fire", "camera.*"))
    wanted = plan(guard, fire, repeat=0)
    for kind in ("door.fire", "camera.lost", "door.held", "passage.granted"):
        wanted.add(event(kind), START)
    got = {(m.receiver, m.kind) for m in due(wanted)}
    assert got == {("guard", "door.fire"), ("fire", "door.fire"), ("fire", "camera.lost")}


def test_whoever_hears_that_a_camera_sees_nothing_can_hear_that_it_sees_again() -> None:
    everything = NotifyReceiver(name="all", severity="info")
    wanted = plan(everything, repeat=0)
    for kind in ("camera.covered", "camera.clear"):
        wanted.add(event(kind, camera="main"), START)
    assert {m.kind for m in due(wanted)} == {"camera.covered", "camera.clear"}


def test_in_quiet_hours_only_what_is_critical_and_the_rest_afterwards() -> None:
    asleep = NotifyReceiver(name="asleep", quiet_from=time(22), quiet_until=time(6))
    wanted = plan(asleep, repeat=0)
    wanted.add(event("door.held"), START)
    wanted.add(event("door.fire"), START)
    assert [m.kind for m in due(wanted, hour=23)] == ["door.fire"]
    assert due(wanted, hour=5) == []
    assert [m.kind for m in due(wanted, hour=6)] == ["door.held"]
    assert not asleep.quiet(time(21, 59))
    assert not NotifyReceiver(name="awake").quiet(time(3))
    noon = NotifyReceiver(name="noon", quiet_from=time(12), quiet_until=time(14))
    assert [noon.quiet(time(h)) for h in (11, 12, 13, 14)] == [False, True, True, False]


def test_a_critical_alarm_is_repeated_until_somebody_acknowledges_it() -> None:
    wanted = plan(repeat=600)
    wanted.add(event("door.forced", id="e1"), START)
    assert [m.repeated for m in due(wanted)] == [0]
    assert due(wanted, 599) == []
    assert [m.repeated for m in due(wanted, 601)] == [1]
    assert wanted.waiting_for() == {"e1"}
    wanted.acknowledged(["another"])
    assert [m.repeated for m in due(wanted, 1300)] == [2]
    wanted.acknowledged(["e1"])
    assert due(wanted, 5000) == []


def test_nobody_answering_is_no_reason_to_repeat_for_days() -> None:
    wanted = plan(repeat=600)
    wanted.add(event("door.forced"), START)
    sent = [m for second in range(0, 90_000, 300) for m in due(wanted, second)]
    assert [m.repeated for m in sent] == [0, 1, 2, 3]


def test_a_storm_is_limited_but_for_what_is_critical() -> None:
    wanted = plan(group=0, repeat=0)
    for n in range(100):
        now = START + timedelta(seconds=n)
        wanted.add(event("device.lost", now, id=str(n)), now)
        assert len(due(wanted, n)) == (1 if n < PER_HOUR else 0)
    wanted.add(event("door.fire"), START)
    assert [m.kind for m in due(wanted, 100)] == ["door.fire"]
    (rest,) = due(wanted, 3700)
    assert rest.count == 100 - PER_HOUR  # none is lost


def test_what_could_not_be_sent_is_sent_later_with_what_came_since() -> None:
    wanted = plan(repeat=600)
    wanted.add(event("door.forced", id="e1"), START)
    (failed,) = due(wanted)
    wanted.back(failed)
    assert wanted.unsent() == {"e1"}
    wanted.add(event("door.forced", START + timedelta(seconds=5), id="e2"), START)
    (again,) = due(wanted, 20)
    assert (again.count, again.events, again.repeated) == (2, ("e1", "e2"), 0)
    assert wanted.unsent() == set()


def test_an_alarm_of_yesterday_is_no_news() -> None:
    wanted = plan()
    assert not wanted.add(event("door.fire"), START + timedelta(hours=7))
    assert due(wanted, 7 * 3600) == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", SEVERITY)
def test_every_alarm_has_its_words_and_nothing_personal(kind: str, language: str) -> None:
    assert kind in TYPES
    wanted = plan(NotifyReceiver(name="staff", severity="info"))
    personal = {"person": "ref-77", "by": "王芳", "name": "李红", "card": "2972728"}
    wanted.add({**event(kind, **personal, camera="main"), "person": "ref-77"}, START)
    (message,) = due(wanted)
    text = words.title(message, "东门", language) + words.body(message, language, ZONE)
    assert kind not in text
    assert "2026-05-01 10:00:00" in text
    assert "main" in text
    for secret in ("ref-77", "王芳", "李红", "2972728"):
        assert secret not in text
