"""``gate desk`` itself: the code of the first start, TLS as configured, a calm end."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from gate.config.desk import DeskSettings
from gate.integrations.broker import free_port
from gate.integrations.pki import make_authority, make_certificate
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests import warm
from tests.waiting import PATIENCE, wait_for

PASSWORD = "a-long-enough-secret"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and one-time code of a desk served with a certificate."""
    make_authority(tmp_path)
    make_certificate(tmp_path, "desk", ("127.0.0.1",))
    port = free_port()
    config = tmp_path / "gate.toml"
    config.write_text(
        f'data = "{tmp_path}/data"\nname = "north"\nstore = {{ ballast = 0 }}\n'
        f'models = {{ folder = "{tmp_path}/models" }}\n'
        '[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[desk]\nport = {port}\nlanguage = "en"\n'
        f'certificate = "{tmp_path}/desk.crt"\ncertificate_key = "{tmp_path}/desk.key"\n'
    )
    log = tmp_path / "said"
    process = warm.Program(
        *("desk", "--config", str(config)), out=log, environment={**os.environ, "COLUMNS": "200"}
    )
    try:
        code = wait_for(lambda: _code(log) or process.poll() is not None, 120.0)
        assert isinstance(code, str), log.read_text("utf-8")
        address = f"https://127.0.0.1:{port}"
        assert address in log.read_text("utf-8")
        yield address, code
    finally:
        process.terminate()
        status = process.wait(60)
    said = log.read_text("utf-8")
    assert "Traceback" not in said
    assert not re.search(r"(?m)^[a-z_]+\.[a-z_]+$", said), "a code without its details"
    assert status in (0, -15)


def _code(log: Path) -> str:
    """What opens the first account, once it was printed."""
    said = log.read_text("utf-8") if log.exists() else ""
    found = re.search(r"first account: (\S+)\n", said)
    return found[1] if found else ""


@pytest.mark.timeout(120)
@pytest.mark.slow
def test_the_first_account_is_made_over_tls_with_the_code_that_was_printed(
    served: tuple[str, str], tmp_path: Path
) -> None:
    address, code = served
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    transport = httpx.HTTPTransport(verify=trust, retries=10)
    headers = {"accept": "text/html"}
    with httpx.Client(
        base_url=address,
        transport=transport,
        follow_redirects=True,
        headers=headers,
        timeout=PATIENCE,
    ) as client:
        first = client.get("/")
        assert first.url.path == "/setup"
        assert first.headers["strict-transport-security"] == "max-age=31536000"
        fields = {"login": "wang", "name": "Wang", "password": PASSWORD, "again": PASSWORD}
        client.post("/setup", data={**fields, "code": "0000-0000-0000-0000"})
        answer = client.post("/login", data={"login": "wang", "password": PASSWORD})
        assert "desk" not in "".join(client.cookies), "no account by a guessed code"
        assert client.post("/setup", data={**fields, "code": code}).url.path == "/login"
        client.follow_redirects = False
        answer = client.post("/login", data={"login": "wang", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-desk=")
        assert "secure" in cookie.lower()
        assert client.get("/accounts").status_code == 200
    # nobody is served in the clear, nor by who does not know the authority
    with pytest.raises(httpx.HTTPError):
        httpx.get(address.replace("https", "http"), timeout=PATIENCE)
    with pytest.raises(httpx.ConnectError, match="(?i)certificate"):
        httpx.get(address, timeout=PATIENCE)
    old = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, verify=old, timeout=PATIENCE)


def test_off_this_machine_only_with_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs certificate"):
        DeskSettings(host="0.0.0.0")
    with pytest.raises(ValidationError, match="together or not at all"):
        DeskSettings(certificate=tmp_path / "desk.crt")
    DeskSettings(
        host="0.0.0.0", certificate=tmp_path / "desk.crt", certificate_key=tmp_path / "desk.key"
    )


@pytest.mark.slow
def test_a_desk_that_cannot_be_served_leaves_the_code_of_the_one_that_is(
    served: tuple[str, str], tmp_path: Path
) -> None:
    _, code = served
    config = tmp_path / "gate.toml"
    second = warm.run(
        *("desk", "--config", str(config)), environment={**os.environ, "COLUMNS": "200"}
    )
    assert second.returncode == 1
    assert "choose another port" in second.stderr
    assert "code" not in second.stdout
    broken = tmp_path / "broken.toml"
    broken.write_text(config.read_text().replace("desk.key", "no-such.key"))
    third = warm.run("desk", "--config", str(broken))
    assert third.returncode == 1
    assert "certificate" in third.stderr
    assert "should not happen" not in third.stderr
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        kept = store.key_values.get("desk.first_run")
    assert kept is not None
    assert kept["hash"] == hashlib.sha256(code.encode()).hexdigest()
