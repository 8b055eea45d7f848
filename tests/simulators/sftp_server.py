"""An SFTP server for tests, with faults."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE


class Sftp:
    """asyncssh's server in a thread, user gate, password "secret word".

    Its faults: ``full`` (no byte is taken), ``flips`` (what is written is not what is kept),
    ``plain`` (no rename onto a file that is there). ``removed``: the names of files deleted.
    """

    def __init__(self, folder: Path) -> None:
        import asyncssh

        self.full = False
        self.flips = False
        self.plain = False
        self.removed: list[str] = []
        self.folder = folder
        owner = self

        class Server(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("gate", "secret word")

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(folder))

            def write(self, file_obj: object, offset: int, data: bytes) -> Any:
                if owner.full:
                    raise asyncssh.SFTPFailure("disk full")
                if owner.flips:
                    data = data[:-1] + bytes([data[-1] ^ 1])
                return super().write(file_obj, offset, data)

            def remove(self, path: bytes) -> Any:
                owner.removed.append(Path(path.decode()).name)
                return super().remove(path)

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                if owner.plain:
                    raise asyncssh.SFTPOpUnsupported("posix-rename")
                return super().posix_rename(oldpath, newpath)

        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

        async def run() -> Any:
            return await asyncssh.listen(
                "127.0.0.1", 0, server_factory=Server, server_host_keys=[self.key],
                sftp_factory=Files,
            )  # fmt: skip

        self._server = asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE)
        self.port = self._server.sockets[0].getsockname()[1]

    def known_hosts(self, file: Path) -> Path:
        public = self.key.export_public_key().decode().strip()
        file.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return file

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
