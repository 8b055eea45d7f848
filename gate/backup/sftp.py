"""Backups on an SFTP server: sent, read back from there and compared, rotated."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from gate.backup.archive import SUFFIX
from gate.config.backup import BackupSettings
from gate.errors import ConfigurationError, StoreError

SCHEME = "sftp://"
CONNECT = 30.0  # seconds for the connection and the sign-in
SILENT = 60.0  # seconds without an answer to one request after which the server is given up
_CHUNK = 1 << 18
Result = TypeVar("Result")


class SftpFolder:
    """A folder on a server. Every call is a connection of its own.

    Args:
        url: ``sftp://USER@HOST:PORT/FOLDER``; the folder is made when it is missing.

    Raises ConfigurationError: asyncssh is not installed, no host in the address, no known_hosts.
    """

    def __init__(self, url: str, settings: BackupSettings) -> None:
        try:
            import asyncssh
        except ImportError:
            raise ConfigurationError(
                "sftp needs the package asyncssh", where=url, hint='pip install "access-gate[sftp]"'
            ) from None
        parts = urlsplit(url)
        if not parts.hostname or parts.password:
            raise ConfigurationError(
                "not the address of an SFTP folder",
                where="gate backup",
                hint="write sftp://USER@HOST/FOLDER; a password belongs into [backup] password",
            )
        if settings.known_hosts is None:
            raise ConfigurationError(
                "the server's host key is not known, so nothing is sent to it",
                where="[backup] known_hosts",
                hint=f"run `ssh-keyscan {parts.hostname} > known_hosts`, compare it with what the "
                "server's owner says, and name the file in [backup] known_hosts",
            )
        self._ssh: Any = asyncssh
        self._settings = settings
        self._host, self._port = parts.hostname, parts.port or 22
        self._user = unquote(parts.username or "gate")
        self._folder = unquote(parts.path).rstrip("/") or "."
        self.place = f"{SCHEME}{self._host}:{self._port}{self._folder}"

    def send(self, file: Path) -> None:
        """Upload under another name, read it back, compare, rename. Raises StoreError."""
        self._run(lambda sftp: self._send(sftp, file))

    def rotate(self, gate: str, keep: int) -> list[str]:
        """Delete the oldest backups of this gate beyond ``keep``; the newest always stays.

        Returns their names. Raises StoreError.
        """
        return self._run(lambda sftp: self._rotate(sftp, gate, keep))

    async def _send(self, sftp: Any, file: Path) -> None:
        target = f"{self._folder}/{file.name}"
        part = f"{self._folder}/.{file.name}.part"
        await _in_time(sftp.makedirs(self._folder, exist_ok=True))
        with file.open("rb") as source:
            sent = hashlib.sha256()
            async with sftp.open(part, "wb") as out:
                while chunk := source.read(_CHUNK):
                    sent.update(chunk)
                    await _in_time(out.write(chunk))
        kept = hashlib.sha256()
        async with sftp.open(part, "rb") as back:
            while chunk := await _in_time(back.read(_CHUNK)):
                kept.update(chunk)
        if kept.digest() != sent.digest():
            raise StoreError(
                "the backup reads back differently from the server",
                where=f"{self.place}/{file.name}",
                hint="look at the server's disk, and make the backup again",
            )
        try:  # OpenSSH's extension: the list of deletions takes its own place in one step
            await _in_time(sftp.posix_rename(part, target))
        except self._ssh.SFTPOpUnsupported:
            if await _in_time(sftp.exists(target)):
                await _in_time(sftp.remove(target))
            await _in_time(sftp.rename(part, target))

    async def _rotate(self, sftp: Any, gate: str, keep: int) -> list[str]:
        mine = re.compile(rf"{re.escape(gate)}-\d{{8}}T\d{{6}}Z{re.escape(SUFFIX)}")
        there = sorted(n for n in await _in_time(sftp.listdir(self._folder)) if mine.fullmatch(n))
        old = there[: -max(keep, 1)]
        for name in old:
            await _in_time(sftp.remove(f"{self._folder}/{name}"))
        return old

    def _run(self, job: Callable[[Any], Awaitable[Result]]) -> Result:
        async def connected() -> Result:
            settings = self._settings
            connecting = self._ssh.connect(
                self._host,
                self._port,
                username=self._user,
                password=settings.password.get_secret_value() or None,
                client_keys=[str(settings.ssh_key)] if settings.ssh_key else None,
                known_hosts=str(settings.known_hosts),
                config=None,
                agent_path=None,
            )
            async with (
                await asyncio.wait_for(connecting, CONNECT) as connection,
                connection.start_sftp_client() as sftp,
            ):
                return await job(sftp)

        try:
            return asyncio.run(connected())
        except (OSError, TimeoutError, self._ssh.Error) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
            raise StoreError(
                f"the SFTP server does not take the backup: {reason or type(error).__name__}",
                where=self.place,
                hint="check the server and its room, [backup] known_hosts, ssh_key or password",
            ) from None


async def _in_time(step: Awaitable[Result]) -> Result:
    return await asyncio.wait_for(step, SILENT)
