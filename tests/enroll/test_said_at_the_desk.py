"""What was said or done at the desk counts: against tables, old pages and second hands."""

from __future__ import annotations

import io
import sqlite3
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from enroll import retention
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.errors import AccessError
from gate.events.event import Event
from gate.importing.check import check
from gate.importing.notes import MOVED_OUT, SAID_NO, parts_of
from gate.importing.run import run
from gate.importing.table import read_table
from gate.recognition.face import Template
from gate.services.absence_alerts import AbsenceAlerts
from gate.services.enrolment import Shot, keep
from gate.store.tables import ImportLineRow, ImportRow
from tests.enroll.importing import finish, upload

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 23)
FACE = np.ones(128, np.float32) / np.float32(np.sqrt(128))


class Photos:
    def has(self, name):
        return True

    def read(self, name):
        data = io.BytesIO()
        Image.new("RGB", (64, 64)).save(data, "JPEG")
        return data.getvalue()

    def close(self):
        pass


class Examiner:
    encoders = (SimpleNamespace(name="dlib/1"),)

    def __init__(self, fault=""):
        self.fault = fault

    def shot(self, image):
        return Shot(None, self.fault, {} if self.fault else {"dlib/1": FACE})


def lines_of(tmp_path, text):
    file = tmp_path / "table.csv"
    file.write_text(text, "utf-8")
    return read_table(file)


def wrong(store, lines):
    return [(w.column, w.text) for w in check(lines, Photos(), store, today=TODAY)]


def imported(store, lines, examiner=None):
    """Without the check, as a run that goes on after a stop; what was noted at each line."""
    with store.database.write() as session:
        row = ImportRow(name="x")
        session.add(row)
        session.flush()
        job = row.id
    list(run(store, job, lines, Photos(), examiner or Examiner(), by="li"))
    with store.database.read() as session:
        rows = session.query(ImportLineRow).filter_by(import_id=job).all()
        return [parts_of(row.note) for row in rows]


LI = "name,number,birth year,consent,photo,phone\nLi,1,1950,agreed,a.jpg,1\n"


@pytest.mark.parametrize("answer", ["withdrawn", "refused"])
def test_a_table_takes_back_no_no(clerk, desk, tmp_path, answer):
    lines = lines_of(tmp_path, LI)
    assert wrong(desk.store, lines) == []
    imported(desk.store, lines)
    li = desk.store.people.by_number("1").id
    clerk.fill(f"/people/{li}/consent", answer=answer, language="zh")
    again = lines_of(tmp_path, LI.replace(",1\n", ",2\n"))
    assert wrong(desk.store, again) == [("consent", "said no at the desk; ask there")]
    assert imported(desk.store, again) == [[("", SAID_NO)]]
    assert desk.store.templates.count() == {}
    assert desk.store.consents.answer(li).answer == answer
    assert desk.store.people.get(li).phone == "2"
    clerk.fill(f"/people/{li}/consent", answer="agreed", language="zh")
    assert wrong(desk.store, again) == []


def test_a_table_takes_nobody_back_who_moved_out(clerk, desk, tmp_path):
    text = (
        "name,number,birth year,consent,photo,kind,valid until\n"
        "Li,1,1950,agreed,a.jpg,tenant,2030-01-01\n"
    )
    lines = lines_of(tmp_path, text)
    imported(desk.store, lines)
    li = desk.store.people.by_number("1").id
    clerk.fill(f"/people/{li}/move-out")
    ended = desk.store.people.get(li).valid_until
    assert ("number", "has moved out; take them back at the desk first") in wrong(desk.store, lines)
    assert imported(desk.store, lines) == [[("", MOVED_OUT)]]
    assert desk.store.templates.count() == {}
    assert desk.store.people.get(li).valid_until == ended


