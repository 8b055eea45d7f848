"""Fetch one file over HTTP(S), going on where an earlier attempt broke off."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from gate import files
from gate.errors import ModelError

_CHUNK = 1 << 16
_AGAIN = "run the command again: it goes on where it stopped; or copy the file with --from"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait.

    Attributes:
        silent: seconds without a byte after which a server is given up.
        retries: further attempts at one address.
        deadline: ``now()`` after which nothing is waited for any more; None for never.
        now: monotonic seconds.
    """

    silent: float = 15.0
    retries: int = 2
    deadline: float | None = None
    now: Callable[[], float] = time.monotonic

    def left(self) -> float:
        """Seconds a single wait may take; 0 or less when the deadline is over."""
        if self.deadline is None:
            return self.silent
        return min(self.silent, self.deadline - self.now())


class Unreachable(ModelError):
    """No connection to the server came about."""


class _Silent(Exception):
    """No connection came about; another attempt may help."""


class _Broken(Exception):
    """The connection failed or ended early: another attempt may help."""


def download(
    address: str, part: Path, size: int, limits: Limits, progress: Callable[[int], None]
) -> None:
    """Bring ``part`` to ``size`` bytes from ``address``. Its content is not judged here.

    Proxies are taken from the environment. Raises ModelError; then ``part`` holds what came, or is
    gone when it cannot belong to the file.
    """
    try:
        with part.open("ab", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _error("this file is being fetched already", address, "wait for it") from None
            try:
                _download(address, file, size, limits, progress)
            finally:
                if file.tell() == 0:
                    part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            with suppress(OSError):  # the room is needed for the events of the door
                part.unlink(missing_ok=True)
        raise _error(
            f"the model cannot be written: {error.strerror}",
            str(part),
            "check the folder's owner and the free space",
        ) from None


def _download(
    address: str, file: FileIO, size: int, limits: Limits, progress: Callable[[int], None]
) -> None:
    if file.tell() > size:
        _empty(file)
    files.require_room(Path(os.fsdecode(file.name)).parent, size - file.tell())
    attempts = limits.retries + 1
    while file.tell() < size:
        try:
            _attempt(address, file, size, limits, progress)
        except (_Broken, _Silent) as broken:
            attempts -= 1
            if limits.left() <= 0:
                raise _error("the time for fetching is over", address, _AGAIN) from None
            if attempts <= 0:
                kind = Unreachable if isinstance(broken, _Silent) else ModelError
                raise kind(str(broken), where=address, hint=_AGAIN) from None
    progress(file.tell())


def _attempt(
    address: str, file: FileIO, size: int, limits: Limits, progress: Callable[[int], None]
) -> None:
    start = file.tell()
    headers = {"User-Agent": "access-gate", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    wait = limits.left()
    if wait <= 0:
        raise _Broken("the time for fetching is over")
    try:
        request = urllib.request.Request(address, headers=headers)
        # a new opener reads the proxies of the environment as they are now
        opener = urllib.request.build_opener()
        with opener.open(request, timeout=wait) as answer:
            if start and answer.status != http.client.PARTIAL_CONTENT:
                _empty(file)  # a server that knows no ranges begins again
                start = 0
            _check_length(answer, address, size - start)
            _copy(answer, file, size, limits, progress)
    except urllib.error.HTTPError as error:
        _refused(error, address, file)
    except urllib.error.URLError as error:
        raise _Silent(f"the server cannot be reached: {_reason(error.reason)}") from None
    except TimeoutError:
        raise _Broken(f"the server sent nothing for {wait:.0f} seconds") from None
    except (http.client.HTTPException, ConnectionError) as error:
        raise _Broken(f"the connection broke off: {_reason(error)}") from None
    except ValueError:
        raise _error("this is not an address", address, "use http:// or https://") from None
    if file.tell() < size:
        raise _Broken(f"the connection ended after {file.tell():,} of {size:,} bytes")


def _copy(
    answer: http.client.HTTPResponse,
    file: FileIO,
    size: int,
    limits: Limits,
    progress: Callable[[int], None],
) -> None:
    while chunk := answer.read1(_CHUNK):
        if file.tell() + len(chunk) > size:
            _empty(file)
            raise _error(
                f"the server sends more than the {size:,} bytes of this file",
                answer.geturl(),
                "it is not the official file: try another network, or copy it with --from",
            )
        _write_all(file, chunk)
        progress(file.tell())
        if limits.left() <= 0:
            raise _Broken("the time for fetching is over")


def _write_all(file: FileIO, content: bytes) -> None:
    """A disk with little room left takes a part of it, and refuses only the rest."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _empty(file: FileIO) -> None:
    file.truncate(0)
    file.seek(0)


def _check_length(answer: http.client.HTTPResponse, address: str, expected: int) -> None:
    declared = answer.headers.get("Content-Length")
    if (
        declared is not None
        and declared.isascii()
        and declared.isdigit()
        and int(declared) != expected
    ):
        raise _error(
            f"the server offers {int(declared):,} bytes where {expected:,} are due",
            address,
            "it is not the official file: try another network, or copy it with --from",
        )


def _refused(error: urllib.error.HTTPError, address: str, file: FileIO) -> None:
    if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        _empty(file)
        raise _Broken("the server knows another size of this file")
    if error.code in (408, 429, 500, 502, 503, 504):
        raise _Broken(f"the server answers {error.code} {error.reason}")
    raise _error(
        f"the server answers {error.code} {error.reason}",
        address,
        "check the proxy, or copy the file with --from",
    )


def _reason(error: object) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _error(what: str, where: str, hint: str) -> ModelError:
    return ModelError(what, where=where, hint=hint)
