"""A drawn community for pictures and timings of the desk: 200 people, four gates, three weeks.

Nobody in it exists: family and given names are drawn at random from common ones, telephone numbers
are from the range kept for fiction, faces are random vectors.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permissions import Role
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.clock import SystemClock
from gate.config.desk import DeskSettings
from gate.events.event import Event
from gate.events.uuid7 import uuid7
from gate.recognition.detection.detector import HogDetector
from gate.recognition.face import Template
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.services.gate_status import StatusWriter
from gate.store.orders import Orders
from gate.store.rulebook import Rulebook
from gate.store.store import Store
from gate.store.tables import CredentialRow, PersonRow

PASSWORD = "a-long-enough-secret"
GATES = ("east", "west", "north", "garage")
LABELS = dict(zip(GATES, ("东门", "西门", "北门", "车库"), strict=True))
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_MEN = (
    *("建国", "志强", "伟", "国栋", "立新", "浩然", "子轩", "文博", "德明", "振华", "永康", "海涛"),
    *("俊杰", "学文", "宇航", "家豪", "瑞", "鹏", "少华", "永福", "长青", "春生", "明远", "思源"),
)
_WOMEN = (
    *("秀英", "桂兰", "丽华", "淑珍", "小红", "芳", "玉梅", "雪", "静怡", "雨桐", "欣妍", "晓燕"),
    *("文静", "婷婷", "慧敏", "佳琪", "凤英", "美玲", "春花", "若曦", "诗涵", "玲", "素芬", "梦瑶"),
)
_STATES: dict[str, dict[str, object]] = {
    "gate": {"software": "1.0", "faults": []},
    "door": {"state": "locked", "locked": True, "open": False, "tamper": False, "problem": False},
    "mode": {"mode": "normal", "until": None},
    "encoder": {"encoder": "0095+faceplugin", "fit": "f"},
    "gallery": {"people": 168},
    "liveness": {"active": True},
    "device/大门": {"up": True, "family": "camera"},
    "device/读卡器": {"up": True, "family": "reader"},
}
# share of a day's passages in each hour, from 0 to 23
_HOURS = (1, 0, 0, 0, 1, 4, 14, 28, 22, 10, 8, 11, 13, 8, 7, 8, 12, 22, 26, 17, 11, 8, 4, 2)
_REFUSALS = (
    ("deny", "face_unknown", "face", False),
    ("deny", "card_expired", "card", True),
    ("deny", "card_unknown", "card", False),
    ("deny", "expired", "face", True),
    ("deny", "not_this_schedule", "card", True),
    ("deny", "not_this_gate", "face", True),
    ("deny", "permit_used_up", "permit", False),
    ("ask", "face_doubtful", "face", False),
    ("ask", "mask", "face", False),
    ("ask", "look_alike", "face", True),
    ("ask", "child", "face", True),
    ("ask", "backlight", "face", False),
)


@dataclass(frozen=True, slots=True)
class Community:
    """What was drawn; ``desk`` looks after it."""

    desk: Desk
    people: list[PersonRow]
    events: list[Event]


def settle(
    store: Store, folder: Path, *, people: int = 200, days: int = 21, per_day: int = 420
) -> Community:
    """A community in an empty database: accounts, homes, people, events, alarms, orders, rules."""
    draw = random.Random(20)  # pictures must be the same each time
    now = datetime.now(UTC)
    desk = Desk(
        DeskSettings(community="阳光花园", requests=100_000, sign_ins=1_000),
        store,
        faces=Faces(Examiner(HogDetector(), []), KnownFaces(store, "dlib/1", 128)),
        permits=Permits.open(store, folder / "permit.key", PermitSettings()),
        gate=GATES[0],
        label=LABELS[GATES[0]],
        not_seen_hours=24.0,
        folder=folder,
    )
    for role, name in zip(Role, ("张敏", "陈立", "周工", "审计"), strict=False):
        desk.accounts.create(role.value, PASSWORD, role, name)
    rows = _people(store, draw, now, people)
    rules = Rulebook(store.database)
    rules.set_schedule("weekdays", "mon-fri 07:00-19:00; sat 08:00-12:00; holiday closed")
    rules.set_schedule("gardeners", "mon,wed,fri 06:30-11:30; holiday closed")
    events = store.events.append(_events(rows, draw, now, days, per_day))
    beat(desk)
    orders = Orders(store.database)
    orders.give(GATES[1], "open", "desk", reason="快递三轮车")
    return Community(desk, rows, events)


def _people(store: Store, draw: random.Random, now: datetime, count: int) -> list[PersonRow]:
    vectors = np.random.default_rng(4).normal(size=(count, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: list[PersonRow] = []
    home = 0
    left = 0
    family = ""
    place = store.places.household("1", "101", "")
    for number in range(count):
        if left == 0:
            home += 1
            left = draw.choice((1, 2, 2, 3, 3, 4))
            family = draw.choice(_FAMILY)
            building, floor, door = 1 + home % 5, 1 + home // 5 % 9, 1 + home % 3
            place = store.places.household(f"{building}", f"{floor}0{door}", "")
        left -= 1
        own = family if draw.random() < 0.7 else draw.choice(_FAMILY)
        kind = draw.choices(("resident", "tenant", "staff", "carer", "visitor"), (74, 14, 5, 4, 3))[
            0
        ]
        until = None
        if kind in ("tenant", "visitor"):
            until = now + timedelta(days=draw.choice((-6, 3, 5, 9, 40, 90, 200)))
        row = store.people.create(
            own + draw.choice(_MEN + _WOMEN),
            number=f"{number + 1:04}",
            kind=kind,
            household_id=place.id if kind not in ("staff",) else None,
            birth_year=draw.choice((1941, 1948, 1955, 1963, 1972, 1984, 1991, 1999, 2008, 2015)),
            phone=f"1700000{number:04}",
            groups=["保洁"] if kind == "staff" and number % 2 else [],
            blocked=number == 57,
            blocked_reason="遗失门卡，待核实" if number == 57 else "",
            valid_until=until,
        )
        rows.append(row)
        if number % 7:
            store.consents.record(row.id, "agreed", "1", at=now - timedelta(days=40))
            store.templates.add(Template(row.id, vectors[number], "dlib/1", 0.72, "desk"))
        elif number % 3 == 0:
            store.consents.record(row.id, "refused", "1", at=now - timedelta(days=40))
        if number % 11 == 0:
            at = now - timedelta(days=40)
            store.consents.record(row.id, "agreed", "1", purpose="not_seen", at=at)
    with store.database.write() as session:
        session.add_all(
            CredentialRow(
                person_id=row.id, kind="card", hash=row.id.to_bytes(32, "big"), label="蓝色门卡"
            )
            for row in rows[::2]
        )
    return rows


def _events(
    people: list[PersonRow], draw: random.Random, now: datetime, days: int, per_day: int
) -> list[Event]:
    local = now.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    events = [Event.make(gate, "gate.started", now - timedelta(days=days)) for gate in GATES]
    for day in range(days):
        begin = midnight - timedelta(days=day)
        weekend = begin.weekday() >= 5
        for _ in range(int(per_day * (0.7 if weekend else 1) * draw.uniform(0.9, 1.1))):
            hour = draw.choices(range(24), _HOURS)[0]
            at = begin + timedelta(hours=hour, seconds=draw.randrange(3600))
            if at < local:
                events += _passage(people, draw, at)
    events += _troubles(now)
    return sorted(events, key=lambda event: event.time)


def _passage(people: list[PersonRow], draw: random.Random, at: datetime) -> list[Event]:
    gate = draw.choices(GATES, (45, 25, 20, 10))[0]
    passage = uuid7(at)
    person = draw.choice(people)
    latency = draw.lognormvariate(6, 0.35)

    def make(kind: str, after: float, **fields: Any) -> Event:
        return Event.make(gate, kind, at + timedelta(seconds=after), passage=passage, **fields)

    if draw.random() < 0.06:
        outcome, reason, method, known = draw.choice(_REFUSALS)
        kind = {"deny": "passage.denied", "ask": "passage.asked"}[outcome]
        return [
            make(
                kind,
                0,
                method=method,
                decision=outcome,
                reasons=(reason,),
                rule="face" if method == "face" else "credential",
                person=person.ref if known else None,
                latency=latency,
            ),
            make("passage.ended", 4, details={"passed": False}),
        ]
    method = draw.choices(("face", "card", "permit", "pin"), (78, 17, 3, 2))[0]
    return [
        make(
            "passage.granted",
            0,
            method=method,
            decision="grant",
            rule="grant",
            reasons=("welcome",),
            person=person.ref,
            latency=latency,
        ),
        make("door.unlocked", 0.1, details={"by": "grant"}),
        make("door.opened", 1.6),
        make("door.closed", 4.9, details={"seconds": 3.3}),
        make("passage.ended", 5, person=person.ref, details={"passed": True}),
    ]


def _troubles(now: datetime) -> list[Event]:
    """A camera that came and went eight times, and a few things only people can see to."""
    events = []
    for turn in range(8):
        lost = now - timedelta(hours=20 - turn * 2)
        back = lost + timedelta(minutes=3)
        device = {"camera": "车库"}
        events.append(Event.make(GATES[3], "camera.lost", lost, details=device))
        events.append(Event.make(GATES[3], "camera.back", back, details=device))
    single: tuple[tuple[str, str, float, dict[str, object]], ...] = (
        (GATES[1], "door.held", 2.5, {}),
        (GATES[1], "door.held", 26, {}),
        (GATES[2], "device.lost", 1.2, {"device": "读卡器", "family": "reader"}),
        (GATES[0], "attack.presentation", 5, {"count": 3, "camera": "大门"}),
        (GATES[0], "passage.tailgating", 8, {"granted": 1, "passed": 2}),
        (GATES[0], "door.forced", 30, {}),
    )
    for gate, kind, hours, details in single:
        events.append(Event.make(gate, kind, now - timedelta(hours=hours), details=details))
    return events


def beat(desk: Desk) -> None:
    """Every gate reports its state, as it does every ten seconds."""
    for gate in GATES:
        board = StatusWriter(desk.store.key_values, gate, SystemClock(), lambda write: write())
        states = dict(_STATES)
        states["gate"] = {**_STATES["gate"], "label": LABELS[gate]}
        if gate == GATES[1]:
            until = (datetime.now(UTC) + timedelta(minutes=14)).isoformat()
            states["door"] = {**_STATES["door"], "state": "unlocked", "locked": False}
            states["mode"] = {"mode": "held_open", "until": until}
        if gate == GATES[2]:
            states["gate"] |= {"faults": ["reader.读卡器"]}
            states["device/读卡器"] = {"up": False, "family": "reader"}
        for thing, value in states.items():
            board.put(thing, value)
        board.keep()