def test_who_moved_out_is_not_enrolled_but_may_come_back(clerk, desk):
    li = desk.store.people.create("Li", birth_year=1950).id
    desk.store.consents.record(li, "agreed", "1")
    clerk.fill(f"/people/{li}/move-out")
    shots = [Shot(None, "", {"dlib/1": FACE})]
    with pytest.raises(AccessError, match="moved out"):
        keep(desk.store, li, shots)
    assert clerk.get(f"/people/{li}/enrol").url.path == f"/people/{li}"
    clerk.fill(f"/people/{li}/move-in")
    row = desk.store.people.get(li)
    assert row.active
    assert row.valid_until is None
    assert keep(desk.store, li, shots) == 1


def test_a_tenant_who_comes_back_needs_a_new_last_day(clerk, desk):
    now = desk.clock.utc()
    li = desk.store.people.create("Li", kind="tenant", valid_until=now + timedelta(days=9)).id
    clerk.fill(f"/people/{li}/move-out")
    assert clerk.fill(f"/people/{li}/move-in").url.path == f"/people/{li}/edit"
    assert desk.store.people.get(li).valid_until <= desk.clock.utc()


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(clerk, desk, clock):
    for _ in range(int(desk.settings.idle_minutes) + 2):
        clock.advance(60)
        clerk.get("/live", headers={"hx-request": "true", "hx-target": "gates"})
    assert clerk.get("/people").url.path == "/login"


def test_a_card_that_was_revoked_can_be_given_anew(clerk, desk):
    li, wang = (desk.store.people.create(name).id for name in ("Li", "Wang"))
    clerk.fill(f"/people/{li}/cards", number="0002972728")
    taken = clerk.fill(f"/people/{wang}/cards", number="0002972728")
    assert taken.status_code == 400
    card = desk.store.credentials.of(li)[0].id
    page = clerk.get(f"/people/{li}").text
    assert f'/credentials/{card}/revoke" data-ask="Revoke? It no longer opens' in page
    clerk.fill(f"/people/{li}/credentials/{card}/revoke")
    assert clerk.fill(f"/people/{wang}/cards", number="0002972728").status_code == 200
    found = desk.store.credentials.find("card", "0002972728")
    assert found.person.id == wang
    assert found.valid(desk.clock.utc())
    assert desk.store.credentials.of(li) == []


def test_two_who_block_the_same_person_do_not_unblock_them(browser, desk):
    one, other = browser("desk"), browser("manager")
    li = desk.store.people.create("Li").id
    one.fill(f"/people/{li}/block", reason="dispute", blocked="true")
    other.fill(f"/people/{li}/block", reason="police", blocked="true")
    row = desk.store.people.get(li)
    assert (row.blocked, row.blocked_reason) == (True, "police")


def test_a_form_loaded_before_somebody_else_saved_overwrites_nothing(clerk, desk):
    li = desk.store.people.create("Li").id
    version = desk.store.people.get(li).updated.isoformat()
    assert f'name="updated" value="{version}"' in clerk.get(f"/people/{li}/edit").text.replace(
        "&#43;", "+"
    )
    desk.store.people.update(li, face_alone=False, phone="138")
    shown = clerk.fill(f"/people/{li}/edit", name="Li", note="typed", updated=version)
    assert shown.status_code == 400
    assert "typed" in shown.text
    row = desk.store.people.get(li)
    assert (row.phone, row.face_alone, row.note) == ("138", False, "")
    newest = row.updated.isoformat()
    assert clerk.fill(f"/people/{li}/edit", name="Li", note="typed", updated=newest).is_success
    assert desk.store.people.get(li).note == "typed"


@pytest.mark.parametrize("day", ["9999-12-30", "2200-01-01", "0001-01-01"])
@pytest.mark.slow
def test_a_day_beyond_every_calendar_is_a_mistake_not_a_crash(clerk, desk, tmp_path, day):
    answer = clerk.fill("/people/new", name="Li", kind="tenant", valid_until=day)
    assert answer.status_code == 400
    lines = lines_of(tmp_path, f"name,number,valid until\nX,x,{day}\n")
    assert wrong(desk.store, lines) == [
        ("valid_until", "is not a date like 2026-11-23, up to 2199")
    ]


