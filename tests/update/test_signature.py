"""Only what was signed with the key is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import ConfigurationError
from gate.update import signature


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gate.deb"
    path.write_bytes(b"new software" * 1000)
    return path


def keys(tmp_path: Path) -> tuple[str, Path]:
    private, public = signature.key_pair()
    path = tmp_path / "update.pub"
    path.write_text(public + "\n")
    return private, path


def test_a_signed_file_passes(file: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    assert signature.sign(file, private).name == "gate.deb.sig"
    signature.check(file, public)


def test_a_changed_file_a_foreign_key_and_nonsense_do_not(file: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    beside = signature.sign(file, private)
    content = bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged or was not made"):
        signature.check(file, public)
    content[5000] ^= 1
    file.write_bytes(content)
    signature.check(file, public)
    signature.sign(file, signature.key_pair()[0])
    with pytest.raises(ConfigurationError, match="was not made"):
        signature.check(file, public)
    beside.write_text("not hexadecimal")
    with pytest.raises(ConfigurationError, match="damaged"):
        signature.check(file, public)


def test_without_signature_or_key_it_says_what_is_missing(file: Path, tmp_path: Path) -> None:
    _, public = keys(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        signature.check(file, public)
    assert "gate.deb.sig" in refused.value.hint
    with pytest.raises(ConfigurationError, match="no key"):
        signature.check(file, tmp_path / "none.pub")
