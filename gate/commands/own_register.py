"""Whether the register of this machine may be changed here, or a hub keeps it."""

from __future__ import annotations

from pathlib import Path

from gate.errors import ConfigurationError
from gate.store.key_value import JOINED
from gate.store.store import Store


def refuse_on_a_box(store: Store, data: Path) -> None:
    """Raises ConfigurationError on a box of a hub: the hub's next word would undo any change."""
    if store.key_values.get(JOINED):
        raise ConfigurationError(
            "this box belongs to a hub, which keeps its register",
            where=str(data),
            hint="change it at the desk of the hub; to be alone again: `gate leave`",
        )
