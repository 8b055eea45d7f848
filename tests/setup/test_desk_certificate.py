"""The desk's certificate: for the names of the box, trusted by its authority, renewed in time."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner
from zeroconf import IPVersion, Zeroconf

from gate import files
from gate.commands.certificate import certificate
from gate.config.settings import load
from gate.integrations import pki
from gate.setup import desk_certificate
from gate.setup.announce import SERVICE, announced
from tests.killed import killed_before
from tests.waiting import PATIENCE
from tests.warm import Task

app = typer.Typer()
app.command()(certificate)


def shakes_hands(authority: Path, own: Path, key: Path, name: str) -> None:
    """A TLS connection as a tablet that trusts ``authority`` makes it. Raises ssl.SSLError."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(own, key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secure:
                secure.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(authority))
    try:
        with client.wrap_socket(ours, server_hostname=name) as secure:
            secure.send(b"x")
    finally:
        ours.close()
        thread.join()


def test_a_tablet_with_the_authority_trusts_the_names_of_the_box_and_no_others(
    tmp_path: Path,
) -> None:
    made = desk_certificate.make(tmp_path, ("gate.local", "192.168.1.20"))
    shakes_hands(*made, "gate.local")
    shakes_hands(*made, "192.168.1.20")
    with pytest.raises(ssl.SSLError):
        shakes_hands(*made, "other.local")
    assert made[2].stat().st_mode & 0o077 == 0


def test_another_address_makes_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    authority, own, _ = desk_certificate.make(tmp_path, ("gate.local",))
    trusted, first = authority.read_bytes(), own.read_bytes()
    assert desk_certificate.make(tmp_path, ("gate.local",))[1].read_bytes() == first
    made = desk_certificate.make(tmp_path, ("gate.local", "10.0.0.9"))
    assert authority.read_bytes() == trusted
    shakes_hands(*made, "10.0.0.9")


def test_it_is_renewed_a_month_before_its_end_and_stays_trusted(tmp_path: Path) -> None:
    assert not desk_certificate.renew_if_due(tmp_path)
    made = desk_certificate.make(tmp_path, ("gate.local",))
    first = made[1].read_bytes()
    assert not desk_certificate.renew_if_due(tmp_path)
    later = datetime.now(UTC) + timedelta(days=800)
    assert desk_certificate.renew_if_due(tmp_path, later)
    assert made[1].read_bytes() != first
    assert desk_certificate.hosts_of(made[1]) == {"gate.local"}
    shakes_hands(*made, "gate.local")


def renews_and_dies(folder: Path, step: int) -> None:
    """Killed before the file of that number is put in place."""
    files.replace = killed_before(step)(files.replace)
    pki.renew_certificate(folder, "desk")


@pytest.mark.parametrize("step", range(4))
def test_a_renewal_that_is_killed_is_done_again_and_keeps_the_old_pair(
    tmp_path: Path, step: int
) -> None:
    authority, own, key = desk_certificate.make(tmp_path, ("gate.local",))
    before = own.read_bytes(), key.read_bytes()
    task = Task(renews_and_dies, own.parent, step, out=tmp_path / "out")
    assert task.wait() == -signal.SIGKILL, (tmp_path / "out").read_text()
    assert desk_certificate.renew_if_due(tmp_path, datetime.now(UTC) + timedelta(days=800))
    shakes_hands(authority, own, key, "gate.local")
    assert own.read_bytes() != before[0]
    kept = [path.with_name(f"{path.name}.old").read_bytes() for path in (own, key)]
    assert kept == [*before]


def test_the_command_changes_the_configuration_and_copies_the_authority(tmp_path: Path) -> None:
    config = tmp_path / "gate.toml"
    config.write_text('# ours\nname = "north"\n')
    (tmp_path / "stick").mkdir()
    done = CliRunner().invoke(
        app, ["-c", str(config), "--to", str(tmp_path / "stick"), "--host", "desk.example.org"]
    )
    assert done.exit_code == 0, done.output
    desk = load(config).desk
    assert desk.tls
    assert desk.host == "0.0.0.0"
    assert {"gate.local", "desk.example.org"} <= set(desk.hosts)
    assert desk.certificate is not None
    assert desk.certificate_key is not None
    authority = tmp_path / "stick" / "gate-authority.crt"
    shakes_hands(authority, desk.certificate, desk.certificate_key, "desk.example.org")
    assert config.read_text().startswith("# ours\n")
    assert "https://gate.local:8443/" in done.output
    shutil.rmtree(tmp_path / "stick")


def test_the_desk_is_found_as_gate_local() -> None:
    with announced("north", 8443, "127.0.0.1", ["127.0.0.1"]) as done:
        if not done:
            pytest.skip("no multicast here")
        looking = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        try:
            found = looking.get_service_info(
                SERVICE, f"north desk.{SERVICE}", timeout=1000 * PATIENCE
            )
        finally:
            looking.close()
    assert found is not None
    assert found.server == "gate.local."
    assert found.port == 8443
    assert found.parsed_addresses() == ["127.0.0.1"]
