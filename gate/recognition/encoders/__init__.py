"""From the picture of a face to the vector of a person: one protocol, several networks."""

from gate.recognition.encoders.build import build_encoder
from gate.recognition.encoders.encoder import Chips, Encoder, Likeness, encode_faces

__all__ = ["Chips", "Encoder", "Likeness", "build_encoder", "encode_faces"]
