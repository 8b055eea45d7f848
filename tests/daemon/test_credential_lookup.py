"""From a claim to a person, at once and again a moment later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.access.decision import Method
from gate.access.permit import key_id
from gate.access.reasons import REASONS
from gate.access.request import Credential
from gate.access.settings import PermitSettings, PinSettings
from gate.daemon.credential_lookup import CredentialLookup
from gate.readers.claim import UNREADABLE, Claim, ClaimKind
from gate.services.permits import PermitBook
from gate.store.settings import StoreSettings
from gate.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_card_that_cannot_be_read_is_answered_at_the_gate(tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        lookup = CredentialLookup(
            store, PermitBook(store, [], PermitSettings()), "north", PinSettings()
        )
        shown = lookup.look_up(Claim(ClaimKind.CARD, UNREADABLE, "reader", 5.0), NOON)
    assert (shown.method, shown.person, shown.at) == (Method.CARD, None, 5.0)
    assert shown.credential.problem == "card_unreadable"
    assert shown.credential.problem in REASONS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


KEY = Ed25519PrivateKey.generate()


class Counter:
    """The look-up and what is shown to it at noon."""

    def __init__(self, store: Store) -> None:
        self.trusted = True
        self.book = PermitBook(
            store, {key_id(KEY.public_key()): KEY.public_key()}, PermitSettings()
        )
        self.reserved = 0  # uses of every permit
        self.lookup = CredentialLookup(
            store,
            self.book,
            "north",
            PinSettings(),
            lambda: self.trusted,
            lambda serial: self.reserved,
        )

    def show(self, kind: ClaimKind, value: str) -> str:
        """The serial of what was shown, and is good."""
        shown = self.lookup.look_up(Claim(kind, value, "reader", 5.0), NOON)
        assert shown.credential.problem == ""
        return shown.credential.serial

    def again(self, serial: str, seconds: float = 1.0, *, granted: bool = False) -> str:
        now = NOON + timedelta(seconds=seconds)
        return self.lookup.again(serial, now, granted=granted)[1].problem


@pytest.fixture
def counter(store: Store) -> Counter:
    return Counter(store)


def test_a_card_shown_a_moment_ago_is_good_until_it_is_revoked_or_gone(
    store: Store, counter: Counter
) -> None:
    li = store.people.create("Li")
    card = store.credentials.add(li.id, "card", "aa")
    serial = counter.show(ClaimKind.CARD, "aa")
    person, credential = counter.lookup.again(serial, NOON)
    assert person is not None
    assert (person.id, credential) == (li.id, Credential(serial=serial))
    store.people.update(li.id, blocked=True)
    person, _ = counter.lookup.again(serial, NOON)
    assert person is not None
    assert person.blocked
    store.credentials.revoke(card.id, "lost")
    assert counter.again(serial) == "card_revoked"
    store.people.delete(li.id)
    assert counter.lookup.again(serial, NOON) == (None, Credential("card_unknown"))


def test_a_card_that_runs_out_meanwhile(store: Store, counter: Counter) -> None:
    li = store.people.create("Li")
    until = NOON + timedelta(seconds=5)
    store.credentials.add(li.id, "card", "aa", valid_until=until)
    serial = counter.show(ClaimKind.CARD, "aa")
    assert [counter.again(serial, s) for s in (4.9, 5.0)] == ["", "card_expired"]
    counter.trusted = False
    assert counter.again(serial, 1.0) == "clock_not_set"


def test_a_card_given_to_somebody_else_meanwhile_is_theirs_and_no_number_is_taken_for_another(
    store: Store, counter: Counter
) -> None:
    li, wang = store.people.create("Li"), store.people.create("Wang")
    card = store.credentials.add(li.id, "card", "aa")
    serial = counter.show(ClaimKind.CARD, "aa")
    store.credentials.remove(card.id)
    other = store.credentials.add(wang.id, "card", "bb")
    assert str(other.id) == serial  # the database gives the number out again
    assert counter.again(serial) == "card_unknown"
    store.credentials.add(wang.id, "card", "aa")
    person, _ = counter.lookup.again(serial, NOON)
    assert person is not None
    assert person.id == wang.id


def test_a_pin_that_is_changed_meanwhile(store: Store, counter: Counter) -> None:
    li = store.people.create("Li")
    pin = store.credentials.add(li.id, "pin", "246810")
    serial = counter.show(ClaimKind.PIN, "246810")
    assert counter.again(serial) == ""
    store.credentials.remove(pin.id)
    store.credentials.add(li.id, "pin", "135791")
    assert counter.again(serial) == "pin_unknown"


def test_a_permit_revoked_used_up_or_over_meanwhile(store: Store, counter: Counter) -> None:
    guest = store.people.create("客人", kind="visitor")
    until = NOON + timedelta(minutes=1)

    def issue(**fields: int) -> tuple[str, str]:
        begins = NOON - timedelta(hours=1)
        issued = counter.book.issue(KEY, guest.id, begins, until, now=NOON, **fields)
        return issued.permit.serial, issued.text

    serial, text = issue()
    assert counter.show(ClaimKind.PERMIT, text) == serial
    assert [counter.again(serial, s) for s in (1, 3600)] == ["", "permit_expired"]
    counter.trusted = False
    assert counter.again(serial) == "clock_not_set"
    counter.trusted = True
    counter.book.revoke(serial, "lost")
    assert counter.again(serial) == "permit_revoked"
    serial, text = issue(uses=1)
    counter.show(ClaimKind.PERMIT, text)
    counter.reserved = 1  # by this passage, or another one
    assert counter.again(serial) == "permit_used_up"
    assert counter.again(serial, granted=True) == ""
    counter.reserved = 0
    assert counter.again(serial, granted=True) == ""
    counter.book.use(serial)
    assert counter.again(serial) == "permit_used_up"
    assert counter.again(serial, granted=True) == "permit_used_up"  # used elsewhere


def test_what_was_never_shown_or_long_ago_cannot_be_looked_up(
    store: Store, counter: Counter
) -> None:
    assert counter.again("1") == "credential_unchecked"
    li = store.people.create("Li")
    serials = []
    for n in range(52):
        store.credentials.add(li.id, "card", f"{n:04}")
        serials.append(counter.show(ClaimKind.CARD, f"{n:04}"))
    assert [counter.again(s) for s in serials[:3]] == ["credential_unchecked"] * 2 + [""]
    counter.show(ClaimKind.CARD, "0002")  # shown again: the last to be forgotten
    store.credentials.add(li.id, "card", "last")
    counter.show(ClaimKind.CARD, "last")
    assert [counter.again(s) for s in serials[2:4]] == ["", "credential_unchecked"]
