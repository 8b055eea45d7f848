"""A real Mosquitto with the certificates and the ACL as `gate broker setup` makes them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from typer.testing import CliRunner

from gate.commands.broker import broker as broker_command
from gate.commands.broker import setup as set_up_broker
from gate.errors import BrokerError
from gate.events.event import Event
from gate.integrations.broker import _answers, find_mosquitto, free_port
from gate.integrations.connection import check
from gate.integrations.pki import make_certificate
from gate.integrations.publisher import Publisher
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    program = find_mosquitto()
    if program is None:
        pytest.skip("there is no mosquitto here")
    folder = tmp_path_factory.mktemp("site")
    arguments = ["setup", str(folder), "--host", "localhost", "--host", "127.0.0.1"]
    made = CliRunner().invoke(broker_command, [*arguments, "--gate", "north", "--gate", "south"])
    assert made.exit_code == 0, made.output
    config, port = folder / "mosquitto.conf", free_port()
    config.write_text(config.read_text().replace("listener 8883", f"listener {port} 127.0.0.1"))
    if os.geteuid() == 0:
        config.write_text(config.read_text() + "user root\n")
    log = (folder / "log").open("w")
    process = subprocess.Popen([program, "-c", str(config)], stderr=log)
    (folder / "pid").write_text(str(process.pid))
    assert _answers(port, 10.0)
    yield folder, port
    process.terminate()
    process.wait()
    log.close()


def settings(site: tuple[Path, int], name: str, **more: object) -> MqttSettings:
    folder, port = site
    values = {
        "port": port,
        "ca": folder / "ca.crt",
        "certificate": folder / f"{name}.crt",
        "key": folder / f"{name}.key",
        "retry_most": 1,
    }
    return MqttSettings.model_validate({**values, **more})


@pytest.fixture
def client(site: tuple[Path, int]) -> Iterator[Callable[..., paho.Client]]:
    made = []

    def connect(name: str, heard: list[str] | None = None, topic: str = "") -> paho.Client:
        folder, port = site
        one = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"t-{name}", protocol=paho.MQTTv5
        )
        one.tls_set(
            str(folder / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.key")
        )
        ready = threading.Event()
        one.on_connect = lambda *_: one.subscribe(topic, 1) if topic else ready.set()  # type: ignore[assignment]
        one.on_subscribe = lambda *_: ready.set()
        if heard is not None:
            one.on_message = lambda c, u, m: heard.append(m.topic)
        one.connect("127.0.0.1", port)
        one.loop_start()
        assert ready.wait(PATIENCE)
        made.append(one)
        return one

    yield connect
    for one in made:
        one.disconnect()
        one.loop_stop()


def publish(client: paho.Client, topic: str) -> bool:
    """Whether the broker took it."""
    answers: list[Any] = []
    done = threading.Event()

    def published(c: Any, u: Any, mid: int, reason: Any, p: Any) -> None:
        answers.append(reason)
        done.set()

    client.on_publish = published
    client.publish(topic, b"{}", qos=1)
    assert done.wait(PATIENCE)
    return not answers[0].is_failure


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("gate/north/event", True),
        ("gate/north/state/door", True),
        ("gate/north/status", True),
        ("homeassistant/device/north/config", True),
        ("gate/south/event", False),
        ("gate/south/status", False),
        ("gate/south/state/door", False),
        ("gate/south/command", False),
        ("gate/north/command", False),
        ("homeassistant/device/south/config", False),
        ("somewhere/else", False),
    ],
)
def test_a_gate_writes_only_below_its_own_name(
    client: Callable[..., paho.Client], topic: str, allowed: bool
) -> None:
    assert publish(client("north"), topic) is allowed


def test_a_gate_hears_only_its_own_commands(
    client: Callable[..., paho.Client], eventually: Callable[..., None]
) -> None:
    heard: list[str] = []
    client("south", heard, "#")
    platform = client("platform")
    for topic in ("gate/north/command", "gate/south/command"):
        assert publish(platform, topic)
    assert publish(client("north"), "gate/north/event")
    eventually(lambda: heard)
    assert heard == ["gate/south/command"]


def test_a_receiver_reads_all_and_writes_no_event(
    client: Callable[..., paho.Client], eventually: Callable[..., None]
) -> None:
    heard: list[str] = []
    platform = client("platform", heard, "gate/+/event")
    assert publish(client("north"), "gate/north/event")
    eventually(lambda: "gate/north/event" in heard)
    assert not publish(platform, "gate/north/event")


@pytest.mark.slow
def test_the_publisher_works_over_it(
    site: tuple[Path, int], store: Store, eventually: Callable[..., None]
) -> None:
    publisher = Publisher(settings(site, "north"), "north", store)
    publisher.start()
    store.writer.record(Event.make("north", "gate.started", datetime.now(UTC))).result(PATIENCE)
    eventually(lambda: publisher.published == 1)
    publisher.stop()


def test_events_under_another_name_are_refused_and_kept(
    site: tuple[Path, int], store: Store, eventually: Callable[..., None]
) -> None:
    publisher = Publisher(settings(site, "south"), "north", store)
    publisher.start()
    store.writer.record(Event.make("north", "gate.started", datetime.now(UTC))).result(PATIENCE)
    eventually(lambda: publisher.link.fault is not None)
    assert "ACL" in publisher.link.fault.hint  # type: ignore[union-attr]
    assert store.outbox.waiting("north", "mqtt") == 1
    publisher.stop()


def test_no_certificate_or_a_foreign_one_gets_nowhere(
    site: tuple[Path, int], tmp_path: Path
) -> None:
    folder, _ = site
    with pytest.raises(BrokerError):
        check(settings(site, "x", certificate=None, key=None), Topics("gate", "north"), 3)
    made = CliRunner().invoke(
        broker_command, ["setup", str(tmp_path), "--host", "localhost", "--gate", "north"]
    )
    assert made.exit_code == 0
    shutil.copy(folder / "ca.crt", tmp_path / "real-ca.crt")
    foreign = settings((tmp_path, site[1]), "north", ca=tmp_path / "real-ca.crt")
    with pytest.raises(BrokerError):
        check(foreign, Topics("gate", "north"), 3)


def test_a_broker_that_is_not_ours_is_not_trusted(site: tuple[Path, int], tmp_path: Path) -> None:
    CliRunner().invoke(
        broker_command, ["setup", str(tmp_path), "--host", "localhost", "--gate", "north"]
    )
    with pytest.raises(BrokerError, match="certificate"):
        check(settings(site, "north", ca=tmp_path / "ca.crt"), Topics("gate", "north"), 3)


def test_certificates_that_are_missing_are_named(site: tuple[Path, int], tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="certificates cannot be used") as caught:
        check(settings(site, "nobody"), Topics("gate", "north"))
    assert "gate broker setup" in caught.value.hint
    with pytest.raises(BrokerError, match="authority cannot be read"):
        make_certificate(tmp_path, "north")


def test_set_up_again_adds_and_changes_nothing(site: tuple[Path, int]) -> None:
    folder, _ = site
    before = (folder / "north.crt").read_bytes(), (folder / "ca.crt").read_bytes()
    CliRunner().invoke(
        broker_command, ["setup", str(folder), "--host", "x", "--gate", "north", "--gate", "east"]
    )
    assert (folder / "east.crt").exists()
    assert before == ((folder / "north.crt").read_bytes(), (folder / "ca.crt").read_bytes())
    assert not (folder / "ca.key").exists(), "the broker's user is given this folder"
    keys = folder.with_name(f"{folder.name}-authority")
    assert keys.stat().st_mode & 0o777 == 0o700
    assert (keys / "ca.key").stat().st_mode & 0o777 == 0o600


def test_a_key_left_among_the_brokers_files_is_moved_out_and_may_be_kept_elsewhere(
    tmp_path: Path,
) -> None:
    folder, stick = tmp_path / "broker", tmp_path / "stick"
    run = CliRunner().invoke
    first = ["setup", str(folder), "--host", "localhost", "--gate", "north"]
    assert run(broker_command, [*first, "--authority", str(folder)]).exit_code == 0
    key = (folder / "ca.key").read_bytes()  # as versions before left it
    elsewhere = ["--authority", str(stick)]
    assert run(broker_command, ["renew", str(folder), "north", *elsewhere]).exit_code == 0
    assert not (folder / "ca.key").exists()
    assert (stick / "ca.key").read_bytes() == key
    assert (stick / "ca.key").stat().st_mode & 0o777 == 0o600
    before = (folder / "north.crt").read_bytes()
    failed = run(broker_command, ["renew", str(folder), "north"])
    assert isinstance(failed.exception, BrokerError)
    assert "broker-authority/ca.key" in failed.exception.where
    assert (folder / "north.crt").read_bytes() == before, "a renewal that fails changes nothing"
    assert run(broker_command, ["revoke", str(folder), "north", *elsewhere]).exit_code == 0


@pytest.mark.parametrize("name", ["ca", "broker", "../evil", "Bad Name", "", "a/b"])
def test_a_name_that_would_take_the_place_of_another_file_is_refused(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(BrokerError, match="cannot be the name"):
        set_up_broker(tmp_path, ["localhost"], [name])
    assert not list(tmp_path.iterdir())


def test_a_gate_answers_below_its_own_answer_topic(client: Callable[..., paho.Client]) -> None:
    heard: list[str] = []
    client("platform", heard, "gate/north/answer/#")
    gate = client("north")
    for topic in ("gate/north/answer/x1", "gate/south/answer/x1"):
        gate.publish(topic, b"{}", qos=1).wait_for_publish(PATIENCE)
    client("south").publish("gate/south/answer/x1", b"{}", qos=1).wait_for_publish(PATIENCE)
    wait_for(lambda: heard)
    assert heard == ["gate/north/answer/x1"]


@pytest.mark.slow
def test_another_certificate_cannot_take_over_the_client_id_of_a_gate(
    site: tuple[Path, int], client: Callable[..., paho.Client]
) -> None:
    folder, port = site
    north = client("north")
    lost: list[object] = []
    north.on_disconnect = lambda *arguments: lost.append(arguments)
    thief = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="t-north", protocol=paho.MQTTv5)
    thief.tls_set(str(folder / "ca.crt"), str(folder / "south.crt"), str(folder / "south.key"))
    ready = threading.Event()
    thief.on_connect = lambda *_: ready.set()
    thief.connect("127.0.0.1", port)
    thief.loop_start()
    assert ready.wait(PATIENCE)
    north.publish("gate/north/status", b"online", qos=1).wait_for_publish(PATIENCE)
    assert lost == []
    assert north.is_connected()
    thief.disconnect()
    thief.loop_stop()


@pytest.mark.slow
def test_a_revoked_certificate_is_refused_after_a_signal_and_a_renewed_one_is_not(
    site: tuple[Path, int],
) -> None:
    folder, _ = site
    run = CliRunner().invoke
    setup_again = ["setup", str(folder), "--host", "localhost", "--gate", "west"]
    assert run(broker_command, setup_again).exit_code == 0
    check(settings(site, "west"), Topics("gate", "west"))
    revoked = run(broker_command, ["revoke", str(folder), "west"])
    assert revoked.exit_code == 0
    # a signal leaves those connected who are; the command must not promise otherwise
    assert "restart the broker" in revoked.output
    assert "HUP" not in revoked.output
    os.kill(int((folder / "pid").read_text()), signal.SIGHUP)

    def refused() -> bool:
        try:
            check(settings(site, "west"), Topics("gate", "west"))
        except BrokerError:
            return True
        return False

    wait_for(refused)
    assert run(broker_command, ["renew", str(folder), "west"]).exit_code == 0
    check(settings(site, "west"), Topics("gate", "west"))
    check(settings(site, "north"), Topics("gate", "north"))
    missing = run(broker_command, ["revoke", str(folder), "nobody"])
    assert "no certificate for nobody" in str(missing.exception)
