"""From the picture of a face to the vector of a person: one protocol, several networks."""

from gate.recognition.encoders.build import build_encoder
from gate.recognition.encoders.encoder import (
    AlignedCrops,
    Encoder,
    SimilarityStatistics,
    encode_faces,
)

__all__ = ["AlignedCrops", "Encoder", "SimilarityStatistics", "build_encoder", "encode_faces"]
