"""``gate desk``: the staff's pages for enrolment and for looking after the gate."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import uvicorn

from enroll.app import create_app
from enroll.arrivals import ArrivalNotices, receiver
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.housekeeping import Housekeeping
from enroll.permits import Permits
from gate import log
from gate.access.permit_keys import own_key
from gate.clock import SystemClock, use_zone
from gate.commands import Config
from gate.commands.own_register import refuse_on_a_box
from gate.config.desk import DeskSettings
from gate.config.settings import DEFAULT, Settings, load
from gate.daemon.integrations import receivers
from gate.errors import ConfigurationError
from gate.notify.sending import AppriseSender
from gate.recognition.detection.detector import build_detector
from gate.recognition.quality.assessment import judge
from gate.services.encoder_choice import site_encoder
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.setup import desk_certificate
from gate.setup.announce import announced
from gate.sockets import BoundedHttp, EndingServer, listen
from gate.store.store import Store
from gate.texts.terminal import Console


def desk(config: Config = DEFAULT) -> None:
    """Serve the enrolment desk. The first start prints a one-time code for the first account."""
    settings = load(config)
    use_zone(settings.timezone)
    log.set_up(settings.log)
    out = Console(highlight=False, soft_wrap=True)
    with Store.open(settings.store, settings.data, receivers=receivers(settings)) as store:
        refuse_on_a_box(store, settings.data)
        place = Desk(
            settings.desk,
            store,
            faces=build_faces(settings, store),
            permits=Permits.open(store, own_key(settings.data), settings.access.permit),
            gate=settings.name,
            label=settings.label,
            not_seen_hours=settings.access.not_seen.hours,
            learns=settings.learning.enabled,
            exports=settings.export,
            ways=settings.notify.way,
            folder=settings.data,
            access=settings.access,
        )
        if settings.desk.tls and desk_certificate.renew_if_due(settings.data):
            store.audit.note("desk", "certificate.renewed")
        server = _server(settings.desk, place)
        listening = listen("desk", "desk", settings.desk.host, settings.desk.port)
        # only who serves may make a code: it takes the place of the one before
        scheme = "https" if settings.desk.tls else "http"
        address = f"{scheme}://{settings.desk.host}:{settings.desk.port}/"
        out.print(f"desk of {settings.name}: {address}")
        if place.first_run.open:
            out.print(f"one-time code for the first account: {place.first_run.new_code()}")
        _spool_below(settings.data)
        with listening, Housekeeping(place), _announced(settings), _arrivals(settings, store):
            server.run(sockets=[listening])


def _arrivals(settings: Settings, store: Store) -> AbstractContextManager[object]:
    """Notifies households of visitors where a way is configured. Raises ConfigurationError."""
    ways = settings.notify.way
    if not ways:
        return nullcontext()
    sender = AppriseSender(tuple(receiver(way, "1") for way in ways), "[[notify.way]]")
    labels = {settings.name: settings.label} if settings.label else {}
    return ArrivalNotices(store, settings.notify, sender, SystemClock(), labels)


def _announced(settings: Settings) -> AbstractContextManager[object]:
    """By multicast DNS, where the network can reach the desk at all."""
    if not settings.desk.tls or settings.desk.host in ("127.0.0.1", "::1", "localhost"):
        return nullcontext()
    return announced(settings.name, settings.desk.port)


def _spool_below(data: Path) -> None:
    """Uploads of more than a megabyte pass through files without a name: in the data folder.

    The system's temporary folder may be memory, or readable after a theft where the data are not.
    """
    folder = data / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(folder)


def _server(settings: DeskSettings, place: Desk) -> uvicorn.Server:
    """Raises ConfigurationError when the certificate cannot be used."""
    config = uvicorn.Config(
        create_app(place),
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
        http=BoundedHttp,
        ws="none",
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,  # a long download is cut then
    )
    try:
        config.load()
    except OSError as error:  # also what the TLS library says
        raise ConfigurationError(
            f"the certificate of the desk cannot be used: {error.strerror or error}",
            where=f"[desk] certificate, certificate_key: {settings.certificate}",
            hint="name a certificate and its key in PEM, readable by the user the desk runs as",
        ) from None
    return EndingServer(config, place.closing)


def build_faces(settings: Settings, store: Store) -> Faces:
    """Detector, encoder and the copy of the gallery. Raises ModelError, StoreError."""
    encoder = site_encoder(settings, store)
    detector = build_detector(settings.recognition, settings.models)
    examiner = Examiner(detector, [encoder], judge(settings.quality, enrolment=True))
    return Faces(examiner, KnownFaces(store, encoder.name, encoder.dimension))
