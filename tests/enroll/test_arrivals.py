"""A household is notified of its visitor: in the way it chose, once, and never delaying anybody."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from enroll.arrivals import NEWS, ArrivalNotices
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.events.event import Event
from gate.notify.sending import AppriseSender
from gate.notify.settings import HouseholdWay, NotifySettings
from tests.notify.telephone import ringing

pytest.importorskip("apprise")
pytestmark = pytest.mark.slow


@pytest.fixture
def telephone():
    with ringing() as server:
        yield server


@pytest.fixture
def way(telephone):
    return HouseholdWay(
        name="push", label="Push", url=f"json://127.0.0.1:{telephone.server_port}/key/{{to}}"
    )


@pytest.fixture
def home(desk, clerk, way, tmp_path):
    """A home with a host who agreed and chose a way, and a visitor with a permit."""
    desk.permits = Permits.open(desk.store, tmp_path / "permit.key", PermitSettings())
    desk.ways = (way,)
    place = desk.store.places.household("2", "501")
    host = desk.store.people.create("张主人", household_id=place.id, birth_year=1960, locale="zh")
    clerk.fill(f"/people/{host.id}/consent", answer="agreed", language="zh", purpose="arrival")
    answer = clerk.fill(f"/people/{host.id}/arrivals", way="push", to="+8613800000000")
    assert answer.status_code == 200
    clerk.fill("/visitors", name="王客", building="2", unit="501", hours=5)
    return Home(desk, host.id)


class Home:
    def __init__(self, desk, host):
        self.desk, self.host = desk, host
        (self.visitor,) = desk.store.people.find("王客")

    def comes(self, gate="east"):
        event = Event.make(
            gate,
            "passage.granted",
            self.desk.clock.utc(),
            method="permit",
            person=self.visitor.ref,
        )
        self.desk.store.events.append([event])

    def notices(self, **values):
        settings = NotifySettings(way=self.desk.ways, **values)
        return ArrivalNotices(
            self.desk.store,
            settings,
            AppriseSender((), "[[notify.way]]"),
            self.desk.clock,
            {"east": "东门"},
        )


def test_who_agreed_is_told_once_without_a_name_and_the_desk_shows_it(
    home, clerk, telephone, clock
):
    notices = home.notices()
    notices.look()
    assert telephone.got == []
    home.comes()
    notices.look()
    (got,) = telephone.got
    assert telephone.paths[0].endswith("/key/+8613800000000")
    assert got["title"] == "您的访客已到"
    assert "东门" in got["message"]
    assert "王客" not in json.dumps(got, ensure_ascii=False)
    assert home.visitor.ref not in json.dumps(got)
    told = clock.utc().astimezone().strftime("household notified %H:%M")
    assert told in clerk.get("/visitors").text
    assert told in clerk.get(f"/people/{home.visitor.id}").text
    clock.advance(60)
    home.comes("north")  # on the way from gate to gate: no second arrival
    notices.look()
    home.notices().look()  # neither after a restart
    assert len(telephone.got) == 1


def test_the_name_is_in_the_message_only_where_it_was_asked_for(home, telephone):
    home.comes()
    home.notices(visitor_name=True).look()
    assert "王客于" in telephone.got[0]["message"]


def test_nobody_is_told_without_consent(home, clerk, telephone):
    clerk.fill(f"/people/{home.host}/consent", answer="withdrawn", language="zh", purpose="arrival")
    assert home.desk.store.arrivals.of_person(home.host) is None
    refused = clerk.fill(f"/people/{home.host}/arrivals", way="push", to="1")
    assert refused.status_code == 400
    home.comes()
    home.notices().look()
    assert telephone.got == []
    assert "household" not in clerk.get("/visitors").text


def test_a_resident_who_comes_home_is_no_visitor(home, telephone):
    host = home.desk.store.people.get(home.host)
    now = home.desk.clock.utc()
    event = Event.make("east", "passage.granted", now, method="face", person=host.ref)
    home.desk.store.events.append([event])
    home.notices().look()
    assert telephone.got == []


def test_a_network_that_is_away_is_tried_again_and_then_given_up(home, clerk, telephone, clock):
    telephone.away = True
    notices = home.notices()
    home.comes()
    notices.look()
    assert "household" not in clerk.get("/visitors").text
    telephone.away = False
    clock.advance(1)
    notices.look()  # not tried again at once
    assert telephone.got == []
    clock.advance(30)
    notices.look()
    assert len(telephone.got) == 1

    clock.advance(60)
    clerk.fill("/visitors", name="李客", building="2", unit="501", hours=5)
    (home.visitor,) = home.desk.store.people.find("李客")
    telephone.away = True
    home.comes()
    notices.look()
    clock.advance(NEWS.total_seconds() + 1)
    notices.look()
    assert "household not notified" in clerk.get("/visitors").text
    telephone.away = False
    clock.advance(60)
    notices.look()
    assert len(telephone.got) == 1


def test_a_service_that_hangs_holds_up_neither_register_nor_pages(home, clerk, telephone):
    """The message is sent outside every transaction: gate and desk write meanwhile."""
    telephone.lets.clear()
    home.comes()
    looking = threading.Thread(target=home.notices().look)
    looking.start()
    assert telephone.rings.wait(60)
    before = home.desk.store.events.search(limit=1)[0].sequence
    home.comes("east")
    assert home.desk.store.events.search(limit=1)[0].sequence == before + 1
    assert clerk.get("/visitors").status_code == 200
    assert telephone.got == []  # it still hangs
    telephone.lets.set()
    looking.join(60)
    assert not looking.is_alive()
    assert len(telephone.got) == 1


def test_the_address_is_sealed_in_the_database_and_leaves_with_the_person(home, tmp_path):
    store = home.desk.store
    files = [path.read_bytes() for path in tmp_path.glob("gate.db*")]
    assert files
    assert not any(b"13800000000" in data for data in files)
    assert store.arrivals.of_person(home.host) == ("push", "+8613800000000")
    store.people.delete(home.host)
    assert store.arrivals.of_person(home.host) is None


@pytest.mark.parametrize("to", ["http://evil", "a b", "", "x" * 121, "a/../b", "a?to=b"])
def test_an_address_that_could_lead_elsewhere_is_refused(home, clerk, to):
    assert clerk.fill(f"/people/{home.host}/arrivals", way="push", to=to).status_code == 422
    assert clerk.fill(f"/people/{home.host}/arrivals", way="fax", to="1").status_code == 400


def test_late_news_is_none(home, telephone, clock):
    home.comes()
    clock.advance((NEWS + timedelta(seconds=5)).total_seconds())
    home.notices().look()
    assert telephone.got == []


def test_the_thread_does_it_by_itself(home, telephone):
    notices = home.notices()
    notices._look_every = 0.02
    home.comes()
    with notices:
        assert telephone.rings.wait(60)


def test_an_address_no_service_takes_keeps_nobody_else_from_being_notified(
    home, desk, clerk, telephone, caplog
):
    wrong = HouseholdWay(name="wrong", url="tgram://SECRET-TOKEN/{to}")
    desk.ways = (*desk.ways, wrong)
    place = desk.store.people.get(home.host).household_id
    other = desk.store.people.create("李主人", household_id=place, birth_year=1960, locale="zh")
    clerk.fill(f"/people/{other.id}/consent", answer="agreed", language="zh", purpose="arrival")
    # the one that cannot be sent comes first
    desk.store.arrivals.choose(home.host, "wrong", "13900001111", "li", desk.clock.utc())
    desk.store.arrivals.choose(other.id, "push", "+8613800000001", "li", desk.clock.utc())
    home.comes()
    home.notices().look()
    assert [path.rpartition("/")[2] for path in telephone.paths] == ["+8613800000001"]
    said = caplog.text + str([vars(record) for record in caplog.records])
    assert "arrival.fault" in said
    assert "SECRET-TOKEN" not in said
    assert "13900001111" not in said
