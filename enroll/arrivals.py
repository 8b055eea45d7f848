"""The thread that notifies a household of its visitor.

It runs in the desk, behind the register: the door opens whatever becomes of a message, and no
transaction is open while one is sent. Messages name nobody unless ``[notify] visitor_name`` is
set. An arrival is news for a quarter of an hour; what cannot be sent by then is kept as not sent.
After a kill between sending and noting it the message is sent once more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType

from gate.clock import Clock
from gate.errors import BrokerError, StoreError
from gate.notify import words
from gate.notify.sending import Sender
from gate.notify.settings import HouseholdWay, NotifyReceiver, NotifySettings
from gate.store.arrivals import Arrival, Wish
from gate.store.store import Store

log = logging.getLogger(__name__)

NEWS = timedelta(minutes=15)
LOOK_EVERY = 2.0  # seconds
RETRY = timedelta(seconds=30)


class ArrivalNotices:
    """Looks for arrivals and has them sent; one owner, its thread.

    Args:
        labels: gate → its name for people; a gate without one is called by its own.
    """

    def __init__(
        self,
        store: Store,
        settings: NotifySettings,
        sender: Sender,
        clock: Clock,
        labels: Mapping[str, str] | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._store, self._settings, self._sender, self._clock = store, settings, sender, clock
        self._ways = {way.name: way for way in settings.way}
        self._labels = labels or {}
        self._look_every = look_every
        self._after: dict[str, int] = {}
        self._waiting: dict[str, tuple[Arrival, datetime]] = {}  # event → arrival, not before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)

    def look(self) -> None:
        """Take in what is new, send what is due. Raises StoreError."""
        now = self._clock.utc()
        heads = self._store.arrivals.heads()
        if heads != self._after:
            for arrival in self._store.arrivals.since(now - NEWS, self._after, day_of):
                self._waiting[arrival.event] = (arrival, now)
            self._after = heads
        for event, (arrival, not_before) in list(self._waiting.items()):
            if now < not_before:
                continue
            if self._tell(arrival, now, last=now - arrival.at >= NEWS):
                del self._waiting[event]
            else:
                self._waiting[event] = (arrival, now + RETRY)

    def _tell(self, arrival: Arrival, now: datetime, *, last: bool) -> bool:
        """Whether nothing of it is left to send."""
        done = True
        for wish in self._store.arrivals.wishes(arrival):
            told = self._send(arrival, wish)
            if told or last:
                self._store.arrivals.note(arrival, wish, self._clock.utc(), told=told)
            done = done and (told or last)
        return done

    def _send(self, arrival: Arrival, wish: Wish) -> bool:
        way = self._ways.get(wish.way)
        if way is None:  # taken out of the configuration since
            return False
        title, body = words.arrival(
            self._labels.get(arrival.gate, arrival.gate),
            arrival.at,
            wish.language,
            self._clock.utc().astimezone().tzinfo,
            arrival.visitor if self._settings.visitor_name else "",
        )
        try:
            self._sender.send(receiver(way, wish.to), title, body, urgent=False)
        except BrokerError as error:
            log.warning("arrival.fault", extra={"way": way.name, "cause": error.what})
            return False
        log.info("arrival.told", extra={"way": way.name})
        return True

    def _run(self) -> None:
        while not self._stop.wait(self._look_every):
            try:
                self.look()
            except StoreError as error:
                log.warning("arrival.store", extra={"cause": error.what})
            except Exception:  # whatever it is, the next arrival is another one
                log.exception("arrival.failed")

    def __enter__(self) -> ArrivalNotices:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(5)


def receiver(way: HouseholdWay, to: str) -> NotifyReceiver:
    """The receiver of one person; its name in logs is that of the way."""
    return NotifyReceiver(name=way.name, url=way.address(to), severity="info")


def day_of(at: datetime) -> datetime:
    """When the local day of a moment began."""
    return at.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
