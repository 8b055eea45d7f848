"""Permit keys: the desk signs with a private one, every gate verifies with public ones."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gate import files
from gate.access.permit import key_id
from gate.errors import AccessError

log = logging.getLogger(__name__)

# the names of these files in the data folder
PRIVATE_KEY = "permit-key.pem"
PUBLIC_KEYS = "permit*.pub"
_FORMER = "permit.key"  # what desks named their private key once


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in ``path``; made, with mode 0600, when there is none.

    The public key (``.pub``) is written next to it, to be copied to gates on other machines.

    Raises:
        AccessError: the file cannot be read or written, is no such key, or others may read it.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise AccessError(
                "the permit key is readable by other users",
                where=str(path),
                hint="chmod 600, and make a new key if someone may have copied it",
            )
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise _cannot(path, error.strerror or str(error)) from None
    except ValueError:
        raise _cannot(path, "it is not a PEM key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _cannot(path, "it is not an Ed25519 key")
    return key


def own_key(data: Path) -> Path:
    """Where the private key of this data folder is; a key under its former name is renamed.

    Raises AccessError when it cannot be.
    """
    path, former = data / PRIVATE_KEY, data / _FORMER
    if former.is_file() and not path.exists():
        try:
            public = former.with_suffix(".pub")
            if public.is_file():
                public.rename(path.with_suffix(".pub"))
            former.rename(path)
        except OSError as error:
            raise _cannot(former, error.strerror or str(error)) from None
    return path


class KeyFolder(Mapping[bytes, Ed25519PublicKey]):
    """The public keys in a folder, by id, as they are at each look.

    A key that is added counts from the next permit on, one that is removed no longer. A file that
    cannot be used is logged once and left out, so that it does not take the others away.
    """

    def __init__(self, folder: Path) -> None:
        """Raises AccessError for a file that cannot be used: at the start somebody is looking."""
        self._folder = folder
        self._seen = self._look()
        self._keys = public_keys(path for path, *_ in self._seen)

    def __getitem__(self, id: bytes) -> Ed25519PublicKey:
        return self._now()[id]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> dict[bytes, Ed25519PublicKey]:
        seen = self._look()
        if seen != self._seen:
            keys: dict[bytes, Ed25519PublicKey] = {}
            for path, *_ in seen:
                try:
                    keys |= public_keys([path])
                except AccessError as error:
                    log.error("permit.key", extra={"cause": error.what, "where": error.where})
            self._seen, self._keys = seen, keys
        return self._keys

    def _look(self) -> list[tuple[Path, int, int]]:
        found = []
        for path in sorted(self._folder.glob(PUBLIC_KEYS)):
            try:
                state = path.stat()
                found.append((path, state.st_mtime_ns, state.st_size))
            except OSError:
                found.append((path, 0, 0))
        return found


def public_keys(paths: Iterable[Path]) -> dict[bytes, Ed25519PublicKey]:
    """Public keys by their id. Raises AccessError naming the file that cannot be used."""
    keys = {}
    for path in paths:
        try:
            key = load_pem_public_key(path.read_bytes())
        except OSError as error:
            raise _cannot(path, error.strerror or str(error)) from None
        except ValueError:
            raise _cannot(path, "it is not a PEM key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise _cannot(path, "it is not an Ed25519 key")
        keys[key_id(key)] = key
    return keys


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # the public half first: cut off in between, a new pair is made, where permits signed with a
    # private half alone would be refused at every gate
    files.replace(path.with_suffix(".pub"), public, durable=True)
    try:
        files.create(path, pem)
    except FileExistsError:  # another program made one in this moment: its public half counts
        made = load_pem_private_key(path.read_bytes(), None).public_key()
        public = made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        files.replace(path.with_suffix(".pub"), public, durable=True)
    except OSError:
        path.with_suffix(".pub").unlink()
        raise


def _cannot(path: Path, why: str) -> AccessError:
    return AccessError(
        f"the permit key cannot be used: {why}",
        where=str(path),
        hint="check the file, or remove it to have a new one made; existing permits end",
    )
