"""Records as files on an SFTP server whose host key is known."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import unquote, urlsplit

from gate.errors import ConfigurationError
from gate.exporting.settings import ExportSettings
from gate.exporting.target import Batch, DeliveryError, Receipt


class SftpTarget:
    """One file a batch, uploaded under another name and renamed when it is complete.

    Raises ConfigurationError when asyncssh is not installed.
    """

    def __init__(self, settings: ExportSettings) -> None:
        try:
            import asyncssh
        except ImportError:
            raise ConfigurationError(
                "sftp needs the package asyncssh",
                where=f"[[export]] {settings.name}",
                hint='pip install "access-gate[export]"',
            ) from None
        self._ssh = asyncssh
        self._settings = settings
        parts = urlsplit(settings.url)
        self._host, self._port = parts.hostname or "", parts.port or 22
        self._user = unquote(parts.username or "gate")
        self._folder = unquote(parts.path).rstrip("/") or "."
        self._connection: Any = None
        self._sftp: Any = None

    async def deliver(self, batch: Batch) -> Receipt:
        ssh = self._ssh
        folder = f"{self._folder}/{batch.path}".rstrip("/")
        file = f"{folder}/{batch.name}"
        partial = f"{folder}/.{batch.name}.part"
        try:
            sftp = await self._opened()
            await sftp.makedirs(folder, exist_ok=True)
            async with sftp.open(partial, "wb") as out:
                await out.write(batch.body)
            size = (await sftp.stat(partial)).size
            if size != len(batch.body):
                raise self._failed(f"the server keeps {size} of {len(batch.body)} bytes")
            await self._rename(sftp, partial, file)
        except (DeliveryError, asyncio.CancelledError):
            await self.close()
            raise
        except (OSError, ssh.Error) as error:
            await self.close()
            raise self._failed(
                f"the SFTP server does not take the file: {_reason(error)}"
            ) from None
        return Receipt()

    async def _rename(self, sftp: Any, partial: str, file: str) -> None:
        """Over a file of an earlier attempt, whether or not the server knows POSIX renaming."""
        try:
            await sftp.posix_rename(partial, file)
        except self._ssh.SFTPOpUnsupported:
            with contextlib.suppress(self._ssh.SFTPNoSuchFile):
                await sftp.remove(file)
            await sftp.rename(partial, file)

    async def position(self) -> tuple[int, int] | None:
        return None

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            self._connection = self._sftp = None

    async def _opened(self) -> Any:
        if self._sftp is None:
            settings = self._settings
            password = settings.token.get_secret_value() or None
            self._connection = await self._ssh.connect(
                self._host,
                self._port,
                username=self._user,
                password=password,
                client_keys=[str(settings.certificate)] if settings.certificate else None,
                known_hosts=str(settings.known_hosts),
                config=None,
                agent_path=None,
            )
            self._sftp = await self._connection.start_sftp_client()
        return self._sftp

    def _failed(self, what: str) -> DeliveryError:
        return DeliveryError(
            what,
            where=f"sftp://{self._host}:{self._port}{self._folder}",
            hint="check the server, known_hosts, certificate or token; records wait meanwhile",
            certain=True,
        )


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__
