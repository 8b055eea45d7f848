"""The ``[backup]`` section."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from gate.section import Section


class BackupSettings(Section):
    """How backups reach an SFTP server: `gate backup sftp://USER@HOST/FOLDER`; docs/backup.md."""

    known_hosts: Path | None = Field(
        None, description="the file with the server's host key; without it nothing is sent"
    )
    ssh_key: Path | None = Field(None, description="the private key to sign in with")
    password: SecretStr = Field(
        SecretStr(""), description="the password to sign in with, where there is no key"
    )