def test_a_day_stored_before_there_was_a_limit_is_shown(clerk, desk):
    from datetime import UTC, datetime

    for_ever = datetime(9999, 12, 30, tzinfo=UTC)
    li = desk.store.people.create("Li", active=False, valid_until=for_ever).id
    assert clerk.get(f"/people/{li}").status_code == 200


def bytes_of(desk):
    path = desk.store.database.path
    files = (path, path.with_name(path.name + "-wal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


def test_a_note_at_an_alarm_goes_with_the_person_and_with_the_event(clerk, desk):
    people = [desk.store.people.create(name) for name in ("Li", "Wang")]
    at = desk.clock.utc() - timedelta(days=20)
    for row, note in zip(people, ("Li is in hospital", "Wang, 138-1234"), strict=True):
        event = Event.make("gate-1", "passage.duress", at, person=row.ref)
        desk.store.events.append([event])
        clerk.fill(f"/alarms/{event.id}", note=note)
    assert b"in hospital" in bytes_of(desk)
    desk.store.people.delete(people[0].id)
    assert b"in hospital" not in bytes_of(desk)
    assert b"138-1234" in bytes_of(desk)
    retention.run(desk, desk.clock.utc() + timedelta(days=400))
    desk.store.database.wipe()
    assert b"138-1234" not in bytes_of(desk)


def test_the_name_of_a_photograph_goes_with_the_person(desk, tmp_path):
    text = "name,number,birth year,consent,photo\n张伟,1,1950,agreed,张伟.jpg\n"
    imported(desk.store, lines_of(tmp_path, text), Examiner("no_face"))
    assert "张伟".encode() in bytes_of(desk)
    desk.store.people.delete(desk.store.people.by_number("1").id)
    assert "张伟".encode() not in bytes_of(desk)


def test_of_a_face_that_a_table_takes_away_no_byte_stays(manager, desk):
    li = desk.store.people.create("Li", number="1", birth_year=1950).id
    vector = np.random.default_rng(3).normal(size=128).astype(np.float32)
    desk.store.templates.add(Template(li, vector / np.linalg.norm(vector), "dlib/1"))
    raw = sqlite3.connect(desk.store.database.path)
    sealed = raw.execute("SELECT vector FROM templates").fetchone()[0]
    raw.close()
    page = upload(manager, "name,number,consent\nLi,1,refused\n")
    manager.fill(page.url.path + "/run")
    finish(manager, page)
    assert sealed[16:80] not in bytes_of(desk)


def test_who_no_longer_wants_to_be_missed_has_no_last_time_kept(clerk, desk):
    li = desk.store.people.create("Li", birth_year=1950).id
    missing = AbsenceAlerts(desk.store, "gate-1", 24, lambda event: None)
    clerk.fill(f"/people/{li}/consent", answer="agreed", language="zh", purpose="not_seen")
    missing.saw(li, desk.clock.utc() + timedelta(hours=1))
    assert clerk.get(f"/people/{li}/data").json()["last_seen"]
    clerk.fill(f"/people/{li}/consent", answer="withdrawn", language="zh", purpose="not_seen")
    assert not clerk.get(f"/people/{li}/data").json()["last_seen"]
    assert desk.store.key_values.get(f"not_seen:{li}") is None


def test_groups_typed_on_a_chinese_keyboard_are_several(clerk, desk):
    li = desk.store.people.create("Li").id
    clerk.fill(f"/people/{li}/edit", name="Li", groups="物业，保洁； 保安")
    assert desk.store.people.get(li).groups == sorted(["物业", "保洁", "保安"])


def test_every_permit_that_opens_is_shown_however_many_came_after(clerk, desk, tmp_path):
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    li, now = desk.store.people.create("Li").id, desk.clock.utc()
    book, key = desk.permits.book, desk.permits.key()
    first = book.issue(key, li, now, now + timedelta(days=9), now=now).permit.serial
    for _ in range(25):
        later = book.issue(key, li, now, now + timedelta(days=1), now=now).permit.serial
        book.revoke(later, "")
    assert (
        f'/permits/{first}/revoke" data-ask="Revoke the permit?' in clerk.get(f"/people/{li}").text
    )
