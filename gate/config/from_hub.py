"""The part of a box's configuration that its hub sets, kept in ``hub/configuration`` in the data.

The box's own file is never written. Each version is a TOML file of its own, named by its digest,
and ``state.json`` says which counts: one small file, replaced as a whole, so that a power cut
leaves the one or the other. A version is on trial until the gate has served with it; one that does
not start, or is not ready in time, gives way to the version before.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, time
from pathlib import Path
from typing import Any

import tomlkit

from gate import files
from gate.errors import ConfigurationError

log = logging.getLogger(__name__)

STARTS = 2  # of a version on trial; a third means that it did not come up
_KEPT = 5  # versions whose files stay
_EVERY_KEY = frozenset({"*"})

# What a hub may set: how the gate judges and what it says. Never what is wired to this box, where
# its files, networks and secrets are, or what the register keeps (rules, schedules, days).
SETTABLE: Mapping[str, frozenset[str]] = {
    "recognition": _EVERY_KEY,
    "quality": _EVERY_KEY,
    "liveness": _EVERY_KEY,
    "access": frozenset(
        {
            *("attack", "face_alone_from_age", "lockdown_groups", "antipassback"),
            *("antipassback_hours", "hold_open", "emergency", "passage", "pin", "guessing"),
            *("permit", "not_seen"),
        }
    ),
    "door": frozenset(
        {
            *("unlock", "extended_unlock", "exit_unlock", "max_unlock", "grant_debounce"),
            *("relock_on_close", "forced_grace", "prealarm", "held_open_after"),
            *("extended_held_open_after", "max_hold_open", "exit_in_lockdown"),
        }
    ),
    "temperature": frozenset({"policy", "limit", "above", "unknown", "samples", "max_age"}),
    "screen": frozenset(
        {
            *("languages", "names", "sound", "speech", "volume", "quiet_volume"),
            *("quiet_from", "quiet_until"),
        }
    ),
    "log": frozenset({"level"}),
    "models": frozenset({"install"}),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that has not served yet. ``faults``: of the gate before, no reason to go back."""

    starts: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Versions by their digests; "" is none: the box's own file alone.

    Attributes:
        refused: the version that was not taken or was given up; ``why``: the reason.
        returned: whether it ran before it was given up.
    """

    current: str = ""
    previous: str = ""
    trial: Trial | None = None
    refused: str | None = None
    why: str = ""
    returned: bool = False


def digest_of(values: Mapping[str, Any]) -> str:
    """Short name of a version by what it says; "" for an empty one."""
    if not values:
        return ""
    whole = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def parsed(text: str) -> dict[str, Any]:
    """Values of a hub's configuration in TOML, as JSON has them. Raises ConfigurationError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"the configuration is not TOML: {error}",
            where="the configuration for the gates",
            hint="correct the line named; strings need quotes",
        ) from None
    return {key: _plain(value) for key, value in values.items()}


def written(values: Mapping[str, Any]) -> str:
    """The values as TOML."""
    return tomlkit.dumps(dict(values))


def forbidden(values: Mapping[str, Any]) -> list[str]:
    """The keys that no hub may set, as ``section.key``."""
    found = []
    for section, inner in values.items():
        may = SETTABLE.get(section, frozenset())
        if not isinstance(inner, Mapping):
            found.append(section)
        elif may != _EVERY_KEY:
            found += [f"{section}.{key}" for key in inner if key not in may]
    encoder = values.get("recognition")
    if isinstance(encoder, Mapping) and str(encoder.get("encoder", "")).endswith(".dat"):
        found.append("recognition.encoder with a file of the box")
    return found


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Several configurations as one; a later one overrides an earlier, key by key."""
    whole: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            before = whole.get(key)
            both = isinstance(value, Mapping) and isinstance(before, Mapping)
            whole[key] = merged([before, value]) if both else value  # type: ignore[list-item]
    return whole


# ------------------------------------------------------------ on the box


def models_of(data: Path) -> Path:
    """Where models lie that the hub gave; `gate leave` removes them with the rest."""
    return data / "hub" / "models"


def folder_of(data: Path) -> Path:
    return data / "hub" / "configuration"


def state_of(data: Path) -> State:
    """What counts on this box; nothing of a hub where there is none or it cannot be read."""
    try:
        raw = json.loads((folder_of(data) / "state.json").read_text("utf-8"))
        trial = raw.pop("trial")
        faults = tuple(trial["faults"]) if trial else ()
        return State(**raw, trial=Trial(trial["starts"], faults) if trial else None)
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.error("hub.configuration", extra={"cause": f"state.json cannot be read: {error}"})
        return State()


def values_of(data: Path) -> dict[str, Any]:
    """What the hub has set on this box; {} where it has set nothing, or the file is damaged."""
    digest = state_of(data).current
    if not digest:
        return {}
    values: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        values = tomllib.loads((folder_of(data) / f"{digest}.toml").read_text("utf-8"))
    if digest_of(values) != digest:
        log.error("hub.configuration", extra={"cause": f"{digest}.toml is damaged"})
        return {}
    return values


def begin(data: Path, values: Mapping[str, Any], faults: Iterable[str]) -> str:
    """Have the next start use these values, on trial. Their digest. Raises ConfigurationError."""
    state, digest = state_of(data), digest_of(values)
    if digest:
        _write(folder_of(data) / f"{digest}.toml", written(values))
    _keep(data, State(digest, state.current, Trial(0, tuple(sorted(faults)))))
    _tidy(folder_of(data), {digest, state.current})
    return digest


def started(data: Path) -> bool:
    """Count a start of the gate. True: the version on trial was started too often and has given
    way to the one before; what was read of the configuration has to be read again."""
    state = state_of(data)
    if state.trial is None:
        return False
    if state.trial.starts >= STARTS:
        return give_up(data, "the gate did not start with it")
    _keep(data, replace(state, trial=replace(state.trial, starts=state.trial.starts + 1)))
    return False


def confirm(data: Path) -> None:
    """The gate serves with the version on trial."""
    state = state_of(data)
    if state.trial is not None:
        _keep(data, replace(state, trial=None))


def give_up(data: Path, why: str) -> bool:
    """Go back to the version before. False where none is on trial."""
    state = state_of(data)
    if state.trial is None:
        return False
    back = State(state.previous, "", None, refused=state.current, why=why[:200], returned=True)
    _keep(data, back)
    log.error("hub.configuration_returned", extra={"cause": why, "digest": state.current})
    return True


def refuse(data: Path, digest: str, why: str) -> None:
    """Note why a version was not even tried."""
    state = state_of(data)
    _keep(data, replace(state, refused=digest, why=why[:200], returned=False))


def forgive(data: Path) -> None:
    """What was refused is no longer asked for: if it is again, it is tried again."""
    state = state_of(data)
    if state.refused is not None:
        _keep(data, replace(state, refused=None, why="", returned=False))


def _keep(data: Path, state: State) -> None:
    _write(folder_of(data) / "state.json", json.dumps(asdict(state), indent=1))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, text.encode(), 0o640, durable=True)
    except OSError as error:
        raise ConfigurationError(
            f"the configuration of the hub cannot be written: {error.strerror}",
            where=str(path),
            hint="check owner and room of the data folder",
        ) from None


def _tidy(folder: Path, needed: set[str]) -> None:
    """Only the newest versions stay."""
    with suppress(OSError):
        found = sorted(folder.glob("*.toml"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in found[_KEPT:]:
            if path.stem not in needed:
                path.unlink()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | time) else value
