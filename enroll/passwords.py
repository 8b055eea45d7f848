"""Passwords: argon2id, a length, and nothing that is easily guessed."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gate.errors import AccessError

SHORTEST = 10
LONGEST = 200
# what zxcvbn, made from English leaks, does not know: what people here type
_TYPICAL = (
    *("woaini", "woaini1314", "woaini1314520", "5201314", "1314520", "woaiwojia", "wo1314"),
    *("qq123456", "aini1314", "zhangwei", "wangwei", "lixiaohong", "xiaoming", "yisheng", "menjin"),
    *("baobao", "laopo", "laogong", "mima", "mima123", "nihao", "nihao123", "wobuzhidao", "guanli"),
    *("zhongguo", "beijing", "shanghai", "a123456", "woaizhongguo", "wuye", "xiaoqu", "yiqi"),
)
# in no password, whatever is around it
_COMMON = ("password", "1234567890", "qwertyuiop", "0123456789", "administrator", "abcdefghij")
_SCORE = 3  # zxcvbn's from 0 to 4: safely unguessable by tries at the page (10^8 guesses)
_READ = 72  # characters that are judged; zxcvbn takes long for more
# a check takes 64 MB and a core; more at once would take the desk away
_AT_ONCE = threading.BoundedSemaphore(2)

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106, low memory


def hash_password(password: str, login: str = "") -> str:
    """The argon2id hash to keep. Raises AccessError for a password that is too weak."""
    weak = weakness(password, login)
    if weak:
        raise AccessError(weak, hint="choose another password")
    with _AT_ONCE:
        return _hasher.hash(password)


def weakness(password: str, login: str = "") -> str:
    """What is wrong with a new password, or ""."""
    low = password.lower()
    if len(password) < SHORTEST:
        return "The password is shorter than ten characters"
    if len(password) > LONGEST:
        return "The password is longer than 200 characters"
    common = any(word in low for word in _COMMON)
    if len(set(low)) < 5 or common or _score(password, login) < _SCORE:
        return "The password is easily guessed"
    if login and login.lower() in low:
        return "The password contains the login"
    return ""


def verify(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one kept; takes as long when nothing is kept."""
    if len(password) > LONGEST:
        return False
    with _AT_ONCE:
        return _verify(kept, password)


@cache
def _decoy() -> str:
    """Verified when the login is unknown, so that the answer takes as long."""
    return _hasher.hash("nobody has this password")


def _score(password: str, login: str) -> int:
    from zxcvbn import zxcvbn  # its lists of leaked passwords are read when one is chosen

    found = zxcvbn(password[:_READ], user_inputs=[*_TYPICAL, *filter(None, [login])])
    return int(found["score"])


def _verify(kept: str | None, password: str) -> bool:
    decoy = _decoy()  # made by the first call, whether the login is known or not
    try:
        return _hasher.verify(kept or decoy, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
