"""Accounts from the box itself: the way back for whoever forgot the password."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp
import pytest
from typer.testing import CliRunner, Result

from enroll.accounts import Accounts
from enroll.second_factor import SecondFactor
from gate.clock import SystemClock
from gate.commands.account import account
from gate.config.settings import load
from gate.errors import AccessError, StoreError
from gate.store.store import Store

FIRST, SECOND = "correct horse battery", "staple nine clouds"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(f'data = "{tmp_path}/data"\n[store]\nballast = 0\n')
    return path


def run(config: Path, *arguments: str, password: str = "") -> Result:
    typed = f"{password}\n{password}\n" if password else None
    return CliRunner().invoke(account, [*arguments, "--config", str(config)], input=typed)


def accounts(store: Store, config: Path) -> Accounts:
    return Accounts(store.database, load(config).desk, SystemClock())


@pytest.mark.slow
def test_a_forgotten_password_is_replaced_and_noted(config: Path) -> None:
    assert run(config, "add", "wang", "--role", "manager", password=FIRST).exit_code == 0
    assert run(config, "reset", "WANG", password=SECOND).exit_code == 0
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        people = accounts(store, config)
        assert people.sign_in("wang", FIRST) is None
        assert people.sign_in("wang", SECOND) is not None
        noted = [line.action for line in store.audit.lines()]
    assert noted.count("account.reset") == 1
    listed = run(config, "list").output
    assert "wang" in listed
    assert "manager" in listed
    assert SECOND not in listed


def test_a_weak_password_and_an_unknown_login_are_refused(config: Path) -> None:
    assert isinstance(run(config, "add", "wang", password="short").exception, AccessError)
    assert isinstance(run(config, "reset", "nobody", password=FIRST).exception, StoreError)
    assert "no accounts yet" in run(config, "list").output


@pytest.mark.slow
def test_a_second_factor_is_set_up_with_the_app_and_switched_off(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(config, "add", "wang", "--role", "manager", password=FIRST).exit_code == 0
    assert isinstance(run(config, "recovery", "wang").exception, AccessError)
    monkeypatch.setattr("pyotp.random_base32", lambda: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    wrong = CliRunner().invoke(account, ["totp", "wang", "-c", str(config)], input="000000\n")
    assert isinstance(wrong.exception, AccessError)
    code = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").now()
    done = CliRunner().invoke(account, ["totp", "wang", "-c", str(config)], input=f"{code}\n")
    assert done.exit_code == 0, done.output
    codes = re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}-[A-Z2-9]{5}", done.output)
    assert len(codes) == 10
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        people = accounts(store, config)
        people.second = SecondFactor(store.key_values, store.vault, SystemClock())
        assert people.sign_in("wang", FIRST) is None
        assert people.sign_in("wang", FIRST, code=codes[0]) is not None
    assert run(config, "totp", "wang", "--off").exit_code == 0
