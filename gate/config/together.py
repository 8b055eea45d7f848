"""Whether the keys of a configuration go together: each is right in itself, and yet two programs
want one port, a receiver never gets anything, a time never comes.

``gate config check`` and ``gate doctor`` say it. A gate that runs is not kept from starting again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import combinations

from gate.access.decision import Method
from gate.access.schedule import parse
from gate.config import wiring
from gate.config.clash import Clash
from gate.config.settings import Settings
from gate.notify.plan import RANK, SEVERITY
from gate.notify.settings import NotifyReceiver


@dataclass(frozen=True, slots=True)
class _Server:
    name: str
    host: str
    port: int


def _servers(settings: Settings) -> Iterator[_Server]:
    """What listens on this machine; a port of 0 is any free one."""
    if settings.screen.enabled:
        yield _Server("[screen]", settings.screen.host, settings.screen.port)
    yield _Server("[desk]", settings.desk.host, settings.desk.port)
    if settings.http.enabled:
        yield _Server("[http]", settings.http.host, settings.http.port)
    if settings.mqtt.enabled and settings.mqtt.broker != "external":
        yield _Server("[mqtt]", settings.mqtt.host, settings.mqtt.port)


def _servers_clash(settings: Settings) -> Iterator[Clash]:
    for one, other in combinations(_servers(settings), 2):
        if one.port and one.port == other.port and _meet(one.host, other.host):
            says = f"{one.name} and {other.name} listen on the same port: {one.port}"
            yield Clash(True, says, "give each its own port")
    hub = settings.hub
    for one in _servers(settings):
        if hub.port and one.port == hub.port and _meet(one.host, hub.host):
            says = f"{one.name} listens on port {one.port}, which is that of [hub]"
            hint = "this matters only where `gate hub run` runs, too: give each its own"
            yield Clash(False, says, hint)


def _meet(one: str, other: str) -> bool:
    """Whether two listeners on one port would take it from each other."""
    first, second = _address(one), _address(other)
    return first == second or "" in (first, second)


def _address(host: str) -> str:
    """ "" for all addresses of this machine."""
    if host in ("", "localhost"):
        return "127.0.0.1" if host else ""
    try:
        return "" if ip_address(host).is_unspecified else str(ip_address(host))
    except ValueError:
        return host


def _broker(settings: Settings) -> Iterator[Clash]:
    mqtt = settings.mqtt
    if settings.homeassistant.enabled and not mqtt.enabled:
        says = "[homeassistant] enabled = true, but [mqtt] enabled = false: it hears of nothing"
        yield Clash(
            True, says, "set [mqtt] enabled = true, and the broker that Home Assistant uses"
        )
    if not mqtt.enabled or mqtt.broker != "external":
        return
    if mqtt.port == 8883 and mqtt.ca is None:
        says = "[mqtt] port = 8883, but no ca: the gate speaks no TLS there"
        yield Clash(True, says, "set [mqtt] ca, or port = 1883 for a broker without TLS")
    if mqtt.port == 1883 and mqtt.ca is not None:
        says = "[mqtt] ca is set, but port = 1883: brokers listen there without TLS"
        yield Clash(False, says, "set port = 8883 if the broker listens there with TLS")


def _times(settings: Settings) -> Iterator[Clash]:
    """Times that never come. A schedule that is not in the file may be in the register."""
    access = settings.access
    used = {f'[[access.allow]] "{rule.name}"': rule.schedule for rule in access.allow}
    used["[access] hold_open"] = access.hold_open
    for name, text in access.schedules.items():
        if any(parse(text).windows.values()):
            continue
        users = [user for user, schedule in used.items() if schedule == name]
        says = f"[access.schedules] {name} is never open"
        says += f": {', '.join(users)} never counts" if users else ""
        yield Clash(bool(users), says, 'write the times it is open: "mon-fri 07:00-19:00"')
    names = [rule.name for rule in access.allow]
    for name in sorted({name for name in names if names.count(name) > 1}):
        says = f'two [[access.allow]] are called "{name}"'
        yield Clash(False, says, "give each its own name: events and `gate explain` say it")


def _rules(settings: Settings) -> Iterator[Clash]:
    access = settings.access
    for rule in access.allow:
        name = f'[[access.allow]] "{rule.name}"'
        if not rule.methods:
            yield Clash(True, f"{name} has no methods: it lets nobody in", "name some methods")
        elif rule.both and Method.FACE_AND_CARD not in rule.methods:
            says = f'{name} has both = true, but "face+card" is not among its methods'
            yield Clash(True, says, 'add "face+card" to its methods, or set both = false')
    if access.antipassback != "off" and access.direction == "none":
        says = f'[access] antipassback = "{access.antipassback}" has no effect: direction = "none"'
        yield Clash(True, says, 'say which way this gate leads: direction = "in" or "out"')
    permit = access.permit
    if permit.household_days > permit.longest_days:
        says = "[access.permit] household_days is longer than longest_days, which counts"
        yield Clash(False, says, "make household_days the shorter one")


def _notices(settings: Settings) -> Iterator[Clash]:
    notify = settings.notify
    if notify.enabled and not notify.to:
        says = "[notify] enabled = true, but nobody is among [[notify.to]]"
        yield Clash(True, says, "add a receiver: docs/operating.md has the addresses")
    if notify.to and not notify.enabled:
        says = "[[notify.to]] has receivers, but [notify] enabled = false: no alarm is sent"
        yield Clash(False, says, "set [notify] enabled = true")
    for to in notify.to:
        if not _gets(to):
            says = (
                f"[[notify.to]] {to.name} never gets anything: no alarm of its kinds is so severe"
            )
            hint = "`gate notify kinds` lists the alarms and their severity"
            yield Clash(True, says, hint)
        if not to.url.get_secret_value():
            says = f"[[notify.to]] {to.name} has no url"
            yield Clash(notify.enabled, says, "docs/operating.md has the addresses")
    for table, names in (
        ("[[notify.to]]", [to.name for to in notify.to]),
        ("[[notify.way]]", [way.name for way in notify.way]),
    ):
        for name in sorted({name for name in names if names.count(name) > 1}):
            says = f"two {table} are called {name}: only one counts"
            yield Clash(True, says, "give each its own name")
    for way in notify.way:
        if not way.url.get_secret_value():
            yield Clash(True, f"[[notify.way]] {way.name} has no url", "docs/operating.md has them")


def _gets(to: NotifyReceiver) -> bool:
    return any(
        RANK[severity] >= RANK[to.severity] for kind, severity in SEVERITY.items() if to.wants(kind)
    )


def _exports(settings: Settings) -> Iterator[Clash]:
    active = [export for export in settings.export if export.enabled]
    for one, other in combinations(active, 2):
        if one.url.rstrip("/") == other.url.rstrip("/") and one.kinds & other.kinds:
            says = f"[[export]] {one.name} and {other.name} send the same records to one address"
            yield Clash(False, says, "remove one, or give each other kinds")
    for export in active:
        name = f"[[export]] {export.name}"
        if not export.url.startswith("http") and export.sign != "none":
            says = f"{name}: sign has no effect on files"
            yield Clash(False, says, 'set sign = "none"')
        if not export.kinds:
            yield Clash(True, f"{name} has no kinds: nothing is sent", "name some kinds")


def _keys(settings: Settings) -> Iterator[Clash]:
    store = settings.store
    keys, register = store.person_keys.get_secret_value(), store.url.get_secret_value()
    if keys and keys == register:
        says = "[store] person_keys and url name the same database"
        hint = "name another one, kept out of the backups of the register, or it is of no use"
        yield Clash(True, says, hint)
    backup = settings.backup
    if backup.known_hosts is None and (backup.ssh_key or backup.password.get_secret_value()):
        says = "[backup] has no known_hosts: no backup is sent"
        yield Clash(True, says, "set known_hosts: the server must be known before it gets data")


def _faces(settings: Settings) -> Iterator[Clash]:
    if settings.learning.enabled and settings.liveness.mode == "off":
        says = '[learning] enabled = true, but [liveness] mode = "off": nothing is learnt'
        yield Clash(True, says, 'set [liveness] mode = "required", or [learning] enabled = false')
    desk = settings.desk
    if desk.idle_minutes > 60 * desk.session_hours:
        says = "[desk] idle_minutes is longer than session_hours, which counts"
        yield Clash(False, says, "make idle_minutes the shorter one")


_LOOKS: tuple[Callable[[Settings], Iterator[Clash]], ...] = (
    _servers_clash,
    wiring.typing,
    wiring.pins,
    wiring.cameras,
    _broker,
    _times,
    _rules,
    _notices,
    _exports,
    _keys,
    _faces,
)
# what `gate doctor` says with the part they belong to
_OF_PARTS: tuple[Callable[[Settings], Iterator[Clash]], ...] = (wiring.ports, wiring.inputs)


def clashes(settings: Settings, *, whole: bool = True) -> list[Clash]:
    """Everything that does not go together; the worst first.

    Args:
        whole: False leaves out what `gate doctor` finds when it looks at the ports and the board.
    """
    looks = (*_OF_PARTS, *_LOOKS) if whole else _LOOKS
    found = [clash for look in looks for clash in look(settings)]
    return sorted(found, key=lambda clash: not clash.bad)
