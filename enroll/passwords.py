"""Passwords: argon2id, a length, and nothing that is easily guessed."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gate.errors import AccessError

SHORTEST = 10
LONGEST = 200
# what people type when they are asked for ten characters
_COMMON = ("password", "1234567890", "qwertyuiop", "0123456789", "administrator", "abcdefghij")

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106, low memory
# verified when the login is unknown, so that the answer takes as long
_DECOY = _hasher.hash("nobody has this password")


def hash_password(password: str, login: str = "") -> str:
    """The argon2id hash to keep. Raises AccessError for a password that is too weak."""
    weak = weakness(password, login)
    if weak:
        raise AccessError(weak, mend="choose another password")
    return _hasher.hash(password)


def weakness(password: str, login: str = "") -> str:
    """What is wrong with a new password, or ""."""
    low = password.lower()
    if len(password) < SHORTEST:
        return "The password is shorter than ten characters"
    if len(password) > LONGEST:
        return "The password is longer than 200 characters"
    if len(set(low)) < 5 or any(common in low for common in _COMMON):
        return "The password is easily guessed"
    if login and login.lower() in low:
        return "The password contains the login"
    return ""


def verify(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one kept; takes as long when nothing is kept."""
    if len(password) > LONGEST:
        return False
    try:
        return _hasher.verify(kept or _DECOY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
