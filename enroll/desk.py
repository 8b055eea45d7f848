"""What the pages work with, put together once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from enroll.accounts import Accounts
from enroll.batch import Batches
from enroll.enrolment_sessions import EnrolmentSessions
from enroll.faces import Faces
from enroll.figures import Figures
from enroll.first_run import FirstRun
from enroll.first_steps import FirstSteps
from enroll.gate_names import GateNames
from enroll.imports import Imports
from enroll.live_picture_access import LivePictureAccess
from enroll.ordinary_day import OrdinaryDay
from enroll.permits import Permits
from enroll.rate_limit import RateLimit
from enroll.refused_sign_ins import RefusedSignIns
from enroll.second_factor import SecondFactor
from enroll.sessions import Sessions
from gate.access.request import Rules
from gate.access.settings import AccessSettings
from gate.clock import Clock, SystemClock
from gate.config.desk import DeskSettings
from gate.daemon import clock_sync
from gate.exporting.settings import ExportSettings
from gate.notify.settings import HouseholdWay
from gate.services.absence_alerts import AbsenceAlerts
from gate.services.rule_set import Book, rules_of
from gate.sockets import Closing
from gate.store.store import Store

LABELS_LAST = 10.0  # seconds until labels of gates are read again, as often as gates report


@dataclass
class Desk:
    """The desk: settings, store, and what keeps its doors."""

    settings: DeskSettings
    store: Store
    faces: Faces | None = None
    permits: Permits | None = None
    gate: str = "gate-1"
    label: str = ""  # of the gate, for people
    not_seen_hours: float = 0.0  # of the gate; 0: nobody is missed
    learns: bool = False  # whether the gate learns faces from cards
    exports: tuple[ExportSettings, ...] = ()
    ways: tuple[HouseholdWay, ...] = ()  # to notify a household of its visitor
    folder: Path = Path("var")
    access: AccessSettings = field(default_factory=AccessSettings)  # rules of the configuration
    clock: Clock = field(default_factory=SystemClock)
    synchronised: Callable[[], bool | None] = clock_sync.synchronised

    def __post_init__(self) -> None:
        database = self.store.database
        self.accounts = Accounts(database, self.settings, self.clock)
        self.accounts.second = SecondFactor(self.store.key_values, self.store.vault, self.clock)
        self.sessions = Sessions(database, self.settings, self.clock)
        self.first_run = FirstRun(self.accounts, self.store.key_values, self.clock)
        self.ordinary = OrdinaryDay()
        self.figures = Figures()
        self.first_steps = FirstSteps()
        self.batches = Batches(self.store, self.clock.monotonic)
        self.enrolments = EnrolmentSessions(self.clock.monotonic)
        self.imports = Imports(
            self.store,
            self.folder / "imports",
            lambda: self.faces,
        )
        self.missing = AbsenceAlerts(
            self.store,
            self.gate,
            self.not_seen_hours,
            lambda event: self.store.events.append([event]),
        )
        self._gate_names: tuple[float, GateNames | None] = (0.0, None)
        self.closing = Closing()
        self.live_picture_access = LivePictureAccess(self.clock.monotonic)
        self.requests = RateLimit(self.settings.requests, self.clock.monotonic)
        self.sign_ins = RateLimit(self.settings.sign_ins, self.clock.monotonic)
        self.refused_sign_ins = RefusedSignIns(self.store.audit, self.clock.monotonic)

    @property
    def cookie(self) -> str:
        # the prefix makes browsers refuse the cookie over plain HTTP and from other hosts
        return "__Host-desk" if self.settings.tls else "desk"

    def gate_names(self) -> GateNames:
        """What people call the gates, as of a few seconds ago: every line of Today asks."""
        now = self.clock.monotonic()
        read, names = self._gate_names
        if names is None or not 0 <= now - read < LABELS_LAST:
            names = GateNames(self.store, self.gate, self.label)
            self._gate_names = now, names
        return names

    def rules(self, book: Book | None = None) -> Rules:
        """Those the gates decide by, as of now; with ``book``, as they would be with it."""
        return rules_of(self.access, book or self.store.rulebook)

    def missed(self) -> int:
        """How many people who agreed to it are missed and not yet looked after."""
        everybody = self.missing.watched(self.clock.utc())
        return sum(one.alerted is not None for one in everybody.values())

    def to_confirm(self) -> int:
        """How many faces learnt from cards wait for staff to confirm them."""
        return self.store.looks.to_confirm() if self.learns else 0

    def unclear(self) -> int:
        """Of how many people nothing can be learnt from their card, and nobody saw to it."""
        return self.store.looks.unclear() if self.learns else 0
