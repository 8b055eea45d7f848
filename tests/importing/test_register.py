"""The register as a check sees it."""

from __future__ import annotations

import pytest

from gate.importing.register import Register, Registered
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


def test_people_their_newest_answers_and_their_cards(store):
    one = store.people.create("王芳", number="7").id
    other = store.people.create("李红", active=False).id
    store.consents.record(one, "agreed", "1")
    store.consents.record(one, "withdrawn", "1")
    store.consents.record(other, "agreed", "1", purpose="not_seen")
    store.credentials.add(one, "card", "0004523608")
    store.credentials.add(other, "pin", "1234")
    register = Register.of(store)
    assert register.people == {
        one: Registered(one, True, "withdrawn"),
        other: Registered(other, False),
    }
    assert register.cards == {store.vault.digest("card", "0004523608"): one}
    assert register.person_of({"number": "7"}).id == one
    assert register.person_of({"number": "7", "person": f"#{other}"}).id == other


@pytest.mark.parametrize("values", [{}, {"number": "8"}, {"person": "#999"}, {"person": "line 2"}])
def test_nobody_of_the_register(store, values):
    store.people.create("王芳")
    assert Register.of(store).person_of(values) is None
