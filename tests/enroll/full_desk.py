"""A desk with something on every page."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from enroll.permissions import Role
from enroll.visitor_link import token_of
from gate.events.event import Event
from gate.importing.notes import DOUBLE, note
from gate.recognition.face import Template
from gate.services.gate_status import StatusWriter
from gate.store.tables import ImportLineRow, ImportRow
from tests.enroll.chromium import PASSWORD

STATES = {
    "gate": {"software": "1.0", "faults": ["relay.board", "camera.back"]},
    "door": {"state": "forced_open", "locked": True, "open": True, "tamper": True, "problem": True},
    "mode": {"mode": "fire", "until": None},
    "encoder": {"encoder": "dlib/1", "fit": "f"},
    "gallery": {"people": 12},
    "liveness": {"mode": "off", "active": "off: a photograph opens the door"},
    "device/main": {"up": True, "family": "camera"},
    "device/back": {"up": False, "family": "camera"},
    "device/desk": {"up": True, "family": "reader"},
}
IMPORTS = {101: "running", 102: "stopped", 103: "done"}
KINDS = ("gate.started", "person.not_seen", "camera.lost")


def filled(desk, encoder):
    store, now = desk.store, desk.clock.utc()
    for role in Role:
        desk.accounts.create(role.value, PASSWORD, role, role.value.title())
    random = np.random.default_rng(4)
    home = store.places.household("3", "1201", "")
    people = []
    vectors = random.normal(size=(12, 128)).astype(np.float32)
    vectors[1] = vectors[0] + 0.02 * vectors[1]  # look-alikes
    for number, vector in enumerate(vectors):
        person = store.people.create(
            f"住户{number}",
            birth_year=1940,
            household_id=home.id,
            phone="555 0100",
            note="怕风",
            blocked=number == 5,
            valid_until=now - timedelta(days=2) if number == 6 else None,
        )
        people.append(person)
        for purpose in ("face", "not_seen"):
            at = now - timedelta(days=3)
            store.consents.record(person.id, "agreed", "1", purpose=purpose, at=at)
        store.templates.add(Template(person.id, vector / np.linalg.norm(vector), encoder.name))
        store.credentials.add(person.id, "card", f"{number + 1:010d}", label="蓝卡")
    key = desk.permits.key()
    issued = desk.permits.book.issue(key, people[0].id, now, now + timedelta(hours=3), now=now)
    desk.visitor = token_of(issued.text)
    written = [Event.make("north", kind, now - timedelta(minutes=1)) for kind in KINDS]
    written += [Event.make("north", "door.forced", now)]
    written += [
        Event.make(
            "north",
            "passage.denied",
            now,
            passage="p1",
            decision="deny",
            reasons=("card_unknown",),
            person=people[0].ref,
            latency=200.0,
            temperature={"estimated": 36.6},
        )
    ]
    desk.event = store.events.append(written)[-1].id
    desk.person = people[0].id
    desk.ended = people[6].id
    desk.missing.pause(people[1].id, now + timedelta(days=2), now)
    desk.missing.look(now, True)
    for order, result in (("open", "done"), ("hold", "lockdown"), ("normal", "")):
        given = store.orders.give("north", order, "manager", reason="搬家")
        store.orders.done(given.id, result)
    with store.database.write() as session:
        for number, state in IMPORTS.items():
            session.add(ImportRow(id=number, name="人员.xlsx", state=state, total=20))
            session.flush()
            noted = [("照片.jpg", "no_face"), ("#2", DOUBLE), ("", "other_person")]
            for line, part in enumerate(noted):
                row = ImportLineRow(
                    import_id=number, line=line, person_id=1, result="failed", note=note([part])
                )
                session.add(row)
    board = StatusWriter(store.key_values, "north", desk.clock, lambda write: write())
    for thing, value in STATES.items():
        board.put(thing, value)
    board.keep()
