"""The photographs a study is made on and their vectors, chosen on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import Data, data_in
from gate.models.settings import ModelsSettings
from gate.recognition.encoders import Encoder, build_encoder
from gate.recognition.face import Vector
from gate.recognition.settings import RecognitionSettings
from research.scoring_variants import vectors_of


@dataclass(frozen=True, slots=True, eq=False)
class Photographs:
    """Of each photograph of ``data.merged`` its vector, float32 (n, d), and whether a face was
    found, bool (n,); ``encoder`` made the vectors."""

    data: Data
    vectors: Vector
    found: NDArray[np.bool_]
    encoder: Encoder


def add_options(parser: argparse.ArgumentParser) -> None:
    """What ``chosen`` needs."""
    parser.add_argument("--encoder", default="retail-0095+faceplugin")
    parser.add_argument("--most", type=int, help="photographs of a person that are used")
    parser.add_argument("--names", type=int, help="of LFW only so many, whose names come first")
    parser.add_argument("--cache", type=Path, default=Path("var/evaluation"))


def chosen(options: argparse.Namespace) -> Photographs:
    """The photographs of LFW, and of the group beside it, that the options name."""
    data = data_in(measuring_data("lfw"), most=options.most)
    if options.names is not None:
        data = data.of_one_group(options.names)
    vectors, found, _ = vectors_of(data, options.encoder, options.cache)
    settings = RecognitionSettings.model_validate({"encoder": options.encoder})
    return Photographs(data, vectors, found, build_encoder(settings, ModelsSettings()))
