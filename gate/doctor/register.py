"""Database, key, and what is in them. Nothing is made or changed by looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.integrations.publisher import RECEIVER
from gate.recognition.encoders.build import AUTOMATIC, automatic
from gate.recognition.matching.calibration import OUTGROWN
from gate.recognition.matching.score_prior import prior_of
from gate.recognition.matching.whitening import FEWEST
from gate.services.encoder_choice import site_encoder
from gate.services.rule_set import rules_of, unknown_schedules
from gate.store.engine import Database
from gate.store.key_value import KeyValueStore
from gate.store.migrate import is_behind
from gate.store.missing import file_of, is_missing, refuse_missing
from gate.store.outbox import Outbox
from gate.store.rulebook import Rulebook
from gate.store.store import Store
from gate.store.vault import Vault

SITE = "site"  # kind of the stored calibrations
FULL = 0.5  # share of the outbox above which somebody should look
MANY = 0.1  # share of residents' faces that may need more than one look


def database(settings: Settings) -> Iterator[Finding]:
    """Whole, readable, and of a schema this gate knows. Raises StoreError."""
    refuse_missing(settings.store, settings.data, create=True)
    if not _is_there(settings):
        yield Finding("database", Level.OK, "none yet: the first start makes it")
        return
    with closing(_open(settings)) as opened:
        opened.check()
        if is_behind(opened):
            hint = "the next start brings it up to date; make a backup before"
            yield Finding("database", Level.WARN, f"{opened.where}: an older schema", hint)
        else:
            yield Finding("database", Level.OK, opened.where)


def key(settings: Settings) -> Iterator[Finding]:
    """There, private, and the one the database was made with. Raises StoreError."""
    path = settings.data / settings.store.key
    if not is_ready(settings):
        says = f"{path}" if path.exists() else "none yet: the first start makes it"
        yield Finding("key", Level.OK, says)
        return
    with closing(_open(settings)) as opened:
        known = KeyValueStore(opened).get("vault")
    vault = Vault.open(path)
    if known is not None and known["fingerprint"] != vault.fingerprint:
        hint = "put the key file back that was made together with the database"
        yield Finding("key", Level.BAD, f"{path} does not belong to this database", hint)
    else:
        yield Finding("key", Level.OK, f"{path}; keep a copy elsewhere, without it nothing opens")


def rules(settings: Settings) -> Iterator[Finding]:
    """Whether every schedule that is named is there. Raises StoreError."""
    if not is_ready(settings):
        return
    with closing(_open(settings)) as opened:
        known = rules_of(settings.access, Rulebook(opened))
    says = f"{len(known.allow)} who may pass, {len(known.schedules)} schedules"
    missing = unknown_schedules(known, settings.access.hold_open)
    if missing:
        hint = 'make it: `gate rules schedule NAME "mon-fri 07:00-19:00"`'
        yield Finding("rules", Level.BAD, f"no schedule {', '.join(missing)}: closed", hint)
    else:
        yield Finding("rules", Level.OK, says)


def gallery(settings: Settings) -> Iterator[Finding]:
    """Whether the enrolled faces are of the encoder in use. Raises StoreError, ModelError."""
    if not is_ready(settings):
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        people, counts = store.people.count(), store.templates.count()
        encoder = site_encoder(settings, store).name
    mine = counts.get(encoder, 0)
    says = f"{people:,} people, {mine:,} templates of {encoder}"
    others = {name: count for name, count in counts.items() if name != encoder}
    if others and not mine:
        made = ", ".join(f"{count:,} of {name}" for name, count in others.items())
        hint = f"nobody would be recognised ({made}): set [recognition] encoder, or enrol again"
        yield Finding("gallery", Level.BAD, says, hint)
    elif not mine:
        hint = "enrol people: `gate enroll`, or at the desk"
        yield Finding("gallery", Level.WARN, says, hint)
    else:
        yield Finding("gallery", Level.OK, says, _better(settings, encoder))


def _better(settings: Settings, encoder: str) -> str:
    """What enrolling again with another encoder would bring; "" when nothing."""
    best = automatic(settings.models)
    now = encoder.split("/")[0]
    order = list(AUTOMATIC)
    if settings.recognition.encoder != "auto" or now not in order:
        return ""
    if order.index(best) < order.index(now):
        gain = f"{best} is installed and errs less often"
    elif now == best and "-" not in encoder.partition("/")[2] and now != "dlib":
        gain = "landmarks are read better since"
    else:
        return ""
    return f"{gain} (docs/recognition.md); enrolling everybody again would bring it into use"


def calibration(settings: Settings) -> Iterator[Finding]:
    """Whether the thresholds belong to the people who are enrolled. Raises StoreError."""
    if not is_ready(settings):
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        encoder = site_encoder(settings, store).name
        people = store.people.count()
        kept = store.calibrations.active(SITE, encoder)
    if people < FEWEST:
        says = f"{people} people: too few to calibrate on; general thresholds are used"
        yield Finding("calibration", Level.WARN, says, f"it begins by itself at {FEWEST} people")
    elif kept is None:
        yield Finding("calibration", Level.OK, "learnt from the gallery at each start")
    else:
        made_for = int(kept.figures.get("people", 0))
        days = (datetime.now(UTC) - kept.created).days
        says = f"{days} days old, made for {made_for:,} people; {people:,} are enrolled"
        outgrown = people > OUTGROWN * max(made_for, 1)
        hint = "the gallery has outgrown it: `gate calibrate`" if outgrown else ""
        yield Finding("calibration", Level.WARN if outgrown else Level.OK, says, hint)
        yield from _kept_out(encoder, kept.figures)


def _kept_out(encoder: str, figures: dict[str, float]) -> Iterator[Finding]:
    """What the thresholds of this site mean for its residents."""
    if "threshold" not in figures or "fpir" not in figures:
        return
    share = prior_of(encoder).below(figures["threshold"])
    says = (
        f"one look is too little for about {100 * share:.0f} % of residents' faces, with {encoder}"
        f" at FPIR {100 * figures['fpir']:g} %"
    )
    if share < MANY:
        yield Finding("residents", Level.OK, says)
        return
    best = next(iter(AUTOMATIC))
    better = "" if encoder.startswith(best) else f"fetch {best} (`gate models fetch`) and enrol; "
    hint = f"{better}enrol five views of each; a card for whom the try-out does not know"
    yield Finding("residents", Level.WARN, says, hint)


def outbox(settings: Settings) -> Iterator[Finding]:
    """Events the broker has not taken. Raises StoreError."""
    if not settings.mqtt.enabled or not is_ready(settings):
        return
    with closing(_open(settings)) as opened:
        waiting = Outbox(opened, settings.store.outbox).waiting(settings.name, RECEIVER)
    says = f"{waiting:,} events wait for the broker"
    full = waiting > FULL * settings.store.outbox
    hint = "repair the broker: the oldest events are lost when the outbox is full" if full else ""
    yield Finding("outbox", Level.WARN if full else Level.OK, says, hint)


def _open(settings: Settings) -> Database:
    return Database(settings.store.address(settings.data), settings.store.busy_timeout)


def _is_there(settings: Settings) -> bool:
    """False for an SQLite file nobody has made yet: looking must not make it."""
    path = file_of(settings.store, settings.data)
    return path is None or not is_missing(path)


def is_ready(settings: Settings) -> bool:
    """There and of this gate's schema; otherwise ``database`` says what is to be done."""
    if not _is_there(settings):
        return False
    with closing(_open(settings)) as opened:
        return not is_behind(opened)
