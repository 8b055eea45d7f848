"""An app's code beside the password: in time, once, and recovery codes for a lost telephone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest

from enroll.accounts import Accounts
from enroll.permissions import Role
from enroll.second_factor import CODES, SecondFactor
from gate.clock import ManualClock
from gate.config.desk import DeskSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store

PASSWORD = "correct horse battery"
START = datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)


class Place:
    def __init__(self, store: Store) -> None:
        self.clock = ManualClock(start=START)
        self.store = store
        self.second = SecondFactor(store.key_values, store.vault, self.clock)
        self.accounts = Accounts(store.database, DeskSettings(), self.clock)
        self.accounts.second = self.second
        self.account = self.accounts.create("wang", PASSWORD, Role.MANAGER).id
        self.secret, self.address = self.second.new("wang", "东门")
        self.second.enable(self.account, self.secret)

    def code(self, seconds: float = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(self.clock.utc().timestamp() + seconds))

    def signs_in(self, code: str, password: str = PASSWORD) -> bool:
        return self.accounts.sign_in("wang", password, "10.0.0.1", code) is not None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield Place(store)


def test_the_code_is_wanted_beside_the_password_and_taken_once(place: Place) -> None:
    assert place.address.startswith("otpauth://totp/")
    assert not place.signs_in("")
    code = place.code()
    assert not place.signs_in(code, "wrong password here")
    assert place.signs_in(f" {code[:3]} {code[3:]} ")
    assert not place.signs_in(code)  # looked over a shoulder
    place.clock.advance(30)
    assert place.signs_in(place.code())


def test_a_telephone_half_a_minute_off_is_taken_and_one_of_minutes_not(place: Place) -> None:
    assert not place.signs_in(place.code(-120))
    assert not place.signs_in(place.code(120))
    assert place.signs_in(place.code(-30))


def test_a_recovery_code_works_once(place: Place) -> None:
    codes = place.second.recovery_codes(place.account)
    assert len(set(codes)) == CODES
    assert place.signs_in(codes[3].lower())
    assert not place.signs_in(codes[3])
    assert place.second.left(place.account) == CODES - 1
    fresh = place.second.recovery_codes(place.account)
    assert not place.signs_in(codes[4])
    assert place.signs_in(fresh[0])


@pytest.mark.slow
def test_codes_cannot_be_guessed_by_whoever_has_the_password(place: Place) -> None:
    for number in range(30):
        place.signs_in(f"{number:06d}")
    assert not place.signs_in(place.code())  # it has to wait, right or not
    assert place.second.wanted(place.account)


def test_the_secret_is_sealed_and_gone_when_switched_off(place: Place, tmp_path: Path) -> None:
    place.second.recovery_codes(place.account)
    kept = str(place.store.key_values.get(f"desk.second_factor.{place.account}"))
    assert place.secret not in kept
    place.second.disable(place.account)
    assert place.signs_in("")
    assert place.second.left(place.account) == 0
