"""What keeps a box from its hub is said in words, by doctor and by the log alike."""

from __future__ import annotations

import asyncio
import errno
import importlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gate.config.settings import build
from gate.doctor import Finding, Level
from gate.errors import StoreError
from gate.hub.authority import Authority
from gate.integrations.pki import certify
from gate.replica import link, reach
from gate.replica.identity import Identity, write_certificate
from gate.replica.join import folder_of
from gate.replica.lease import KEPT, Lease
from gate.replica.link import Link, UnreachableError
from gate.store.key_value import JOINED
from gate.texts.terminal import reworded
from tests.doctor.looking import findings
from tests.hub.broken_link import Loading
from tests.hub.fleet import Box, Fleet, fleet_of
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
doctor_hub = importlib.import_module("gate.doctor.hub")  # not the function of this name


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """A hub that is not taken for a lost one because the machine is busy."""
    monkeypatch.setattr(doctor_hub, "_TIMEOUT", httpx.Timeout(PATIENCE))
    monkeypatch.setattr(link, "_CONNECT", PATIENCE)
    monkeypatch.setattr(link, "_READ", PATIENCE)
    with fleet_of(tmp_path) as made:
        yield made


def looked(box: Box) -> list[Finding]:
    values: dict[str, Any] = {"name": box.gate, "data": str(box.data)}
    return findings("hub", build({**values, "store": {"url": "sqlite:///gate.db", "ballast": 0}}))


def identity_of(box: Box) -> Identity:
    found = Identity.of(box.store, folder_of(box.data))
    assert found is not None
    return found


def logged(box: Box) -> str:
    """The cause of ``hub.lost``, as the replica's link gives it."""

    async def asked() -> str:
        made = Link(identity_of(box))
        try:
            await made.get("/keys")
        except UnreachableError as error:
            return str(error)
        finally:
            await made.close()
        return ""

    return asyncio.run(asked())


def moved(box: Box, *urls: str) -> None:
    fact = box.store.key_values.get(JOINED)
    assert fact is not None
    box.store.key_values.set(JOINED, {**fact, "urls": list(urls)})


def loaded(fleet: Fleet) -> Box:
    """A box that has everything and does not run."""
    box = fleet.box("north")
    box.stop()
    return box


def test_a_box_without_a_hub_is_told_so_and_a_new_one_nothing(fleet: Fleet, tmp_path: Path) -> None:
    (found,) = looked(fleet.alone("north"))
    assert (found.level, found.says) == (Level.OK, "this box belongs to no hub")
    new = build({"data": str(tmp_path / "new"), "store": {"ballast": 0}})
    assert findings("hub", new) == []
    assert not (tmp_path / "new").exists()


def test_a_box_that_was_cut_off_while_it_left_is_told_what_to_run(fleet: Fleet) -> None:
    box = loaded(fleet)
    fact = box.store.key_values.get(JOINED)
    box.store.key_values.set(JOINED, {**(fact or {}), "leaving": True})
    (found,) = looked(box)
    assert (found.level, found.hint) == (Level.BAD, "`gate leave` again")


def test_a_hub_that_answers_is_fine(fleet: Fleet) -> None:
    (found,) = looked(loaded(fleet))
    assert (found.level, found.hint) == (Level.OK, "")
    assert found.says == f"{fleet.server.url}: it answers and knows this box"


def refused(fleet: Fleet, box: Box) -> None:
    fleet.server.stop()


def unnamed(fleet: Fleet, box: Box) -> None:
    moved(box, "https://hub.invalid:8444")


def unknown(fleet: Fleet, box: Box) -> None:
    """As after a hub was put back from a backup: the authority is the same."""
    certificate_for(fleet, box, datetime.now(UTC) + DAY)


def ended(fleet: Fleet, box: Box) -> None:
    certificate_for(fleet, box, datetime.now(UTC) - DAY)


def certificate_for(fleet: Fleet, box: Box, until: datetime) -> None:
    authority = fleet.server.hub.authority
    key = ec.generate_private_key(ec.SECP256R1())
    since = authority.certificate.not_valid_before_utc
    made = certify(
        authority.certificate, authority.key, key.public_key(), "north", since=since, until=until
    )
    folder = folder_of(box.data)
    write_certificate(folder, key, made.public_bytes(Encoding.PEM).decode())


def hub_with(since: timedelta, until: timedelta) -> Callable[[Fleet, Box], None]:
    """The hub's own certificate begins and ends so long from now."""

    def made(self: Authority, public: ec.EllipticCurvePublicKey, hosts: tuple[str, ...]) -> object:
        now = datetime.now(UTC)
        times = {"since": now + since, "until": now + until}
        return certify(self.certificate, self.key, public, "hub", hosts, **times)

    def done(fleet: Fleet, box: Box) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Authority, "for_hub", made)
            fleet.restart_hub()

    return done


