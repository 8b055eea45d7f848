"""The ``[models]`` section."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator

from gate.errors import ModelError
from gate.models.table import model
from gate.section import Section


class ModelsSettings(Section):
    """Where model files are kept and how they are fetched."""

    folder: Path = Field(
        Path("var/models"),
        description="installed files; the folder named by GATE_MODELS_DIR is searched too, and "
        "never written to",
    )
    provenance: Literal["any", "stated"] = Field(
        "any",
        description="stated: only models whose publisher states the data they were trained on are "
        "used",
    )
    install: tuple[str, ...] = Field(
        (),
        description="models that a box fetches from its hub before it uses a configuration of the "
        "hub; those that [recognition] names are fetched anyway",
    )
    # a folder for what the hub gives, and the models that may be taken from it
    _carried: tuple[Path, frozenset[str]] | None = PrivateAttr(None)

    @field_validator("install")
    @classmethod
    def _names_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            try:
                model(name)
            except ModelError as error:
                raise ValueError(f"{error.what}; {error.hint}") from None
        return names

    @property
    def carried(self) -> tuple[Path, frozenset[str]] | None:
        """Folder and names of the models that come from a hub; None on a box without one.

        What lies in the folder counts only for these names, so a configuration that is given up
        takes the models it brought out of use.
        """
        return self._carried

    def with_carried(self, folder: Path, names: Iterable[str]) -> ModelsSettings:
        """The same, with models of a hub."""
        copy = self.model_copy()
        copy._carried = folder, frozenset(names)
        return copy
