"""Permits in the register: issued, used, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.access.decision import Kind
from gate.access.permit import Permit, key_id, sign
from gate.access.settings import PermitSettings
from gate.errors import AccessError
from gate.services.permits import Issued, PermitBook
from gate.store.key_value import JOINED
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import PersonRow

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


@pytest.fixture
def book(store: Store) -> PermitBook:
    keys = {key_id(KEY.public_key()): KEY.public_key()}
    return PermitBook(store, keys, PermitSettings(household_permits=2))


@pytest.fixture
def guest(store: Store) -> PersonRow:
    return store.people.create("客人", kind="visitor")


def issue(book: PermitBook, guest: PersonRow, **fields: object) -> Issued:
    until = fields.pop("until", NOW + DAY)
    return book.issue(KEY, guest.id, NOW, until, now=NOW, **fields)


def test_an_issued_permit_names_its_holder(book: PermitBook, guest: PersonRow) -> None:
    issued = issue(book, guest, uses=2, issued_by="clerk")
    person, shown = book.look_up(issued.text, "gate-1", NOW)
    assert person is not None
    assert (person.id, shown.problem, shown.serial) == (guest.id, "", issued.permit.serial)


def test_it_is_used_up_after_its_uses(book: PermitBook, guest: PersonRow) -> None:
    issued = issue(book, guest, uses=2)
    for _ in range(2):
        assert book.look_up(issued.text, "gate-1", NOW)[1].problem == ""
        assert book.use(issued.permit.serial)
    assert book.look_up(issued.text, "gate-1", NOW)[1].problem == "permit_used_up"
    assert not book.use(issued.permit.serial)


def test_where_no_use_can_be_kept_only_one_without_a_number_of_uses_counts(
    book: PermitBook, guest: PersonRow, store: Store
) -> None:
    keys = {key_id(KEY.public_key()): KEY.public_key()}
    forgetful = PermitBook(store, keys, PermitSettings(), counts=False)
    limited, free = issue(book, guest, uses=2), issue(book, guest)
    assert forgetful.look_up(limited.text, "gate-1", NOW)[1].problem == "permit_uncounted"
    assert forgetful.look_up(free.text, "gate-1", NOW)[1].problem == ""
    elsewhere = sign(Permit("ab" * 8, "cd" * 8, Kind.VISITOR, NOW, NOW + DAY, uses=1), KEY)
    assert forgetful.look_up(elsewhere, "gate-1", NOW)[1].problem == "permit_uncounted"
    book.revoke(limited.permit.serial, "lost")
    assert forgetful.look_up(limited.text, "gate-1", NOW)[1].problem == "permit_revoked"


@pytest.mark.slow
def test_a_withdrawn_one_is_refused(book: PermitBook, guest: PersonRow) -> None:
    issued = issue(book, guest)
    book.revoke(issued.permit.serial, "lost")
    assert book.look_up(issued.text, "gate-1", NOW)[1].problem == "permit_revoked"
    with pytest.raises(AccessError, match="no such permit"):
        book.revoke("0" * 16, "")
    assert not book.use(issued.permit.serial)


def test_one_of_another_desk_is_believed_and_its_uses_counted(book: PermitBook) -> None:
    permit = Permit("ab" * 8, "cd" * 8, Kind.VISITOR, NOW, NOW + DAY, uses=1)
    text = sign(permit, KEY)
    person, shown = book.look_up(text, "gate-1", NOW)
    assert person is not None
    assert (person.kind, shown.problem) == (Kind.VISITOR, "")
    assert book.use(permit.serial)
    assert book.look_up(text, "gate-1", NOW)[1].problem == "permit_used_up"


def test_a_box_of_a_hub_believes_only_permits_the_hub_gave_it(
    book: PermitBook, store: Store
) -> None:
    """One it has no record of may be for gates it does not serve, or revoked long ago."""
    text = sign(Permit("ab" * 8, "cd" * 8, Kind.VISITOR, NOW, NOW + DAY), KEY)
    assert book.look_up(text, "gate-1", NOW)[1].problem == ""
    own = issue(book, store.people.create("客人", kind="visitor"))
    store.key_values.set(JOINED, {"box": "1"})
    assert book.look_up(text, "gate-1", NOW)[1].problem == "permit_holder_unknown"
    assert book.look_up(own.text, "gate-1", NOW)[1].problem == ""


def test_a_resident_who_is_not_in_the_register_is_not_believed(book: PermitBook) -> None:
    permit = Permit("ab" * 8, "cd" * 8, Kind.RESIDENT, NOW, NOW + DAY)
    assert book.look_up(sign(permit, KEY), "g", NOW) == (
        None,
        book.look_up(sign(permit, KEY), "g", NOW)[1],
    )
    assert book.look_up(sign(permit, KEY), "g", NOW)[1].problem == "permit_holder_unknown"


def test_a_forged_one_names_nobody(book: PermitBook, guest: PersonRow) -> None:
    permit = Permit("ab" * 8, guest.ref[:16], Kind.VISITOR, NOW, NOW + DAY)
    person, shown = book.look_up(sign(permit, Ed25519PrivateKey.generate()), "g", NOW)
    assert (person, shown.problem) == (None, "permit_forged")


@pytest.mark.slow
def test_a_household_stays_within_its_allowance(
    book: PermitBook, store: Store, guest: PersonRow
) -> None:
    home = store.places.household("8", "301").id
    for wrong in ({"uses": 0}, {"uses": 99}, {"uses": 1, "until": NOW + 9 * DAY}):
        with pytest.raises(AccessError, match="a household's permit"):
            issue(book, guest, household=home, **wrong)
    first = issue(book, guest, household=home, uses=1)
    issue(book, guest, household=home, uses=1)
    assert book.allowance(home, NOW) == (2, 2)
    with pytest.raises(AccessError, match="limit of visitor permits"):
        issue(book, guest, household=home, uses=1)
    book.revoke(first.permit.serial, "not needed")
    issue(book, guest, household=home, uses=1)
    assert book.allowance(home, NOW + 2 * DAY) == (0, 2)  # they have ended
    store.places.allow_permits(home, 0)  # of its own, whatever the configuration says
    with pytest.raises(AccessError, match="reached its limit of visitor permits"):
        issue(book, guest, household=home, uses=1)
    store.places.allow_permits(home, None)
    assert book.allowance(home, NOW) == (2, 2)


@pytest.mark.slow
def test_two_desks_cannot_both_give_the_last_permit_of_a_household(
    book: PermitBook, store: Store, guest: PersonRow
) -> None:
    home = store.places.household("8", "302").id
    store.places.allow_permits(home, 1)

    def give(_: int) -> bool:
        try:
            return bool(issue(book, guest, household=home, uses=1))
        except AccessError:
            return False

    with ThreadPoolExecutor(4) as desks:
        assert sum(desks.map(give, range(8))) == 1


def test_nobody_and_never_ending_are_refused(book: PermitBook, guest: PersonRow) -> None:
    with pytest.raises(AccessError, match="nobody has the number"):
        book.issue(KEY, 999, NOW, NOW + DAY, now=NOW)
    with pytest.raises(AccessError, match="valid for longer than allowed"):
        issue(book, guest, until=NOW + 999 * DAY)


def test_the_permits_of_somebody_deleted_stay_withdrawn(book: PermitBook, store: Store) -> None:
    """A gate believes a visitor's code it has never heard of; it has heard of these."""
    now = datetime.now(UTC)
    guest = store.people.create("客人", kind="visitor").id
    issued = book.issue(KEY, guest, now, now + DAY, now=now, uses=1)
    other = book.issue(KEY, guest, now, now + DAY, now=now)
    book.revoke(issued.permit.serial, "lost")
    store.people.delete(guest)
    for text in (issued.text, other.text):
        assert book.look_up(text, "gate-1", now)[1].problem == "permit_revoked"
    assert not book.use(other.permit.serial)
    assert book.look_up(other.text, "gate-1", now)[1].problem == "permit_revoked"


def test_visitors_of_another_desk_are_different_people(book: PermitBook) -> None:
    people = [
        book.look_up(sign(Permit(s * 8, h * 8, Kind.VISITOR, NOW, NOW + DAY), KEY), "g", NOW)[0]
        for s, h in (("aa", "ca"), ("bb", "cb"), ("ab", "ca"))
    ]
    assert all(person is not None and person.id < 0 for person in people)
    assert people[0] != people[1]
    assert people[0] == people[2]
