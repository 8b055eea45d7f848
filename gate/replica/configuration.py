"""What the hub wants set on this box: tried beside the running gate, then with the gate itself.

A version first has to fit the box's own file and find its models (a process of its own). Then it
is put on trial, and the gate starts again. It counts once the gate serves without a fault it did
not have before; when that takes too long the gate starts again with the version before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gate.clock import Clock, SystemClock
from gate.config import from_hub
from gate.errors import ModelError
from gate.replica.models import MissingFile
from gate.store.key_value import KeyValueStore

WANTED = "hub.configuration"
EVERY = 1.0  # seconds between two looks
READY_WITHIN = 120.0  # seconds from the start until it has to serve as before
_ATTEMPTS = 2  # to get a file whose hash is right
SETTLED = 10.0  # seconds without a new fault after which it does


class Host(Protocol):
    """The gate whose configuration this is; called from a thread of the replica."""

    def faults(self) -> frozenset[str]: ...

    def restart(self, why: str) -> None:
        """Have the gate end and start again, at a moment when nobody is being served."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    digest: str
    values: Mapping[str, Any]


class Configurer:
    """``step`` belongs to one thread at a time; raises StoreError and ConfigurationError.

    Args:
        tried: what is wrong with values on this box, "" when they can be used.
        settled: seconds without a new fault after which a version counts.
        lacking: the model files that values need and this box does not have; raises ModelError.
    """

    def __init__(
        self,
        key_values: KeyValueStore,
        data: Path,
        host: Host,
        tried: Callable[[Mapping[str, Any]], str],
        clock: Clock | None = None,
        *,
        settled: float = SETTLED,
        lacking: Callable[[Mapping[str, Any]], tuple[MissingFile, ...]] = lambda values: (),
    ) -> None:
        self._key_values = key_values
        self._data = data
        self._host = host
        self._tried = tried
        self._clock = clock or SystemClock()
        self._settled = settled
        self._began = self._clock.monotonic()
        self._well: float | None = None  # since when there is no new fault
        self._ending = False
        self._lacking = lacking
        # of the version that is wanted; fetched by whoever follows the hub
        self._missing: tuple[MissingFile, ...] = ()
        self._damaged = 0  # files that were another one than they should be

    @property
    def missing(self) -> MissingFile | None:
        """The file to be fetched from the hub before the version that is wanted can be tried."""
        return self._missing[0] if self._missing else None

    def cannot(self, why: str) -> None:
        """A file of the version that is wanted cannot be had."""
        wish = wish_of(self._key_values)
        if self._missing and wish is not None:
            from_hub.refuse(self._data, wish.digest, why)
        self._missing = ()

    def damaged(self, why: str) -> None:
        """Another file came than the one that was asked for; it is asked for once more."""
        self._damaged += 1
        if self._damaged >= _ATTEMPTS:
            self._damaged = 0
            self.cannot(why)

    def step(self) -> None:
        if self._ending:  # the gate is on its way to the next start
            return
        state, wish = from_hub.state_of(self._data), wish_of(self._key_values)
        wanted = wish is not None and wish.digest not in (state.current, state.refused)
        if state.trial is not None or not wanted:
            self._missing = ()
        if state.trial is not None:
            self._watch(state, wish)
        elif wish is None or wish.digest == state.current:
            if state.refused not in (None, wish.digest if wish else None):
                from_hub.forgive(self._data)
        elif wish.digest != state.refused:
            self._take(wish)

    def status(self) -> dict[str, Any]:
        """For the beat: which version counts, and what became of the one that was wanted."""
        state = from_hub.state_of(self._data)
        answer: dict[str, Any] = {
            "digest": state.current,
            "state": "trial" if state.trial else "running",
        }
        if state.refused is not None:
            how = "returned" if state.returned else "refused"
            answer |= {"refused": state.refused, "how": how, "why": state.why}
        if lacking := self._missing:
            done, size = sum(each.there for each in lacking), sum(each.size for each in lacking)
            answer["fetching"] = {"done": done, "of": size}
        return answer

    def _take(self, wish: Wish) -> None:
        try:
            self._missing = self._lacking(wish.values)
        except ModelError as error:
            from_hub.refuse(self._data, wish.digest, error.what)
            return
        if self._missing:  # first its models, while the gate serves with what it has
            return
        why = self._tried(wish.values)
        if why:
            from_hub.refuse(self._data, wish.digest, why)
            return
        from_hub.begin(self._data, wish.values, self._host.faults())
        self._again("a configuration of the hub")

    def _watch(self, state: from_hub.State, wish: Wish | None) -> None:
        assert state.trial is not None
        now = self._clock.monotonic()
        new = self._host.faults() - set(state.trial.faults)
        self._well = None if new else (now if self._well is None else self._well)
        if wish is not None and wish.digest == state.previous != state.current:
            self._back("the hub withdrew it")
        elif self._well is not None and now - self._well >= self._settled:
            from_hub.confirm(self._data)
        elif now - self._began > READY_WITHIN:
            self._back(f"not ready within {READY_WITHIN:.0f} s: {', '.join(sorted(new))}")

    def _back(self, why: str) -> None:
        if from_hub.give_up(self._data, why):
            self._again("back to the configuration before")

    def _again(self, why: str) -> None:
        self._ending = True
        self._host.restart(why)


def wish_of(key_values: KeyValueStore) -> Wish | None:
    """What the hub wants, as it last said; None before it has."""
    kept = key_values.get(WANTED)
    return Wish(kept["digest"], kept["values"]) if kept else None


def keep_wish(key_values: KeyValueStore, values: Mapping[str, Any]) -> None:
    """The digest is made here: what is kept is what arrived."""
    key_values.set(WANTED, {"digest": from_hub.digest_of(values), "values": dict(values)})
