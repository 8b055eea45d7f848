"""The demonstration and the replay on the terminal: events as they happen, table, picture."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from rich.cells import set_cell_size
from rich.text import Text

from gate.camera.replay import Recording
from gate.config.settings import Settings, build
from gate.daemon.build import build_core, open_doorway
from gate.daemon.journal import Recorder
from gate.demo.contact_sheet import write_picture
from gate.demo.film import Film, write_film
from gate.demo.liveness import after, before
from gate.demo.page import write_page
from gate.demo.replay import Replay
from gate.demo.report import figures, report
from gate.demo.scenes import demo_clock, prepare, run, scenes
from gate.errors import ModelError
from gate.events.event import Event
from gate.integrations import broker
from gate.integrations.publisher import RECEIVER, Publisher
from gate.integrations.settings import MqttSettings
from gate.models import install
from gate.models.download import Limits
from gate.models.folder import State, state
from gate.models.settings import ModelsSettings
from gate.models.table import MODELS
from gate.recognition.liveness.assessment import networks
from gate.store.store import Store
from gate.texts.catalogue import Translate, translator
from gate.texts.terminal import Console, coded, here, language

FETCH = 60.0  # seconds the models may take
DRAIN = 30.0  # seconds the last events may take to the broker
_COLOURS = {"passage.granted": "green", "passage.denied": "red", "passage.asked": "yellow"}


class Teller:
    """A recorder that shows each event on the terminal, then passes it on.

    Names appear on this terminal only: the events carry pseudonyms.
    """

    def __init__(self, recorder: Recorder, console: Console) -> None:
        self._recorder = recorder
        self._console = console
        self._recorded: list[Future[Event]] = []
        self.names: Mapping[str, str] = {}

    @property
    def made(self) -> int:
        """How many events were made."""
        return len(self._recorded)

    def sequences(self) -> list[int]:
        """The numbers of the events that were made, once they are on the disk.

        Raises:
            StoreError: when one could not be written.
        """
        return [event.result(DRAIN).sequence or 0 for event in self._recorded]

    def record(self, event: Event) -> Future[Event]:
        who = self.names.get(event.person, "") if event.person else ""
        kind = set_cell_size(coded("event", event.type), 20)
        line = Text(f"  {kind} ", style=_COLOURS.get(event.type, "dim"))
        line.append(set_cell_size(who, 16) + " " if who else "", style="bold")
        line.append(" ".join(coded("why", reason) for reason in event.reasons))
        if "evidence" in event.scores:
            needed = event.scores.get("threshold", 0.0)
            shown = here(f"evidence {event.scores['evidence']:.1f} of {needed:.1f}")
            line.append(f"  {shown}", style="dim")
        self._console.print(line, highlight=False)
        self._recorded.append(self._recorder.record(event))
        return self._recorded[-1]


class Arrivals:
    """A receiver at the broker: the numbers of the events, as they arrive."""

    def __init__(self, settings: MqttSettings, topic: str) -> None:
        self.sequences: list[int] = []
        self._ready = threading.Event()
        five = settings.protocol == "5"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        )
        self._client.on_message = self._took
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect(settings.host, settings.port)
        self._client.subscribe(topic, qos=1)
        self._client.loop_start()
        self._ready.wait(5.0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _took(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        self.sequences.append(json.loads(message.payload)["sequence"])


def delivered(made: Sequence[int], sequences: Sequence[int], _: Translate) -> str:
    """How many of the events ``made`` are among those received, both by their numbers, in words.

    What an earlier run left in the outbox is received as well, and is not counted.
    """
    arrived = [number for number in dict.fromkeys(sequences) if number in {*made}]
    return _(
        "{made} events made; {arrived} arrived at the broker, {order}, {missing}",
        made=len(made),
        arrived=len(arrived),
        order=_("in sequence") if arrived == sorted(arrived) else _("OUT OF SEQUENCE"),
        missing=_("none missing") if {*arrived} == {*made} else _("SOME MISSING"),
    )


def run_demo(
    console: Console,
    data: Path,
    fixtures: Path,
    picture: Path,
    *,
    film: Path | None = None,
    page: Path | None = None,
    paced: bool = False,
) -> None:
    """``gate demo``: everything in ``data``, nothing of the machine's own configuration.

    ``film`` and ``page`` are written after the run, in which they take no part.
    """
    logging.basicConfig(level=logging.ERROR)
    settings = build(
        {
            "name": "demo",
            "data": str(data),
            "mqtt": {"broker": "mosquitto", "port": 0},
        }
    )
    fetch_models(console, settings.models)
    _ = translator(language())
    _remark(console, [before(networks(settings.models), _)])
    recordings = scenes(fixtures / "recordings")
    reachable, own = broker.start(settings.mqtt, data / "broker")
    try:
        clock = demo_clock()
        with Store.open(settings.store, data, receivers=[RECEIVER]) as store:
            teller = Teller(store.writer, console)
            core = prepare(
                settings,
                store,
                clock,
                fixtures / "enrolled",
                lambda line: console.print(line, style="dim", highlight=False),
                recorder=teller,
            )
            teller.names = {p.ref: p.name for p in core.loop.context.people.values()}
            publisher = Publisher(reachable, settings.name, store)
            arrivals = Arrivals(reachable, publisher.topics.event)
            publisher.start()
            shown = Film(core, clock) if film else None
            record = run(core, clock, recordings, paced=paced, film=shown)
            publisher.stop(DRAIN)
            arrivals.close()
            made = teller.sequences()
    finally:
        if own is not None:
            own.stop()
    write_picture(record, picture)
    console.print()
    console.print(report(record, language()))
    _remark(console, after(figures(record).not_held_live, record.networks, _))
    console.print(delivered(made, arrivals.sequences, _), highlight=False)
    console.print(f"picture: {picture}", highlight=False)
    if shown is not None and film is not None:
        with console.status(here("drawing the film")):
            write_film(shown, film)
        console.print(f"film:    {film}", highlight=False)
    if page is not None:
        write_page(record, page, film=film, picture=picture)
        console.print(f"page:    {page}", highlight=False)


def _remark(console: Console, lines: Sequence[str]) -> None:
    for line in filter(None, lines):
        console.print(line, style="yellow", highlight=False)


def fetch_models(console: Console, settings: ModelsSettings) -> None:
    """The recommended models, as far as they come within ``FETCH`` seconds."""
    limits = Limits(silent=5.0, retries=0, deadline=time.monotonic() + FETCH)
    wanted = [m for m in MODELS if m.recommended and state(m, settings)[0] is State.MISSING]
    fetcher = install.Fetcher(settings.folder, limits)
    missing: dict[str, str] = {}
    with console.status(here("fetching the recommended models")):
        for model in wanted:
            try:
                for new in fetcher.fetch(model, lambda file, done: None):
                    console.print(
                        f"{model.name}: {new.path.name} from {new.source}",
                        style="dim",
                        highlight=False,
                    )
            except ModelError as error:
                missing[model.name] = error.what
    if missing:
        console.print(
            f"not available now: {', '.join(missing)} ({next(iter(missing.values()))}); the "
            "demonstration goes on with what there is, and `gate models fetch` tries again",
            style="yellow",
            highlight=False,
        )


def run_replay(
    console: Console, settings: Settings, path: Path, fps: float, *, paced: bool = False
) -> None:
    """``gate replay``: the configured gate, its register and its relay, over a recording."""
    clock = demo_clock()
    first = Recording(path, fps=fps, paced=False)
    first.open()  # a recording that is none leaves no trace in the register
    first.close()
    receivers = [RECEIVER] if settings.mqtt.enabled else []
    doorway = open_doorway(settings, clock)
    with Store.open(settings.store, settings.data, receivers=receivers) as store:
        teller = Teller(store.writer, console)
        core = build_core(settings, store, clock, doorway, recorder=teller)
        teller.names = {p.ref: p.name for p in core.loop.context.people.values()}
        publisher = Publisher(settings.mqtt, settings.name, store) if receivers else None
        if publisher is not None:
            publisher.start()
        try:
            core.start()
            played = Replay(core, clock, paced=paced).play(
                path, fps, rotate=settings.camera[0].rotate
            )
            core.loop.stop()
        finally:
            if publisher is not None:
                publisher.stop(2.0)
    for error in played.damaged:
        console.print(str(error), style="yellow", markup=False)
    console.print(
        f"{played.frames} frames, {len(played.damaged)} damaged, "
        f"{len(played.moments)} decisions, {teller.made} events",
        highlight=False,
    )
