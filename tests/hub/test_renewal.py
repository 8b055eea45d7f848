"""Certificates of boxes: renewed in time, whatever answers are lost and whatever clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from gate.fleet.records import base64_text
from gate.hub import authority
from gate.hub.authority import BOX_DAYS, RENEW_DAYS
from gate.integrations import pki
from gate.replica import identity as identities
from gate.replica.identity import Identity, new_signing_key, write_certificate
from gate.replica.join import folder_of
from gate.store.tables.base import now
from tests.hub.fleet import Box, Fleet, Server, fleet_of
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.slow


@contextmanager
def clock_of_the_hub_off(days: int) -> Iterator[None]:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days)

    with pytest.MonkeyPatch.context() as patch:
        for module in (pki, authority):
            patch.setattr(module, "datetime", Wrong)
        yield


def identity_of(box: Box) -> Identity:
    found = Identity.of(box.store, folder_of(box.data))
    assert found is not None
    return found


def certificate_of(box: Box) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder_of(box.data) / "box.crt").read_bytes())


def test_a_box_renews_its_certificate_while_it_runs(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(authority, "BOX_DAYS", RENEW_DAYS - 1)
        box = fleet.box("north", start=False)
    before = certificate_of(box)
    box.start(beat=0.2)
    wait_for(lambda: certificate_of(box) != before)
    fleet.enrol("李红", 1)
    wait_for(lambda: box.names == {"李红"})
    assert certificate_of(box).not_valid_after_utc > now() + timedelta(days=BOX_DAYS - 1)
    # it was never lost meanwhile, and proves deletions with its new key
    assert box.reports == [("link", True), ("lease", True)]
    person = fleet.store.people.find()[0].id
    fleet.store.people.delete(person)
    wait_for(lambda: fleet.server.hub.receipts.state()[0].done == 1)


def test_a_box_that_is_off_for_two_months_still_has_a_certificate(fleet: Fleet) -> None:
    """It was renewed when it had less than ``RENEW_DAYS`` left."""
    assert RENEW_DAYS >= 60
    box = fleet.box("north", start=False)
    assert certificate_of(box).not_valid_after_utc > now() + timedelta(days=60)


def test_answers_to_a_renewal_may_be_lost_however_often(fleet: Fleet) -> None:
    box = fleet.box("north", start=False)
    with httpx.Client(verify=identity_of(box).tls(), trust_env=False, timeout=PATIENCE) as client:
        for _ in range(3):  # the hub has renewed, and the box has not heard of it
            _, public = new_signing_key()
            wish = {"signing": base64_text(public)}
            assert client.post(f"{fleet.server.url}/renew", json=wish).status_code == 200
        assert client.get(f"{fleet.server.url}/keys").status_code == 200


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_power_cut_while_a_certificate_is_written(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Key and certificate belong together; neither pair may be left half."""
    box = fleet.box("north", start=False)
    key, public = new_signing_key()
    with httpx.Client(verify=identity_of(box).tls(), trust_env=False, timeout=PATIENCE) as client:
        wish = {"signing": base64_text(public)}
        given = client.post(f"{fleet.server.url}/renew", json=wish).json()["certificate"]

    class Cut(Exception):
        pass

    done: list[str] = []

    def cut_after(what: str) -> None:
        if len(done) == steps:
            raise Cut(what)
        done.append(what)

    write_key, replace = identities.write_key, Path.replace

    def written(path: Path, content: bytes) -> None:
        cut_after(path.name)
        write_key(path, content)

    def replaced(path: Path, target: Path) -> Path:
        if path.name in ("box.key.new", "box.crt.new"):
            cut_after(path.name)
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(identities, "write_key", written)
        patch.setattr(Path, "replace", replaced)
        with pytest.raises(Cut):
            write_certificate(folder_of(box.data), key, given)
    with httpx.Client(verify=identity_of(box).tls(), trust_env=False, timeout=PATIENCE) as client:
        assert client.get(f"{fleet.server.url}/keys").status_code == 200


@pytest.mark.parametrize("days", [65, 400])
def test_a_hub_whose_clock_was_wrong_shuts_nobody_out_once_it_is_right(
    tmp_path: Path, days: int
) -> None:
    """Its authority, its own certificate and those of boxes were made by the wrong clock."""
    with clock_of_the_hub_off(days), fleet_of(tmp_path) as fleet:
        fleet.enrol("李红", 1)
        assert fleet.box("north").names == {"李红"}


def test_a_hub_started_with_a_wrong_clock_is_heard(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        box = fleet.box("north")
        for days in (-3000, -1000, 65):
            fleet.server.stop()
            with clock_of_the_hub_off(days):
                fleet.server = Server(fleet.store, fleet.server.port)
            fleet.store.people.create(f"off by {days}")
            wait_for(lambda: f"off by {days}" in box.names)  # noqa: B023
