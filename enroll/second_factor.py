"""The second factor of an account: a time-based code (RFC 6238), or a recovery code used once.

The secret lies in the database sealed by the vault; of recovery codes only hashes are kept. A code
is taken once: whoever looked over a shoulder cannot use it again within its half minute.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

import pyotp

from gate.clock import Clock
from gate.store.key_value import KeyValueStore
from gate.store.vault import Vault

STEP = 30  # seconds
DRIFT = 1  # steps that a telephone's clock may be off
CODES = 10  # recovery codes made at once
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without what is mistaken for another


class SecondFactor:
    def __init__(self, facts: KeyValueStore, vault: Vault, clock: Clock) -> None:
        self._facts, self._vault, self._clock = facts, vault, clock

    def new(self, login: str, issuer: str) -> tuple[str, str]:
        """A secret and the address for the telephone's app; in force with ``enable``."""
        secret = pyotp.random_base32()
        return secret, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)

    def fits(self, secret: str, code: str) -> bool:
        """Whether the app gives the codes of ``secret``: asked before it is put in force."""
        return self._step(secret, code) is not None

    def enable(self, account: int, secret: str) -> None:
        sealed = self._vault.keep(secret.encode(), _key(account)).hex()
        kept = self._facts.get(_key(account)) or {}
        self._facts.set(_key(account), {**kept, "totp": sealed, "last": 0})

    def disable(self, account: int) -> None:
        """Password alone again; recovery codes are void."""
        self._facts.forget(_key(account))

    def wanted(self, account: int) -> bool:
        return bool((self._facts.get(_key(account)) or {}).get("totp"))

    def recovery_codes(self, account: int) -> list[str]:
        """New codes in place of all there were; shown once."""
        codes = ["-".join(_word() for _ in range(3)) for _ in range(CODES)]
        kept = self._facts.get(_key(account)) or {}
        self._facts.set(_key(account), {**kept, "recovery": [_hash(code) for code in codes]})
        return codes

    def left(self, account: int) -> int:
        """Recovery codes that were not used yet."""
        return len((self._facts.get(_key(account)) or {}).get("recovery", ()))

    def right(self, account: int, code: str) -> bool:
        """Whether ``code`` opens the account now; True where no second factor is set up."""
        kept = self._facts.get(_key(account)) or {}
        if not kept.get("totp"):
            return True
        secret = self._vault.reveal(bytes.fromhex(kept["totp"]), _key(account)).decode()
        step = self._step(secret, code)
        if step is not None and step > int(kept.get("last", 0)):
            self._facts.set(_key(account), {**kept, "last": step})
            return True
        rest = _without(kept.get("recovery", ()), code)
        if rest is None:
            return False
        self._facts.set(_key(account), {**kept, "recovery": rest})
        return True

    def _step(self, secret: str, code: str) -> int | None:
        """The half minute to which ``code`` belongs, None when to none that is near."""
        digits = code.replace(" ", "")
        totp = pyotp.TOTP(secret)
        now = int(self._clock.utc().timestamp()) // STEP
        for step in range(now - DRIFT, now + DRIFT + 1):
            if hmac.compare_digest(totp.at(step * STEP).encode(), digits.encode()):
                return step
        return None


def _without(hashes: Sequence[str], code: str) -> list[str] | None:
    """The hashes but that of ``code``; None when it is not among them."""
    given = _hash(code)
    rest = [kept for kept in hashes if not hmac.compare_digest(kept, given)]
    return rest if len(rest) < len(hashes) else None


def _word() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def _hash(code: str) -> str:
    # 74 bits of chance: nothing that could be guessed from the hash
    return hashlib.sha256(code.strip().upper().replace(" ", "").encode()).hexdigest()


def _key(account: int) -> str:
    return f"desk.second_factor.{account}"
