"""Faces learnt from cards: which face was whose, and which of them are kept."""
