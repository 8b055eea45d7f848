"""Models: which there are, where they come from, and whether the installed ones are whole."""

from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.models.table import MODELS, Model, ModelFile, model

__all__ = ["MODELS", "Model", "ModelFile", "ModelsSettings", "find", "model"]
