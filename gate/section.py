"""The base of every section of the configuration: unknown keys are errors, values are frozen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One ``[section]`` of config/gate.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
