"""What keeps a box from joining a hub is said in words; a join that broke off changes nothing."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gate import cli
from gate.errors import StoreError
from gate.hub.authority import Authority
from gate.hub.boxes import Boxes
from gate.integrations.pki import certify
from gate.replica import join as joining
from gate.replica import reach
from gate.replica.identity import Identity, KeysLostError
from gate.replica.join import folder_of, join, leave
from gate.store.key_value import JOINED
from gate.texts.terminal import reworded
from tests.hub.fleet import Box, Fleet, fleet_of
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
CODE = "ABCD-EFGH-JKLM-NPQR"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setattr(joining, "_TIMEOUT", httpx.Timeout(PATIENCE))
    with fleet_of(tmp_path) as made:
        yield made


@contextmanager
def refused(fleet: Fleet) -> Iterator[None]:
    fleet.server.stop()
    with socket.socket() as taken:  # nothing listens there, and nobody else takes the port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", fleet.server.port))
        yield


@contextmanager
def of_yesterday(fleet: Fleet) -> Iterator[None]:
    """The hub's own certificate has ended by the box's clock."""

    def made(self: Authority, public: ec.EllipticCurvePublicKey, hosts: tuple[str, ...]) -> object:
        now = datetime.now(UTC)
        times = {"since": now - 2 * DAY, "until": now - DAY}
        return certify(self.certificate, self.key, public, "hub", hosts, **times)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Authority, "for_hub", made)
        fleet.restart_hub()
    yield


@pytest.mark.parametrize(
    ("broken", "fault"), [(refused, reach.REFUSED), (of_yesterday, reach.HUB_EXPIRED)]
)
def test_why_a_hub_cannot_be_joined_is_said_as_doctor_says_it(
    fleet: Fleet, broken: Callable[[Fleet], AbstractContextManager[None]], fault: StoreError
) -> None:
    box = fleet.alone("north")
    code = Boxes(fleet.store).new_code("north", "clerk")
    with broken(fleet), pytest.raises(StoreError) as raised:
        join(box.store, box.data, "north", (fleet.server.url,), code)
    said = raised.value
    assert (said.what, said.where, said.hint) == (fault.what, fleet.server.url, fault.hint)
    assert reworded(said.what, "zh") != said.what


def test_a_name_that_is_not_known_is_no_text_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}/data"\nstore = {{ ballast = 0 }}\n')
    words = ["gate", "join", "https://hub.invalid:8444", CODE, "-c", str(config)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert said.startswith("错误：本网络无法解析中心的名称\n")
    assert "gate leave" not in said
    assert "请检查" in said


def test_another_service_at_the_address_is_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (
        httpx.Response(200, json={"hello": "world"}),
        httpx.Response(200, json=["authority"]),
        httpx.Response(200, text="<html>"),
    ):
        with pytest.raises(StoreError) as raised:
            joining._authority_in(answer, "https://hub")
        assert raised.value.what == reach.NO_HUB.what
    for status, says in ((502, "the hub has an error of its own: status 502"),):
        with pytest.raises(StoreError, match=says):
            joining._authority_in(httpx.Response(status, text="<html>"), "https://hub")


def test_a_hub_is_no_box_of_its_own_register(fleet: Fleet) -> None:
    code = Boxes(fleet.store).new_code("north", "clerk")
    with pytest.raises(StoreError, match="the hub of the register that this box has itself"):
        join(fleet.store, fleet.folder / "hub", "north", (fleet.server.url,), code)
    assert fleet.store.key_values.get(JOINED) is None


def test_people_who_did_not_all_arrive_leave_the_box_alone_and_join_again(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link breaks after the pairing: a gate that followed the hub now would lose its people."""
    box = fleet.alone("north")
    box.store.people.create("李红", number="7")
    whole = joining._json

    def broken(response: httpx.Response, url: str) -> dict[str, object]:
        if response.request.url.path == "/upload":
            raise httpx.ReadError("Connection reset by peer")
        return whole(response, url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "_json", broken)
        with pytest.raises(StoreError) as raised:
            fleet.join(box)
    what = f"the people of this box have not all arrived at the hub: {reach.ENDED.what}"
    assert raised.value.what == what
    assert "make a new code" in raised.value.hint
    assert box.store.key_values.get(JOINED) is None
    fleet.join(box)
    assert {row.name for row in fleet.store.people.find()} == {"李红"}
    states = [row.state for row in fleet.server.hub.boxes.all(active=False)]
    assert sorted(states) == ["active", "revoked"]


# ------------------------------------------------------------ keys that are gone, or closed


def without(box: Box) -> None:
    (folder_of(box.data) / "box.key").unlink()


def damaged(box: Box) -> None:
    (folder_of(box.data) / "box.key").write_text("hello")


@pytest.mark.parametrize("lose", [without, damaged])
def test_a_box_whose_keys_are_lost_can_leave_and_says_so(
    fleet: Fleet, lose: Callable[[Box], None]
) -> None:
    box = fleet.box("north", start=False)
    lose(box)
    with pytest.raises(KeysLostError, match="its keys cannot be read: ") as raised:
        Identity.of(box.store, folder_of(box.data))
    assert reach.PAIR in raised.value.hint
    assert "Errno" not in raised.value.what
    assert not leave(box.store, box.data)
    fleet.join(box)


def test_keys_that_this_user_may_not_read_are_not_called_lost(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = fleet.box("north", start=False)
    read = Path.read_bytes

    def closed(path: Path) -> bytes:
        if path.name == "box.key":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", closed)
    with pytest.raises(StoreError) as raised:
        leave(box.store, box.data)
    assert raised.value.what.endswith("this user may not read its keys")
    assert "sudo" in raised.value.hint
    assert box.store.key_values.get(JOINED)
