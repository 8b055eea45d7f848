"""Gates by the names people know, such as 东门, beside the identifiers rules and permits hold."""

from __future__ import annotations

from collections.abc import Iterable

from gate.access.permit import writable
from gate.services.gate_status import labels
from gate.store.store import Store

_LONGEST = 40  # characters of a label, as the configuration has it


class GateNames:
    """The labels that gates report, read once, when the first is asked for."""

    def __init__(self, store: Store, gate: str = "", label: str = "") -> None:
        """``label``: of ``gate``, from the configuration of this machine; "" for none."""
        self._store = store
        self._own = {gate: label} if label else {}
        self._labels: dict[str, str] | None = None

    def label(self, gate: str) -> str:
        """What people call the gate; its identifier when it has no label. Raises StoreError.

        With its identifier where another gate says that it is called the same, or may be named so:
        whoever opens a gate must not take one for the other.
        """
        known = self._known()
        label = known.get(gate)
        if label is None or writable(label) or list(known.values()).count(label) > 1:
            return self.full(gate)
        return label

    def full(self, gate: str) -> str:
        """Label and identifier. Raises StoreError."""
        label = self._known().get(gate)
        return gate if label is None or label == gate else f"{label} ({gate})"

    def labelled(self, gates: Iterable[str]) -> list[str]:
        """What a permit says of its gates to whoever carries it. Raises StoreError."""
        return [self.label(gate) for gate in sorted(gates)]

    def _known(self) -> dict[str, str]:
        if self._labels is None:
            known = {name: _shown(text) for name, text in labels(self._store.key_values)}
            self._labels = {name: text for name, text in (known | self._own).items() if text}
        return self._labels


def _shown(label: str) -> str:
    """Without what cannot be seen or changes the direction of writing: a stolen box sends any."""
    return "".join(filter(str.isprintable, label)).strip()[:_LONGEST]


def for_permits(gates: Iterable[str]) -> tuple[list[str], list[str]]:
    """Gates a permit can name, and those it cannot."""
    known = list(gates)
    return [gate for gate in known if writable(gate)], [g for g in known if not writable(g)]
