"""The base of every section of the configuration: unknown keys are errors, values are frozen."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One ``[section]`` of config/gate.toml.

    Attributes:
        advanced: those of its keys that are written in ``[advanced]``, as ``section.key``: nobody
            needs them to set up a gate, an expert may once. Not for sections of which there may be
            several.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    advanced: ClassVar[frozenset[str]] = frozenset()
