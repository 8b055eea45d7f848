"""OSDP's public default key is named, by the check of the configuration and by the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gate.commands.config import config as command
from gate.config.osdp_keys import OWN_KEY, PUBLIC_KEY, with_public_key
from gate.config.settings import build
from gate.doctor.devices import readers
from gate.doctor.finding import Finding, Level

PUBLIC = "303132333435363738393A3B3C3D3E3F"
OWN = "00112233445566778899aabbccddeeff"


def values(key: str, out: str = "", **changed: Any) -> dict[str, Any]:
    reader = {"name": "east", "driver": "osdp", "port": "/dev/tty-nowhere", "key": key, **changed}
    beside = {"enabled": True, "key": out, "port": "/dev/tty-other"} if out else {}
    return {"reader": [reader], "reader_out": beside}


@pytest.mark.parametrize("public", [PUBLIC, PUBLIC.lower()])
def test_who_has_it(public: str) -> None:
    assert with_public_key(build(values(public))) == ["reader east"]
    assert with_public_key(build(values(OWN, public))) == ["reader_out"]
    assert with_public_key(build(values(OWN, OWN))) == []


def test_where_no_key_is_used_none_is_public() -> None:
    assert with_public_key(build(values(PUBLIC, driver="rdm6300"))) == []
    settings = values(OWN, PUBLIC)
    settings["reader_out"]["enabled"] = False
    assert with_public_key(build(settings)) == []
    settings["reader_out"] |= {"enabled": True, "driver": "converter", "decides": "gate"}
    assert with_public_key(build(settings)) == []


def test_the_doctor_warns() -> None:
    found = list(readers(build(values(PUBLIC))))
    assert Finding("reader east", Level.WARN, PUBLIC_KEY, OWN_KEY) in found
    assert len(list(readers(build(values(OWN))))) == len(found) - 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "give both ends a key of their own"), ("zh", "请给两端设置自己的密钥")],
)
def test_the_check_says_so_and_it_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setenv("LC_ALL", f"{language}_XX.UTF-8")
    file = tmp_path / "gate.toml"
    for key, said in ((PUBLIC, True), (OWN, False)):
        file.write_text(
            f'data = "{tmp_path}"\n[[reader]]\nname = "east"\ndriver = "osdp"\nkey = "{key}"\n'
            'port = "/dev/tty-nowhere"\n'
        )
        answer = CliRunner().invoke(command, ["check", "--config", str(file)])
        assert answer.exit_code == 0
        assert (words in answer.output) is said
        assert key not in answer.output