FAULTS: dict[str, tuple[Callable[[Fleet, Box], None], str, str]] = {
    "refused": (refused, reach.REFUSED.what, "systemctl start gate-hub"),
    "name": (unnamed, reach.UNNAMED.what, "name server"),
    "unknown": (unknown, reach.UNKNOWN_BOX.what, "make a code at the hub's desk"),
    "hub ended": (hub_with(-2 * DAY, -DAY), reach.HUB_EXPIRED.what, "UTC by this box, "),
    "hub early": (hub_with(DAY, 2 * DAY), reach.HUB_EARLY.what, "UTC by this box, "),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_said_with_what_to_do_and_the_log_says_the_same(
    fleet: Fleet, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it, what, todo = FAULTS[name]
    box = loaded(fleet)
    resolve = socket.getaddrinfo

    def resolved(host: Any, *given: Any, **more: Any) -> Any:
        if host in ("hub.invalid", b"hub.invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    break_it(fleet, box)
    (found,) = looked(box)
    assert found.level is Level.BAD
    assert found.says == f"{identity_of(box).urls[0]}: {what}"
    assert todo in found.hint
    assert logged(box) == what
    assert reworded(found.says, "zh") != found.says
    assert reworded(found.hint, "zh") != found.hint


def test_another_hub_at_the_address_is_named(fleet: Fleet, tmp_path: Path) -> None:
    box = loaded(fleet)
    with fleet_of(tmp_path / "other") as other:
        moved(box, other.server.url)
        (found,) = looked(box)
        assert found.says == f"{other.server.url}: {reach.OTHER_HUB.what}"
        assert logged(box) == reach.OTHER_HUB.what


def test_what_never_answers_is_given_up(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    box = loaded(fleet)
    monkeypatch.setattr(doctor_hub, "_TIMEOUT", httpx.Timeout(0.2))
    monkeypatch.setattr(link, "_CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes the connection
        moved(box, f"https://127.0.0.1:{silent.getsockname()[1]}")
        (found,) = looked(box)
        assert found.says.endswith(reach.SILENT.what)
        assert logged(box) == reach.SILENT.what


def test_what_speaks_no_tls_is_no_hub(fleet: Fleet) -> None:
    box = loaded(fleet)
    with socket.create_server(("127.0.0.1", 0)) as web:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = web.accept()
                    with wire, suppress(OSError):
                        wire.recv(4096)
                        wire.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                        while wire.recv(4096):  # closed by the other side
                            pass

        threading.Thread(target=serve, daemon=True).start()
        moved(box, f"https://127.0.0.1:{web.getsockname()[1]}")
        (found,) = looked(box)
        assert found.says.endswith(reach.NO_HUB.what)
        assert logged(box) == reach.NO_HUB.what
        web.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next


def caused_by(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (caused_by(OSError(errno.EHOSTUNREACH, "No route to host")), reach.AWAY),
        # several addresses of one name, each tried
        (caused_by(ExceptionGroup("", [ConnectionRefusedError()])), reach.REFUSED),
        (json.JSONDecodeError("Expecting value", "<html>", 0), reach.NO_HUB),
        (httpx.RemoteProtocolError("Server disconnected"), reach.ENDED),
    ],
)
def test_other_errors_are_said_in_words(error: Exception, fault: StoreError) -> None:
    assert reach.why_not(error) is fault


def test_a_certificate_that_has_ended_is_named_with_both_clocks(fleet: Fleet) -> None:
    box = loaded(fleet)
    ended(fleet, box)
    own, at_hub = looked(box)
    yesterday = f"{datetime.now(UTC) - DAY:%Y-%m-%d}"
    assert own.says == f"the certificate of this box has ended on {yesterday}, by its own clock"
    assert at_hub.says == f"{fleet.server.url}: {reach.NOT_ACCEPTED.what}"
    assert "UTC by this box, " in at_hub.hint
    # TLS may break off before the reason is read
    assert logged(box) in (reach.NOT_ACCEPTED.what, reach.ENDED.what)


def test_a_box_that_was_shut_out_is_not_told_to_wait(fleet: Fleet) -> None:
    box = fleet.box("north")
    row = fleet.server.hub.boxes.all()[0]
    assert fleet.server.hub.boxes.end(row.id, "revoked", "stolen", "guard")
    wait_for(lambda: ("box", False) in box.reports)
    (found,) = looked(box)
    assert found.level is Level.BAD
    assert found.says == f"{fleet.server.url}: the hub has shut this box out: stolen"
    assert "`gate join`" in found.hint


def test_one_of_two_addresses_is_enough_to_go_on(fleet: Fleet) -> None:
    box = loaded(fleet)
    away = "https://127.0.0.1:1"
    moved(box, away, fleet.server.url)
    silent, there = looked(box)
    assert (silent.level, silent.says) == (Level.WARN, f"{away}: {reach.REFUSED.what}")
    assert there.level is Level.OK


def test_how_much_of_the_first_load_has_arrived_is_said(fleet: Fleet) -> None:
    for number in range(12):
        fleet.enrol(f"p{number}", number)
    loading = Loading(fleet)
    _, found = looked(loading.box)
    assert found.says == "nothing of the register has arrived yet"
    assert not loading.receive(6_000)
    before = loading.part.read_bytes()
    _, found = looked(loading.box)
    assert found.level is Level.WARN
    done = before.count(b'"ref"')
    assert 0 < done < 12
    assert found.says == f"the register is being loaded: {done} of 12 have arrived"
    assert loading.part.read_bytes() == before


def test_a_lease_that_is_over_is_named(fleet: Fleet) -> None:
    box = loaded(fleet)
    lease = Lease(8.0 * 86_400, 7.0 * 86_400, datetime.now(UTC))
    box.store.key_values.set(KEPT, lease.value())
    fleet.server.stop()
    _, found = looked(box)
    assert found.level is Level.BAD
    assert found.says == "without the hub for 8.0 days, where 7.0 are allowed: faces are off"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, reach.UNKNOWN_BOX.what),
        (503, reach.NO_DATABASE.what),
        (500, "the hub has an error of its own: status 500"),
        (404, "the answer is not one of a hub: status 404"),
    ],
)
def test_a_status_is_said_in_words(status: int, says: str) -> None:
    assert reach.why_status(status).what == says
    assert reworded(says, "zh") != says


def test_a_certificate_that_cannot_be_read_is_named(fleet: Fleet) -> None:
    box = loaded(fleet)
    (folder_of(box.data) / "box.crt").write_text("hello")
    (found,) = looked(box)
    assert found.level is Level.BAD
    assert found.says.startswith("the certificate of this box cannot be read: ")
