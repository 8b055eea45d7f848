"""Everything that leaves the gate, and the signed commands that come in: MQTT, webhook, health."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC, datetime

from gate import __version__
from gate.clock import Clock
from gate.config.settings import Settings
from gate.daemon import event_log
from gate.daemon.clock_sync import synchronised
from gate.daemon.orders import Order
from gate.events.event import Event
from gate.exporting.settings import ExportSettings
from gate.integrations import broker, homeassistant, publisher, webhook
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.health_server import HealthServer
from gate.integrations.metrics import Metrics
from gate.integrations.signed_command import Command
from gate.notify import notifier
from gate.notify.sending import AppriseSender
from gate.sensors.settings import NAME as TEMPERATURE
from gate.store.store import Store

log = logging.getLogger(__name__)

_ORDERS = {"open": "open", "hold": "hold", "lockdown": "lockdown", "normal": "normal"}


def receivers(settings: Settings) -> list[str]:
    """The receivers for which events wait in the outbox."""
    wanted = {
        publisher.RECEIVER: settings.mqtt.enabled,
        webhook.RECEIVER: settings.webhook.enabled,
        notifier.RECEIVER: settings.notify.enabled,
    }
    wanted |= {export.receiver: export.enabled for export in settings.export}
    return [name for name, enabled in wanted.items() if enabled]


class Integrations:
    """As configured; each part has its thread. ``state`` may be called by any thread.

    Args:
        order: passes an order to the main loop.
        refusal: why an order of this kind would be refused now, "" when it would be carried out.
        reload: reads register and rules again.
        alive: "" while the main loop runs, else what is wrong.
        ready: "" while people can be served, else what is wrong.
        later: has a write done as soon as the store can be written.
        kept: whether what is written outlasts a restart; see ``gate.daemon.memory_run``.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        *,
        order: Callable[[Order], None],
        refusal: Callable[[str], str],
        reload: Callable[[], None],
        alive: Callable[[], str],
        ready: Callable[[], str],
        later: Callable[[Callable[[], None]], None] | None = None,
        kept: bool = True,
    ) -> None:
        self._later = later
        self._kept = kept
        self._settings = settings
        self._store = store
        self._order = order
        self._refusal = refusal
        self._reload = reload
        self._checks = ({"loop": alive}, {"gate": ready})
        self._clock = clock
        self._after = ExitStack()
        self.metrics = Metrics(settings.name)
        self.publisher: publisher.Publisher | None = None

    def open(self) -> None:
        """Raises BrokerError (broker, certificates), ConfigurationError (health page, exports)."""
        settings = self._settings
        if settings.mqtt.enabled:
            self._open_mqtt()
        if settings.webhook.enabled:
            hook = webhook.Webhook(settings.webhook, settings.name, self._store)
            hook.start()
            self._after.callback(hook.stop)
        for export in settings.export:
            if export.enabled and self._kept:  # else how far it came would be forgotten
                self._open_export(export)
        if settings.notify.enabled:
            sender = AppriseSender(settings.notify.to)
            staff = notifier.Notifier(
                settings.notify,
                settings.name,
                settings.label,
                self._store,
                sender,
                settings.zone,
            )
            staff.start()
            self._after.callback(staff.stop)
        if settings.http.enabled:
            server = HealthServer(settings.http, self.metrics, *self._checks)
            server.start()
            self._after.callback(server.stop)

    def close(self) -> None:
        self._after.close()

    def state(self, thing: str, value: dict[str, object]) -> None:
        """Publish a retained state."""
        if self.publisher is not None:
            self.publisher.state(thing, value)
        if thing.startswith("device/"):
            self.metrics.device(thing.removeprefix("device/"), bool(value["up"]))

    def record(self, event: Event) -> Future[Event]:
        """Count and log an event, then write it: this is the loop's recorder."""
        self.metrics.count(event)
        event_log.write(event)
        return self._store.writer.record(event)

    def _open_export(self, settings: ExportSettings) -> None:
        from gate.exporting.exporter import Exporter  # with schemas and SFTP: half a second

        exporter = Exporter(settings, self._settings.name, self._store, self._clock, self.record)
        exporter.start()
        self._after.callback(exporter.stop)
        self.metrics.export(settings.name, lambda: float(exporter.waiting))

    def _open_mqtt(self) -> None:
        settings = self._settings
        mqtt, own = broker.start(settings.mqtt, settings.data / "broker")
        if own is not None:
            self._after.callback(own.stop)
        homeassistant_on = settings.homeassistant.enabled
        commands = CommandReceiver(
            settings.commands,
            settings.name,
            self._store,
            self._clock,
            self._obey,
            settings.homeassistant.buttons if homeassistant_on else (),
            self._later,
        )
        enabled = settings.commands.enabled
        on_message = commands.received if enabled else None
        self.publisher = publisher.Publisher(mqtt, settings.name, self._store, on_message)
        if enabled:
            commands.start(self.publisher.link)
            self._after.callback(commands.stop)
        self.publisher.start()
        self._after.callback(self.publisher.stop, 2.0)
        self.metrics.gauge(
            "outbox_waiting",
            "Events not delivered yet",
            lambda: float(self._store.outbox.waiting(settings.name, publisher.RECEIVER)),
        )
        if homeassistant_on:
            self._describe(self.publisher)

    def _describe(self, reported: publisher.Publisher) -> None:
        settings = self._settings
        devices = [camera.name for camera in settings.camera]
        devices += [reader.name for reader in settings.reader]
        if settings.temperature.policy != "off":
            devices.append(TEMPERATURE)
        reported.link.retain(
            homeassistant.topic(settings.homeassistant, settings.name),
            homeassistant.discovery(settings.homeassistant, reported.topics, __version__, devices),
        )

    def _obey(self, command: Command) -> str:
        """Carry out a verified command. "" when done, else the reason for refusal."""
        if command.name == "reload":
            self._reload()
        elif command.name == "sync":
            # without numbers: register and states are read again, no event is resent
            self._reload()
            if "first" in command.arguments:
                first = int(command.arguments["first"])
                last = int(command.arguments.get("last", first))
                self._store.outbox.again(self._settings.name, publisher.RECEIVER, first, last)
        elif command.name in _ORDERS:
            # that it was obeyed is forgotten: a clock set back would make it valid once more
            if not self._kept and command.name != "lockdown" and synchronised() is not True:
                return "clock"
            refused = self._refusal(_ORDERS[command.name])
            if refused:
                return refused
            until = command.arguments.get("until")
            seconds = 0.0
            if until is not None:
                ends = datetime.fromtimestamp(int(until) / 1000, UTC)
                seconds = max(0.0, (ends - self._clock.utc()).total_seconds())
            self._order(Order(_ORDERS[command.name], f"key {command.name}", seconds))
        else:
            return "unknown_command"
        return ""
