"""Opens database and key together and gives access to the repositories."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from gate.clock import Clock
from gate.errors import StoreError
from gate.events.event import Event
from gate.store import mark, server_copy
from gate.store.arrivals import Arrivals
from gate.store.audit import HEAD, Audit
from gate.store.ballast import Ballast, Reserve
from gate.store.calibrations import Calibrations
from gate.store.card_keys import CardKeys
from gate.store.changes import Changes
from gate.store.command_keys import CommandKeys
from gate.store.consents import Consents
from gate.store.credentials import Credentials
from gate.store.database_errors import DiskFullError
from gate.store.engine import Database
from gate.store.events import Events
from gate.store.exports import Exports
from gate.store.key_value import JOINED, KeyValueStore
from gate.store.looks import Looks
from gate.store.migrate import migrate, revision
from gate.store.missing import refuse_missing, without_database
from gate.store.orders import Orders
from gate.store.outbox import Outbox
from gate.store.people import People
from gate.store.person_keys import PersonKeys
from gate.store.places import Places
from gate.store.rulebook import Rulebook
from gate.store.settings import StoreSettings
from gate.store.shredding import Shredding
from gate.store.templates import Templates
from gate.store.vault import Vault
from gate.store.writer import LINGER, Writer

HUB = "hub"  # the hub's name among the receivers of events


class Store:
    """Everything the gate remembers. Safe to use from all threads."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        settings: StoreSettings,
        receivers: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self.database = database
        if database.path is not None and settings.ballast:
            database.reserve = Reserve(database.path)
        self.vault = vault
        self.places = Places(database)
        self.people = People(database)
        self.consents = Consents(database)
        self.arrivals = Arrivals(database, vault)
        self.templates = Templates(database, vault)
        self.looks = Looks(database, vault)
        self.credentials = Credentials(database, vault)
        self.changes = Changes(database)
        self.events = Events(database, receivers)
        self.outbox = Outbox(database, settings.outbox)
        self.audit = Audit(database, vault)
        self.exports = Exports(database, self.audit)
        self.card_keys = CardKeys(database, vault)
        self.calibrations = Calibrations(database)
        self.key_values = KeyValueStore(database)
        self.orders = Orders(database)
        self.rulebook = Rulebook(database)
        self.command_keys = CommandKeys(database)
        self.person_keys: PersonKeys | None = None
        self._settings = settings
        self._clock = clock
        self._writer: Writer | None = None

    @classmethod
    def open(
        cls,
        settings: StoreSettings,
        data: Path,
        *,
        receivers: Sequence[str] = (),
        clock: Clock | None = None,
        create: bool = True,
        copied: bool = True,
    ) -> Store:
        """Open or create the database, bring it to the present schema, check it and its key.

        ``receivers`` are the names under which events wait in the outbox ("mqtt", "webhook").
        ``create`` is False for commands that only look or change: they create nothing.
        ``copied`` is False where the register is a copy itself: before its schema is changed, it
        is not copied once more.
        Raises StoreError: no register, locked, damaged, of a newer gate, key missing, unreadable
        or wrong, or a key without its database.
        """
        refuse_missing(settings, data, create=create)
        try:
            database, vault = _opened(settings, data, copied=copied)
        except DiskFullError:
            # residents must get in after a reboot, too: free the reserved space and try again
            if not _ballast(Database(settings.address(data)), settings).drop():
                raise
            database, vault = _opened(settings, data, copied=copied)
        if KeyValueStore(database).get(JOINED):
            receivers = (*receivers, HUB)
        store = cls(database, vault, settings, receivers, clock)
        store.card_keys.load()
        store.audit.seal()
        if address := settings.keys_address(data):
            store._use(PersonKeys(address, settings.busy_timeout))
        if database.path is not None:
            mark.check(database.path, store.events)
        return store

    def _use(self, keys: PersonKeys) -> None:
        self.person_keys = self.vault.person_keys = keys
        shredding = Shredding(self.database, keys, self.people, self.templates, self.audit)
        self.database.shred = shredding.shred
        shredding.reconcile()

    @property
    def writer(self) -> Writer:
        """The thread that writes events; started when first asked for."""
        if self._writer is None:
            self._restore_reserve()
            self._writer = Writer(
                self.database,
                self.events,
                self.outbox,
                _ballast(self.database, self._settings),
                size=self._settings.queue,
                linger=LINGER if self._settings.sparing else 0.0,
                clock=self._clock,
            )
        return self._writer

    def report_head(self, gate: str, at: datetime) -> None:
        """Once an hour: an event with the newest line of the audit, so that receivers hold it too.

        Nothing when that line was reported already.
        """
        line, hash = self.audit.head()
        newest = self.events.search(types=(HEAD,), limit=1)
        if line and (not newest or newest[0].body["details"]["line"] != line):
            self.events.append([Event.make(gate, HEAD, at, details={"line": line, "hash": hash})])

    def tidy(self) -> bool:
        """Once an hour: drop old notes of changes, give free pages back, empty the WAL."""
        self.changes.forget_old()
        self.places.forget_unused_names()
        self._mark()
        self._restore_reserve()
        if self.database.folder is not None and not self.database.is_sqlite:
            server_copy.forget_old(self.database.folder)
        self.database.shrink()
        return self.database.wipe()

    def _restore_reserve(self) -> None:
        if self.database.reserve is not None:
            self.database.reserve.restore()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with suppress(StoreError):
                self._mark()
        if self.person_keys is not None:
            self.person_keys.close()
        self.database.close()

    def _mark(self) -> None:
        if self.database.path is not None:
            mark.write(self.database.path, self.events)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _opened(settings: StoreSettings, data: Path, *, copied: bool) -> tuple[Database, Vault]:
    database = Database(settings.address(data), settings.busy_timeout, sparing=settings.sparing)
    try:
        database.check()
        key = data / settings.key
        # on a database server an empty database shows only now
        if key.is_file() and revision(database) is None:
            raise without_database(database.where, data)
        database.folder = data
        migrate(database, copied=copied)
        return database, _vault_of(database, key)
    except BaseException:
        database.close()
        raise


def _ballast(database: Database, settings: StoreSettings) -> Ballast:
    path = database.path
    return Ballast(path.with_suffix(".ballast") if path else None, settings.ballast << 20)


def _vault_of(database: Database, path: Path) -> Vault:
    """The key that belongs to the database; made with a new database, never afterwards."""
    facts = KeyValueStore(database)
    known = facts.get("vault")
    vault = Vault.open(path, create=known is None)
    if known is None:
        facts.set("vault", {"fingerprint": vault.fingerprint})
    elif known["fingerprint"] != vault.fingerprint:
        raise StoreError(
            "the key file does not belong to this database",
            where=str(path),
            hint="put the key file back that was made together with it",
        )
    return vault
