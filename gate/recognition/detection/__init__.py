"""Faces in an image: where they are and where their landmarks are.

Units:
    score: the detector's confidence, 0..1
"""
